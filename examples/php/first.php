<?php

// The first five lines: `php -d extension=ministore first.php FOLDER`.

declare(strict_types=1);

require getenv('MINISTORE_PHP') ?: '/usr/local/share/php/ministore/ministore.php';

$journal = new Ministore\Journal("$argv[1]/events.jsonl");
$sequence = $journal->append(['type' => 'greeting', 'text' => 'hello']);
$journal->close();
foreach (Ministore\replay("$argv[1]/events.jsonl") as $number => $event) {
    echo "$number $event->text\n";
}

echo "appended as number $sequence\n";
