<?php

// ministore: an append-only journal of JSON records in plain text files. The functions of the package, and all of its
// classes; docs/php.md describes them.

declare(strict_types=1);

namespace Ministore;

if (!extension_loaded('ministore')) {
    throw new \RuntimeException('The PHP extension ministore is not loaded: add extension=ministore to php.ini');
}

require_once __DIR__ . '/exceptions.php';
require_once __DIR__ . '/Codec.php';
require_once __DIR__ . '/choices.php';
require_once __DIR__ . '/support.php';
require_once __DIR__ . '/Journal.php';
require_once __DIR__ . '/Record.php';
require_once __DIR__ . '/Cursor.php';

const MAX_RECORD_BYTES = 64 << 20;

/**
 * All records of a journal, oldest first: foreach (replay($path) as $sequence => $record).
 *
 * @param mixed ...$options named as those of Cursor's constructor
 */
function replay(string $path, mixed ...$options): Cursor
{
    return new Cursor($path, ...$options);
}

/** The records of one segment file. */
function stream(string $path, mixed ...$options): Cursor
{
    return new Cursor($path, ...$options, stream: true);
}

/**
 * All records, then what is appended; ends when nothing came for $timeoutMs milliseconds (null: waits for ever).
 * What is handed out is durable, unless told otherwise.
 *
 * @return \Generator<int, mixed>
 */
function follow(string $path, ?int $timeoutMs = null, bool $durable = true, mixed ...$options): \Generator
{
    $cursor = new Cursor($path, ...$options, durable: $durable);
    return (function () use ($cursor, $timeoutMs) {
        do {
            yield from $cursor;
        } while (await($cursor, $timeoutMs) === Readiness::Ready);
    })();
}

/**
 * Check every header, line, number and digest. The exception of a bad journal has the same as `verified`.
 *
 * @return array<string, int> segments, records, bytes, problems, torn_bytes, uncovered, first_sequence, next_sequence
 */
function verify(string $path, int $maxRecordBytes = MAX_RECORD_BYTES): array
{
    $info = new \MinistoreNativeVerifyInfo();
    try {
        \ministore_native_verify(path($path), $maxRecordBytes, $info);
    } catch (Exception $exception) {
        $exception->verified = fields($info, VERIFIED);
        throw $exception;
    }
    return fields($info, VERIFIED);
}

/**
 * Cut the active segment from its first bad commit on, saving the bytes beside it; $dryRun only tells.
 *
 * @return array<string, int> cut_bytes, cut_offset, cut_lines, cut_records, archived_bad_lines, next_sequence
 */
function repair(string $path, bool $dryRun = false, int $maxRecordBytes = MAX_RECORD_BYTES): array
{
    $info = new \MinistoreNativeRepairInfo();
    \ministore_native_repair(path($path), $dryRun, $maxRecordBytes, $info);
    return fields($info, REPAIRED);
}

/** Whether append would take a text; the exception says why not. */
function validate(string $json): void
{
    \ministore_native_validate($json);
}

function version(): string
{
    return \ministore_native_version();
}
