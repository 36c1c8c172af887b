<?php

// The runner of the conformance suite: takes every scenario of tests/conformance through the package's classes.
// What the steps mean is written in tests/conformance/README.md.

declare(strict_types=1);

use Ministore\Cursor;
use Ministore\Journal;
use Ministore\OnBadLine;
use Ministore\Readiness;
use Ministore\Sync;
use Ministore\TornTail;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/support.php';

/** What did not come out as expected. */
final class Unexpected extends LogicException
{
}

/** What reading came to: the records handed out, the failures passed, and the one that ended it. */
final class Reading
{
    public array $records = [];
    public array $sequences = [];
    public array $passed = [];
    public ?Throwable $failure = null;
}

/** One scenario: its folder and handles, and a method do_STEP for each step. */
final class Scenario
{
    private const OPEN = [
        'max_bytes_per_segment', 'max_segments', 'max_record_bytes', 'preallocate_bytes', 'sync', 'torn_tail', 'mode',
    ];
    private const READ = ['path', 'from', 'on_bad_line', 'max_record_bytes', 'records', 'sequences', 'error', 'errors', 'torn_bytes'];
    private const BYTES = ['text', 'hex', 'parts', 'repeat'];

    /** The fields of each step. */
    private const STEPS = [
        'open' => ['path', 'as', 'error', 'torn_bytes', ...self::OPEN],
        'append' => ['on', 'record', 'sequence', 'error'],
        'append_batch' => ['on', 'records', 'sequence', 'error'],
        'sync' => ['on', 'error'],
        'rotate' => ['on', 'error'],
        'prune' => ['on', 'before', 'removed', 'error'],
        'stat' => ['on', 'error', ...Ministore\INFO],
        'close' => ['on', 'error'],
        'abandon' => [],
        'replay' => self::READ,
        'stream' => self::READ,
        'follow' => ['path', 'as', 'from', 'at_end', 'on_bad_line', 'max_record_bytes', 'error'],
        'next' => ['on', 'records', 'sequences', 'error', 'errors'],
        'wait' => ['on', 'timeout_ms', 'result', 'error'],
        'interrupt' => ['on'],
        'verify' => ['path', 'max_record_bytes', 'error', ...Ministore\VERIFIED],
        'repair' => ['path', 'dry_run', 'max_record_bytes', 'error', ...Ministore\REPAIRED],
        'json' => ['record', 'error'],
        'put' => ['file', 'at', ...self::BYTES],
        'cut' => ['file', 'bytes'],
        'mkdir' => ['file'],
        'link' => ['file', 'target'],
        'symlink' => ['file', 'target'],
        'fifo' => ['file'],
        'chmod' => ['file', 'mode'],
        'rename' => ['file', 'to'],
        'remove' => ['file'],
    ];

    private string $folder;
    private array $handles = [];

    public function __construct()
    {
        $this->folder = new_folder();
    }

    public function run(array $steps): void
    {
        try {
            foreach ($steps as $i => $step) {
                try {
                    $this->step($step);
                } catch (Throwable $failure) {
                    throw new Unexpected(sprintf('step %d (%s): %s', $i + 1, $step['do'], $failure->getMessage()), 0, $failure);
                }
            }
        } finally {
            $this->closeAll();
            remove_folder($this->folder);
        }
    }

    private function step(array $step): void
    {
        if ($step['do'] === 'files') {
            unset($step['do']);
            $this->expectFiles($step);
            return;
        }
        $fields = self::STEPS[$step['do']] ?? throw new Unexpected('unknown step');
        $this->known($step, ['do', ...$fields], 'the step');
        $this->{'do_' . $step['do']}($step);
    }

    // ---- values ----

    private function known(array $given, array $fields, string $what): void
    {
        if ($unknown = array_diff(array_keys($given), $fields)) {
            throw new Unexpected("unknown field of $what: " . implode(', ', $unknown));
        }
    }

    private function bytes(array $value): string
    {
        $this->known($value, self::BYTES, 'bytes');
        $bytes = match (true) {
            isset($value['text']) => $value['text'],
            isset($value['hex']) => hex2bin($value['hex']),
            default => implode('', array_map($this->bytes(...), $value['parts'])),
        };
        return str_repeat($bytes, (int) ($value['repeat'] ?? 1));
    }

    private function record(string|array $value): string
    {
        return is_string($value) ? $value : $this->bytes($value);
    }

    private function below(string $name): string
    {
        return "{$this->folder}/$name";
    }

    private function handle(array $step, string $default): Journal|Cursor
    {
        return $this->handles[$step['on'] ?? $default];
    }

