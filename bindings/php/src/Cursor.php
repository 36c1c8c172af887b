<?php

// Cursor: a reader of a journal, by hand (next, wait) or by foreach.

declare(strict_types=1);

namespace Ministore;

/** @implements \IteratorAggregate<int, mixed> */
final class Cursor implements \IteratorAggregate
{
    private readonly \MinistoreNativeCursor $native;
    private readonly Codec $codec;

    // The batch being handed out, as the extension gives it, and how far that came.
    private array $records = [];
    private int $at = 0;
    private int $sequence = 0;
    private int $line = 0;
    private int $offset = 0;
    private string $spans = '';
    private string $segment = '';

    /**
     * Open a reader; it needs no lock and works while a writer appends, rotates and prunes.
     *
     * @param int|string $from the first sequence number to read; 0: the oldest there is
     * @param bool $atEnd begin behind the last record
     * @param bool $durable sync what is new before handing it out
     * @param bool $stream read the one segment file $path
     * @param bool $raw records are JSON text
     */
    public function __construct(
        public readonly string $path,
        int|string $from = 0,
        bool $atEnd = false,
        OnBadLine $onBadLine = OnBadLine::Stop,
        bool $durable = false,
        int $maxRecordBytes = MAX_RECORD_BYTES,
        bool $stream = false,
        bool $raw = false,
        ?Codec $codec = null,
    ) {
        $options = new \MinistoreNativeCursorOptions();
        $options->scope_set($stream ? MINISTORE_STREAM : MINISTORE_REPLAY);
        $options->from_set(unsigned('from', $from));
        $options->at_end_set((int) $atEnd);
        $options->on_bad_line_set($onBadLine === OnBadLine::Skip ? MINISTORE_BAD_LINE_SKIP : MINISTORE_BAD_LINE_STOP);
        $options->durable_set((int) $durable);
        $options->max_record_bytes_set(unsigned('maxRecordBytes', $maxRecordBytes));
        $this->codec = $codec ?? ($raw ? new RawCodec() : new JsonCodec());
        $this->native = new \MinistoreNativeCursor(path($path), $options);
    }

    /** The next record; null at the end, and asked again later it goes on. */
    public function next(): ?Record
    {
        if (!$this->fill()) {
            return null;
        }
        $at = $this->at++;
        return new Record($this->decode($at), $this->sequence + $at, $this->segment, $this->line + $at);
    }

    /** The records to the end as it is now, by their numbers. May be asked again and again. */
    public function getIterator(): \Generator
    {
        while ($this->fill()) {
            $at = $this->at++;
            yield $this->sequence + $at => $this->decode($at);
        }
    }

    /** Wait until there is something to read; null waits for ever. */
    public function wait(?int $timeoutMs = null): Readiness
    {
        if (!$this->native->is_closed() && $this->at < count($this->records)) {
            return Readiness::Ready;
        }
        return match ($this->native->wait($timeoutMs === null ? -1 : (int) unsigned('timeoutMs', $timeoutMs))) {
            MINISTORE_TIMEOUT => Readiness::Timeout,
            MINISTORE_INTERRUPTED => Readiness::Interrupted,
            default => Readiness::Ready,
        };
    }

    /** End a wait, the next one if none is running; a signal handler may call this. */
    public function interrupt(): void
    {
        $this->native->interrupt();
    }

    /**
     * @return array<string, int> segments, first_sequence, next_sequence (what comes next here), bytes, and what stands
     *     behind the last commit: torn_bytes, torn_offset
     */
    public function stat(): array
    {
        $info = new \MinistoreNativeCursorInfo();
        $this->native->stat($info);
        $fields = fields($info, CURSOR_INFO);
        if ($this->at < count($this->records)) {
            $fields['next_sequence'] = $this->sequence + $this->at;
        }
        return $fields;
    }

    public function close(): void
    {
        $this->native->close();
        $this->records = [];
    }

    private function fill(): bool
    {
        if ($this->at < count($this->records)) {
            return true;
        }
        $this->records = [];
        $this->at = 0;
        $batch = $this->native->read();
        if ($batch === null) {
            return false;
        }
        [$this->records, $this->sequence, $this->line, $this->offset, $this->spans, $this->segment] = $batch;
        return true;
    }

    private function decode(int $at): mixed
    {
        try {
            return $this->codec->decode($this->records[$at]);
        } catch (\Throwable $reason) {
            $line = $this->line + $at;
            $message = "{$this->segment}:$line: {$reason->getMessage()}";
            $offset = $this->offset + unpack('L', $this->spans, 8 * $at)[1];
            $sequence = $this->sequence + $at;
            throw new DecodeException('DECODE', $message, 0, $sequence, $line, $offset, $this->segment, $this->path, $reason);
        }
    }
}
