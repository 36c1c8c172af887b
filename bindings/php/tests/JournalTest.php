<?php

// What the suite does not ask of PHP: values, handles in any order of their lives, loops left early, signals, memory.

declare(strict_types=1);

use Ministore\Codec;
use Ministore\Cursor;
use Ministore\Journal;
use Ministore\JsonCodec;
use Ministore\OnBadLine;
use Ministore\Readiness;
use Ministore\Sync;

use function Ministore\follow;
use function Ministore\replay;
use function Ministore\stream;
use function Ministore\verify;

require_once __DIR__ . '/support.php';

final class JournalTest extends JournalTestCase
{
    /** @return list<mixed> */
    private function records(mixed ...$options): array
    {
        return iterator_to_array(replay($this->path, ...$options), false);
    }

    // ---- values ----

    public function testValuesComeBackAsTheyWere(): void
    {
        $values = [
            null, true, false, 0, PHP_INT_MAX, PHP_INT_MIN, 9007199254740993, 1.0, 0.1, 1e300, -0.0, 5e-324, '', 'Zoë 😀 "\\ /',
            [], new stdClass(), [[], new stdClass(), null], (object) ['a' => (object) [], 'b' => []],
        ];
        $journal = new Journal($this->path);
        $this->assertSame(count($values), $journal->appendMany($values));
        $journal->close();
        $this->assertSame(var_export($values, true), var_export($this->records(), true));
    }

    public function testIntegersBeyond64BitsAreStringsOfTheirDigits(): void
    {
        (new Journal($this->path, raw: true))->append('[18446744073709551615,-9223372036854775809]');
        $this->assertSame([['18446744073709551615', '-9223372036854775809']], $this->records());
    }

    public function testObjectsMayBeArrays(): void
    {
        (new Journal($this->path))->append(['a' => ['b' => 1]]);
        $this->assertSame([['a' => ['b' => 1]]], $this->records(codec: new JsonCodec(associative: true)));
    }

    public function testRawKeepsEveryByte(): void
    {
        (new Journal($this->path, raw: true))->append('{"n" : 1.50}');
        $this->assertSame(['{"n" : 1.50}'], $this->records(raw: true));
    }

    public function testAValueThatIsNoJsonIsRefusedWithItsNumber(): void
    {
        $journal = new Journal($this->path);
        try {
            $journal->appendMany([1, NAN]);
            $this->fail('NaN was taken');
        } catch (Ministore\DecodeException $failure) {
            $this->assertSame(['DECODE', 2], [$failure->status, $failure->recordLine]);
            $this->assertInstanceOf(JsonException::class, $failure->getPrevious());
        }
        $this->assertSame(1, $journal->stat()['next_sequence']);
    }

    public function testARecordThatACodecRefusesIsToldWithItsPlace(): void
    {
        (new Journal($this->path))->appendMany([1, 'two', 3]);
        $codec = new class implements Codec {
            public function encode(mixed $record): string
            {
                return json_encode($record);
            }

            public function decode(string $json): int
            {
                return is_numeric($json) ? (int) $json : throw new DomainException('no number');
            }
        };
        $cursor = new Cursor($this->path, codec: $codec);
        $this->assertSame(1, $cursor->next()->value);
        try {
            $cursor->next();
            $this->fail('"two" is a number');
        } catch (Ministore\DecodeException $failure) {
            $place = [$failure->segment, $failure->recordLine, $failure->sequence, $failure->offset];
            $this->assertSame(['j', 3, 2, strpos(file_get_contents($this->path), '"two"')], $place);
            $this->assertInstanceOf(DomainException::class, $failure->getPrevious());
        }
        $this->assertSame(3, $cursor->next()->value, 'it goes on behind it');
    }

    public function testALineFeedInARecordOfABatchMakesNoTwoRecordsOfIt(): void
    {
        $journal = new Journal($this->path, raw: true);
        try {
            $journal->appendMany(['1', "2\n3", '4']);
            $this->fail('a line feed was taken');
        } catch (Ministore\InvalidJsonException $failure) {
            $this->assertSame(['INVALID_JSON', 2, 1], [$failure->status, $failure->recordLine, $failure->offset]);
        }
        $this->assertSame(1, $journal->stat()['next_sequence']);
    }

    // ---- handles ----

