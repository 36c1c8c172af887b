<?php

// What Journal, Cursor and the functions share: paths in, infos out.

declare(strict_types=1);

namespace Ministore;

const INFO = ['segments', 'first_sequence', 'next_sequence', 'durable_sequence', 'bytes', 'torn_bytes', 'torn_offset'];
const CURSOR_INFO = ['segments', 'first_sequence', 'next_sequence', 'bytes', 'torn_bytes', 'torn_offset'];
const VERIFIED = [
    'segments', 'records', 'bytes', 'problems', 'torn_bytes', 'uncovered', 'first_sequence', 'next_sequence',
];
const REPAIRED = ['cut_bytes', 'cut_offset', 'cut_lines', 'cut_records', 'archived_bad_lines', 'next_sequence'];

/**
 * By SWIG's methods, not by its properties: reading or writing one of these loses the memory of a method's name.
 *
 * @internal
 * @param list<string> $names
 * @return array<string, int>
 */
function fields(object $info, array $names): array
{
    $result = [];
    foreach ($names as $name) {
        $result[$name] = $info->{$name . '_get'}();
    }
    return $result;
}

/**
 * A path for C, where a NUL would end it early.
 *
 * @internal
 */
function path(string $path): string
{
    if (str_contains($path, "\0")) {
        throw new \ValueError('The path must not contain any null bytes');
    }
    return $path;
}

/**
 * Numbers are unsigned in C: a negative one would come out as a very large one.
 *
 * @internal
 */
function unsigned(string $name, int|string $number): int|string
{
    if (is_int($number) ? $number < 0 : !ctype_digit($number)) {
        throw new \ValueError("$name must be a number of 0 or more");
    }
    return $number;
}

/**
 * A signal ends a wait early: PHP runs its handlers, and the wait goes on for the rest of the time.
 *
 * @internal
 */
function await(Cursor $cursor, ?int $timeoutMs): Readiness
{
    $now = fn (): int => intdiv(hrtime(true), 1_000_000);
    $end = $timeoutMs === null ? null : $now() + $timeoutMs;
    while (($readiness = $cursor->wait($timeoutMs)) === Readiness::Interrupted) {
        $timeoutMs = $end === null ? null : max(0, $end - $now());
    }
    return $readiness;
}
