<?php

// Record: what Cursor::next hands out.

declare(strict_types=1);

namespace Ministore;

final class Record
{
    public function __construct(
        public readonly mixed $value,
        public readonly int $sequence,
        public readonly string $segment,
        public readonly int $line,
    ) {
    }
}