    public function testClosingTwiceIsFineAndUseAfterCloseThrows(): void
    {
        $journal = new Journal($this->path);
        $cursor = new Cursor($this->path);
        foreach ([1, 2] as $_) {
            $journal->close();
            $cursor->close();
        }
        $calls = [
            fn () => $journal->append(1), fn () => $journal->appendMany([1]), fn () => $journal->sync(),
            fn () => $journal->rotate(), fn () => $journal->prune(1), fn () => $journal->stat(),
            fn () => $cursor->next(), fn () => $cursor->wait(0), fn () => $cursor->stat(),
            fn () => iterator_to_array($cursor),
        ];
        foreach ($calls as $i => $call) {
            try {
                $call();
                $this->fail("call $i went through");
            } catch (Ministore\ClosedException $failure) {
                $this->assertSame('CLOSED', $failure->status);
            }
        }
        $cursor->interrupt();
    }

    public function testAnIteratorOutlivesItsJournalAndItsCursor(): void
    {
        $journal = new Journal($this->path);
        $journal->appendMany([1, 2]);
        $iterator = replay($this->path)->getIterator();
        $this->assertSame(1, $iterator->current());
        unset($journal);
        gc_collect_cycles();
        $iterator->next();
        $this->assertSame(2, $iterator->current());
    }

    public function testAJournalThatIsForgottenGivesItsLockBack(): void
    {
        $journal = new Journal($this->path, sync: Sync::Manual);
        $journal->append(1);
        unset($journal);
        gc_collect_cycles();
        $this->assertSame(1, (new Journal($this->path))->stat()['durable_sequence']);
    }

    public function testHandlesInCyclesAreCollected(): void
    {
        for ($i = 0; $i < 300; $i++) {
            $pair = new stdClass();
            $pair->pair = $pair;
            $pair->journal = new Journal("{$this->folder}/j$i");
            $pair->iterator = replay("{$this->folder}/j$i")->getIterator();
            $pair->iterator->valid();
            unset($pair);
        }
        gc_collect_cycles();
        $this->assertLessThan(50, count(scandir('/proc/self/fd')));
    }

    public function testAnExceptionInTheLoopLeavesItAndNothingOpen(): void
    {
        (new Journal($this->path))->appendMany([1, 2, 3]);
        $open = count(scandir('/proc/self/fd'));
        for ($i = 0; $i < 100; $i++) {
            try {
                foreach (replay($this->path) as $record) {
                    throw new DomainException('enough');
                }
            } catch (DomainException) {
            }
        }
        $this->assertSame($open, count(scandir('/proc/self/fd')));
    }

    public function testNativeHandlesThatHoldNothingAreNoCrash(): void
    {
        $native = (new ReflectionClass(MinistoreNativeJournal::class))->newInstanceWithoutConstructor();
        $this->expectException(Ministore\ClosedException::class);
        $native->append('1');
    }

    public function testAChildThatInheritedAJournalIsTold(): void
    {
        $journal = new Journal($this->path);
        $child = pcntl_fork();
        if ($child === 0) {
            try {
                $journal->append(1);
            } catch (Ministore\ForkedException) {
                posix_kill(posix_getpid(), SIGKILL); // as nothing of PHPUnit is to run here
            }
            posix_kill(posix_getpid(), SIGTERM);
        }
        pcntl_waitpid($child, $status);
        $this->assertSame(SIGKILL, pcntl_wtermsig($status));
        $this->assertSame(1, $journal->append(1));
    }

    // ---- options and loops ----

    public function testNonsenseIsRefused(): void
    {
        $calls = [
            fn () => new Journal("{$this->path}\0x"), fn () => new Journal($this->path, maxSegments: -1),
            fn () => new Cursor($this->path, from: '1x'),
        ];
        foreach ($calls as $call) {
            try {
                $call();
                $this->fail('nonsense was taken');
            } catch (ValueError) {
                $this->addToAssertionCount(1);
            }
        }
        $this->expectException(Error::class);
        replay($this->path, unknown: 1);
    }

    public function testFollowGoesOnAcrossRotationAndEndsAtItsTimeout(): void
    {
        $journal = new Journal($this->path);
        $journal->append(1);
        $seen = [];
        foreach (follow($this->path, timeoutMs: 50) as $sequence => $record) {
            $seen[$sequence] = $record;
            if ($sequence < 4) {
                $journal->rotate();
                $journal->append($sequence + 1);
            }
        }
        $this->assertSame([1 => 1, 2 => 2, 3 => 3, 4 => 4], $seen);
        $this->assertSame([2 => 2], iterator_to_array(stream("{$this->path}.002")));
    }