    /** Options of the package by the names of the suite. */
    private function options(array $step, array $names): array
    {
        $options = ['raw' => true];
        foreach (array_intersect_key($step, array_flip($names)) as $name => $value) {
            [$name, $value] = match ($name) {
                'max_bytes_per_segment' => ['maxBytesPerSegment', $value],
                'max_segments' => ['maxSegments', (int) $value],
                'max_record_bytes' => ['maxRecordBytes', (int) $value],
                'preallocate_bytes' => ['preallocateBytes', $value],
                'mode' => ['mode', octdec($value)],
                'sync' => ['sync', ['manual' => Sync::Manual][$value]],
                'torn_tail' => ['tornTail', ['refuse' => TornTail::Refuse][$value]],
                'on_bad_line' => ['onBadLine', ['skip' => OnBadLine::Skip][$value]],
                'at_end' => ['atEnd', $value],
                'from' => ['from', $value],
            };
            $options[$name] = $value;
        }
        return $options;
    }

    // ---- expectations ----

    private function expect(mixed $got, mixed $expected, string $what): void
    {
        if ($got !== $expected) {
            throw new Unexpected("$what: expected " . var_export($expected, true) . ', got ' . var_export($got, true));
        }
    }

    private function expectError(?Throwable $failure, array $expected): void
    {
        if (!$failure instanceof Ministore\Exception) {
            throw $failure ?? new Unexpected("expected {$expected['code']}, but it succeeded");
        }
        $this->known($expected, ['code', 'segment', 'line', 'offset', 'sequence'], 'an error');
        $got = [
            'code' => $failure->status,
            'segment' => $failure->segment,
            'line' => (string) $failure->recordLine,
            'offset' => (string) $failure->offset,
            'sequence' => (string) $failure->sequence,
        ];
        foreach ($expected as $name => $value) {
            $this->expect($got[$name], $value, "$name of the error ({$failure->getMessage()})");
        }
    }

    /** The outcome of a call: its result; null if the step expects that it fails, and it did. */
    private function outcome(array $step, callable $call): mixed
    {
        try {
            $result = $call();
        } catch (Ministore\Exception $failure) {
            if (!isset($step['error'])) {
                throw $failure;
            }
            $this->expectError($failure, $step['error']);
            return null;
        }
        return isset($step['error']) ? $this->expectError(null, $step['error']) : $result;
    }

    private function expectFields(array $step, ?array $info, array $names): void
    {
        foreach ($info === null ? [] : array_intersect($names, array_keys($step)) as $name) {
            $this->expect((string) $info[$name], $step[$name], $name);
        }
    }

    // ---- the steps on a writer ----

    private function do_open(array $step): void
    {
        $options = $this->options($step, self::OPEN);
        $journal = $this->outcome($step, fn () => new Journal($this->below($step['path']), ...$options));
        if ($journal !== null) {
            $this->handles[$step['as'] ?? 'j'] = $journal;
            $this->expectFields($step, $journal->stat(), ['torn_bytes']);
        }
    }

    private function do_append(array $step): void
    {
        $sequence = $this->outcome($step, fn () => $this->handle($step, 'j')->append($this->record($step['record'])));
        $this->expectFields($step, ['sequence' => $sequence], ['sequence']);
    }

    private function do_append_batch(array $step): void
    {
        $records = array_map($this->record(...), $step['records']);
        $sequence = $this->outcome($step, fn () => $this->handle($step, 'j')->appendMany($records));
        $this->expectFields($step, ['sequence' => $sequence], ['sequence']);
    }

    private function do_sync(array $step): void
    {
        $this->outcome($step, fn () => $this->handle($step, 'j')->sync());
    }

    private function do_rotate(array $step): void
    {
        $this->outcome($step, fn () => $this->handle($step, 'j')->rotate());
    }

    private function do_prune(array $step): void
    {
        $removed = $this->outcome($step, fn () => $this->handle($step, 'j')->prune($step['before']));
        $this->expectFields($step, ['removed' => $removed], ['removed']);
    }

    private function do_stat(array $step): void
    {
        $info = $this->outcome($step, fn () => $this->handle($step, 'j')->stat());
        $this->expectFields($step, $info, Ministore\INFO);
    }

    private function do_close(array $step): void
    {
        $this->outcome($step, fn () => $this->handle($step, 'j')->close());
        unset($this->handles[$step['on'] ?? 'j']);
    }

