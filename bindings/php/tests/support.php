<?php

// What the tests share: a fresh folder for each.

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/../src/ministore.php';

function new_folder(): string
{
    $folder = sys_get_temp_dir() . '/ministore-' . bin2hex(random_bytes(6));
    mkdir($folder);
    return $folder;
}

function remove_folder(string $folder): void
{
    exec('rm -rf ' . escapeshellarg($folder));
}

/** A test whose journal is at $this->path, in a folder of its own. */
abstract class JournalTestCase extends TestCase
{
    protected string $folder;
    protected string $path;

    protected function setUp(): void
    {
        $this->folder = new_folder();
        $this->path = $this->folder . '/j';
    }

    protected function tearDown(): void
    {
        remove_folder($this->folder);
    }
}