    public function testASignalEndsAWait(): void
    {
        new Journal($this->path);
        $cursor = new Cursor($this->path);
        pcntl_async_signals(true);
        pcntl_signal(SIGALRM, fn () => $cursor->interrupt());
        pcntl_alarm(1);
        $this->assertSame(Readiness::Interrupted, $cursor->wait());
    }

    public function testASignalsHandlerMayLeaveALoopThatWaitsForEver(): void
    {
        (new Journal($this->path))->append(1);
        pcntl_async_signals(true);
        pcntl_signal(SIGALRM, fn () => throw new DomainException('alarm'));
        pcntl_alarm(1);
        $this->expectException(DomainException::class);
        foreach (follow($this->path) as $record) {
            $this->assertSame(1, $record);
        }
    }

    public function testSignalsThatKeepComingDoNotKeepALoopWaiting(): void
    {
        new Journal($this->path);
        pcntl_signal(SIGUSR1, fn () => null);
        $parent = posix_getpid();
        $child = pcntl_fork();
        if ($child === 0) {
            while (posix_kill($parent, SIGUSR1)) {
                usleep(20_000);
            }
            posix_kill(posix_getpid(), SIGKILL);
        }
        $this->assertSame([], iterator_to_array(follow($this->path, timeoutMs: 200)));
        posix_kill($child, SIGKILL);
        pcntl_waitpid($child, $status);
    }

    public function testStatTellsWhatComesNextHereNotWhatWasReadAhead(): void
    {
        (new Journal($this->path))->appendMany([1, 2, 3]);
        $cursor = new Cursor($this->path);
        $cursor->next();
        $this->assertSame(2, $cursor->stat()['next_sequence']);
        $this->assertSame(Readiness::Ready, $cursor->wait(0));
    }

    public function testASkippedLineIsToldOnce(): void
    {
        (new Journal($this->path))->append(1);
        file_put_contents($this->path, "bad\n2\n", FILE_APPEND);
        $cursor = new Cursor($this->path, onBadLine: OnBadLine::Skip);
        $this->assertSame(1, $cursor->next()->value);
        try {
            $cursor->next();
            $this->fail('a bad line was taken');
        } catch (Ministore\CorruptException $failure) {
            $this->assertSame([3, 'j'], [$failure->recordLine, $failure->segment]);
        }
        $this->assertSame([2, 3], [$cursor->next()->value, 3]);
        try {
            verify($this->path);
            $this->fail('verify found nothing');
        } catch (Ministore\CorruptException $failure) {
            $this->assertSame(1, $failure->verified['problems']);
        }
    }

    // ---- memory ----

    public function testOpeningAskingAndFailingLoseNoMemory(): void
    {
        $journal = new Journal($this->path);
        $journal->append(1);
        for ($i = 0; $i < 200; $i++) {
            if ($i === 100) {
                $before = memory_get_usage();
            }
            $journal->stat();
            replay($this->path)->stat();
            verify($this->path);
            foreach ([fn () => new Journal($this->path), fn () => Ministore\validate('['), fn () => $journal->prune(9)] as $call) {
                try {
                    $call();
                    $this->fail('it went through');
                } catch (Ministore\Exception) {
                }
            }
        }
        $this->assertSame($before, memory_get_usage());
    }

    private function residentKilobytes(): int
    {
        preg_match('/VmRSS:\s+(\d+) kB/', file_get_contents('/proc/self/status'), $found);
        return (int) $found[1];
    }

    /** Goal: a million records pass without growth. Method: resident memory after a tenth of them and after all. */
    public function testAMillionRecordsNeedNoMoreMemoryThanAFew(): void
    {
        $journal = new Journal($this->path, sync: Sync::Manual, maxBytesPerSegment: 8 << 20);
        $batch = array_fill(0, 1000, ['event' => 'paid', 'amount' => 17.25]);
        for ($done = 0; $done < 1_000_000; $done += 2000) {
            if ($done === 100_000) {
                $before = $this->residentKilobytes();
            }
            $journal->appendMany($batch);
            for ($i = 0; $i < 1000; $i++) {
                $journal->append($batch[$i]);
            }
        }
        $journal->close();
        $count = 0;
        foreach (replay($this->path) as $sequence => $record) {
            $count += $record->amount === 17.25 && $sequence === $count + 1 ? 1 : 0;
        }
        $this->assertSame(1_000_000, $count);
        $this->assertLessThan(16 << 10, $this->residentKilobytes() - $before);
    }
}