    private function do_abandon(array $step): void
    {
        $copy = new_folder();
        exec("cp -a --no-preserve=links {$this->folder}/. $copy");
        $this->closeAll();
        remove_folder($this->folder);
        $this->folder = $copy;
    }

    private function closeAll(): void
    {
        foreach ($this->handles as $handle) {
            $handle->close();
        }
        $this->handles = [];
    }

    // ---- the steps that read ----

    private function do_replay(array $step): void
    {
        $this->readStep($step, 'Ministore\replay');
    }

    private function do_stream(array $step): void
    {
        $this->readStep($step, 'Ministore\stream');
    }

    private function readStep(array $step, callable $open): void
    {
        $options = $this->options($step, ['from', 'on_bad_line', 'max_record_bytes']);
        try {
            $cursor = $open($this->below($step['path']), ...$options);
        } catch (Ministore\Exception $failure) {
            $reading = new Reading();
            $reading->failure = $failure;
            $this->expectRead($step, $reading);
            return;
        }
        $this->expectRead($step, isset($step['errors']) ? $this->readAll($step, $cursor) : $this->iterate($cursor));
        if (isset($step['torn_bytes'])) {
            $this->expectFields($step, $cursor->stat(), ['torn_bytes']);
        }
    }

    /** Read to the end, past what may be passed. */
    private function readAll(array $step, Cursor $cursor): Reading
    {
        $reading = new Reading();
        while (true) {
            try {
                $record = $cursor->next();
            } catch (Ministore\Exception $failure) {
                if (count($reading->passed) === count($step['errors'] ?? [])) {
                    $reading->failure = $failure;
                    return $reading;
                }
                $reading->passed[] = $failure;
                continue;
            }
            if ($record === null) {
                return $reading;
            }
            $reading->records[] = $record->value;
            $reading->sequences[] = (string) $record->sequence;
        }
    }

    /** The same by the loop that a program would use. */
    private function iterate(Cursor $cursor): Reading
    {
        $reading = new Reading();
        try {
            foreach ($cursor as $sequence => $record) {
                $reading->records[] = $record;
                $reading->sequences[] = (string) $sequence;
            }
        } catch (Ministore\Exception $failure) {
            $reading->failure = $failure;
        }
        return $reading;
    }

    private function expectRead(array $step, Reading $reading): void
    {
        if (isset($step['error'])) {
            $this->expectError($reading->failure, $step['error']);
        } elseif ($reading->failure !== null) {
            throw $reading->failure;
        }
        $this->expect($reading->records, array_map($this->record(...), $step['records'] ?? []), 'records');
        $this->expect($reading->sequences, $step['sequences'] ?? $reading->sequences, 'sequences');
        foreach ($step['errors'] ?? [] as $i => $expected) {
            $this->expectError($reading->passed[$i] ?? null, $expected);
        }
    }

    private function do_follow(array $step): void
    {
        $options = $this->options($step, ['from', 'at_end', 'on_bad_line', 'max_record_bytes']);
        $cursor = $this->outcome($step, fn () => new Cursor($this->below($step['path']), ...$options, durable: true));
        if ($cursor !== null) {
            $this->handles[$step['as'] ?? 'c'] = $cursor;
        }
    }

    private function do_next(array $step): void
    {
        $this->expectRead($step, $this->readAll($step, $this->handle($step, 'c')));
    }

    private function do_wait(array $step): void
    {
        $readiness = $this->outcome($step, fn () => $this->handle($step, 'c')->wait((int) $step['timeout_ms']));
        if ($readiness !== null && isset($step['result'])) {
            $this->expect(strtolower($readiness->name), $step['result'], 'result');
        }
    }

    private function do_interrupt(array $step): void
    {
        $this->handle($step, 'c')->interrupt();
    }

    // ---- the steps of care ----

    private function do_verify(array $step): void
    {
        $info = $this->outcome($step, function () use ($step, &$verified) {
            try {
                return Ministore\verify($this->below($step['path']), (int) ($step['max_record_bytes'] ?? Ministore\MAX_RECORD_BYTES));
            } catch (Ministore\Exception $failure) {
                $verified = $failure->verified;
                throw $failure;
            }
        });
        $this->expectFields($step, $info ?? $verified, Ministore\VERIFIED);
    }

    private function do_repair(array $step): void
    {
        $limit = (int) ($step['max_record_bytes'] ?? Ministore\MAX_RECORD_BYTES);
        $path = $this->below($step['path']);
        $info = $this->outcome($step, fn () => Ministore\repair($path, $step['dry_run'] ?? false, $limit));
        $this->expectFields($step, $info, Ministore\REPAIRED);
    }

