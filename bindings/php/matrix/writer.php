<?php

// The PHP side of the matrix of languages. `writer.php append JOURNAL SEGMENT_BYTES` appends the lines of stdin as
// records, two thirds one by one and the rest as one commit; `writer.php replay JOURNAL` prints all records.

declare(strict_types=1);

require __DIR__ . '/../src/ministore.php';

function append(string $path, string $segmentBytes): void
{
    $records = file('php://stdin', FILE_IGNORE_NEW_LINES);
    $singles = intdiv(count($records) * 2, 3);
    $journal = new Ministore\Journal($path, maxBytesPerSegment: $segmentBytes, raw: true);
    foreach (array_slice($records, 0, $singles) as $record) {
        $journal->append($record);
    }
    $journal->appendMany(array_slice($records, $singles));
    $journal->close();
}

function replay(string $path): void
{
    foreach (Ministore\replay($path, raw: true) as $record) {
        echo $record, "\n";
    }
}

['append' => append(...), 'replay' => replay(...)][$argv[1]](...array_slice($argv, 2));