    private function do_json(array $step): void
    {
        $this->outcome($step, fn () => Ministore\validate($this->record($step['record'])));
    }

    // ---- the steps on files ----

    private function do_put(array $step): void
    {
        $path = $this->below($step['file']);
        $bytes = $this->bytes(array_intersect_key($step, array_flip(self::BYTES)));
        if (!isset($step['at'])) {
            $isNew = !file_exists($path);
            file_put_contents($path, $bytes);
            if ($isNew) {
                chmod($path, 0600);
            }
            return;
        }
        $file = fopen($path, 'r+b');
        $step['at'] === 'end' ? fseek($file, 0, SEEK_END) : fseek($file, (int) $step['at']);
        fwrite($file, $bytes);
        fclose($file);
    }

    private function do_cut(array $step): void
    {
        $file = fopen($this->below($step['file']), 'r+b');
        ftruncate($file, (int) $step['bytes']);
        fclose($file);
    }

    private function do_mkdir(array $step): void
    {
        mkdir($this->below($step['file']));
    }

    private function do_link(array $step): void
    {
        link($this->below($step['target']), $this->below($step['file']));
    }

    private function do_symlink(array $step): void
    {
        symlink($step['target'], $this->below($step['file']));
    }

    private function do_fifo(array $step): void
    {
        posix_mkfifo($this->below($step['file']), 0600);
    }

    private function do_chmod(array $step): void
    {
        chmod($this->below($step['file']), octdec($step['mode']));
    }

    private function do_rename(array $step): void
    {
        rename($this->below($step['file']), $this->below($step['to']));
    }

    private function do_remove(array $step): void
    {
        $path = $this->below($step['file']);
        is_dir($path) && !is_link($path) ? rmdir($path) : unlink($path);
    }

    private function names(string $prefix = ''): array
    {
        $names = [];
        foreach (array_diff(scandir($this->below($prefix)), ['.', '..']) as $name) {
            $path = $this->below($prefix . $name);
            $isFolder = is_dir($path) && !is_link($path);
            array_push($names, ...($isFolder ? $this->names("$prefix$name/") : [$prefix . $name]));
        }
        sort($names, SORT_STRING);
        return $names;
    }

    private function expectFiles(array $expected): void
    {
        $names = array_map('strval', array_keys($expected));
        sort($names, SORT_STRING);
        $this->expect($this->names(), $names, 'names of files');
        clearstatcache();
        foreach ($expected as $name => $file) {
            $this->known($file, [...self::BYTES, 'bytes', 'mode', 'target'], 'a file');
            $path = $this->below((string) $name);
            $bytes = array_intersect_key($file, array_flip(self::BYTES));
            if ($bytes !== []) {
                $this->expect(file_get_contents($path), $this->bytes($bytes), (string) $name);
            }
            $this->expect((string) lstat($path)['size'], $file['bytes'] ?? (string) lstat($path)['size'], "$name: bytes");
            $mode = sprintf('%04o', lstat($path)['mode'] & 07777);
            $this->expect($mode, $file['mode'] ?? $mode, "$name: mode");
            if (isset($file['target'])) {
                $this->expect(readlink($path), $file['target'], "$name: target");
            }
        }
    }
}

final class ConformanceTest extends TestCase
{
    private const SUITE = __DIR__ . '/../../../tests/conformance';

    private static int $ran = 0;

    /** @return array<string, array{array}> the steps of each scenario, by file and name */
    public static function scenarios(): array
    {
        $all = [];
        foreach (glob(self::SUITE . '/*.json') as $file) {
            if (basename($file) === 'schema.json') {
                continue;
            }
            foreach (json_decode(file_get_contents($file), true, flags: JSON_THROW_ON_ERROR) as $scenario) {
                $all[basename($file) . ': ' . $scenario['name']] = [$scenario['steps']];
            }
        }
        return $all;
    }

    /** @dataProvider scenarios */
    public function testScenario(array $steps): void
    {
        self::$ran++;
        (new Scenario())->run($steps);
        $this->addToAssertionCount(1);
    }

    /** @depends testScenario */
    public function testEveryScenarioOfTheFilesWasRun(): void
    {
        $count = 0;
        foreach (glob(self::SUITE . '/*.json') as $file) {
            $count += basename($file) === 'schema.json' ? 0 : preg_match_all('/"steps"\s*:/', file_get_contents($file));
        }
        fprintf(STDERR, "\nconformance: %d scenarios of %d\n", self::$ran, $count);
        $this->assertGreaterThan(0, $count);
        $this->assertSame($count, self::$ran);
    }
}
