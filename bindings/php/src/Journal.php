<?php

// Journal: a journal open for writing.

declare(strict_types=1);

namespace Ministore;

final class Journal
{
    private readonly \MinistoreNativeJournal $native;
    private readonly Codec $codec;

    /**
     * Open a journal for writing; make it, and missing folders, if it is not there.
     *
     * @param int|string|null $maxBytesPerSegment rotate when the active segment has reached this; null: never
     * @param int|null $maxSegments keep so many and REMOVE older ones at each rotation; null: keep all
     * @param int $preallocateBytes extend the file in steps of this; 0: off
     * @param int $mode permission bits of new files
     * @param bool $raw records are JSON text
     */
    public function __construct(
        public readonly string $path,
        int|string|null $maxBytesPerSegment = null,
        ?int $maxSegments = null,
        int $maxRecordBytes = MAX_RECORD_BYTES,
        int|string $preallocateBytes = 0,
        int $mode = 0600,
        Sync $sync = Sync::Always,
        TornTail $tornTail = TornTail::Cut,
        bool $raw = false,
        ?Codec $codec = null,
    ) {
        $options = new \MinistoreNativeOptions();
        $options->mode_set(unsigned('mode', $mode));
        if ($maxBytesPerSegment !== null) {
            $options->max_bytes_per_segment_set(unsigned('maxBytesPerSegment', $maxBytesPerSegment));
        }
        if ($maxSegments !== null) {
            $options->max_segments_set(unsigned('maxSegments', $maxSegments));
        }
        $options->max_record_bytes_set(unsigned('maxRecordBytes', $maxRecordBytes));
        $options->preallocate_bytes_set(unsigned('preallocateBytes', $preallocateBytes));
        $options->sync_set($sync === Sync::Manual ? MINISTORE_SYNC_MANUAL : MINISTORE_SYNC_ALWAYS);
        $options->torn_tail_set($tornTail === TornTail::Refuse ? MINISTORE_TORN_TAIL_REFUSE : MINISTORE_TORN_TAIL_CUT);
        $this->codec = $codec ?? ($raw ? new RawCodec() : new JsonCodec());
        $this->native = new \MinistoreNativeJournal(path($path), $options);
    }

    /** Append one record; it is durable when this returns. @return int its sequence number */
    public function append(mixed $record): int
    {
        return $this->native->append($this->encode($record, 1));
    }

    /**
     * Append records as one commit: after a crash all of them are there or none.
     *
     * @return int the last one's sequence number, 0 if there was none
     */
    public function appendMany(iterable $records): int
    {
        $lines = [];
        foreach ($records as $record) {
            $text = $this->encode($record, count($lines) + 1);
            if (($offset = strpos($text, "\n")) !== false) {
                $number = count($lines) + 1;
                $message = "{$this->path}: record $number: a line feed in a record";
                throw new InvalidJsonException('INVALID_JSON', $message, 0, 0, $number, $offset, '', $this->path);
            }
            $lines[] = $text . "\n";
        }
        return $this->native->append_batch(implode('', $lines));
    }

    public function sync(): void
    {
        $this->native->sync();
    }

    public function rotate(): void
    {
        $this->native->rotate();
    }

    /** Remove archived segments all of whose records are older than $before. @return int how many */
    public function prune(int|string $before): int
    {
        return $this->native->prune(unsigned('before', $before));
    }

    /**
     * @return array<string, int> segments, first_sequence, next_sequence, durable_sequence, bytes, and what opening
     *     cut: torn_bytes, torn_offset
     */
    public function stat(): array
    {
        $info = new \MinistoreNativeInfo();
        $this->native->stat($info);
        return fields($info, INFO);
    }

    /** Sync what is not yet durable and give the lock back. Closing again is fine. */
    public function close(): void
    {
        $this->native->close();
    }

    private function encode(mixed $record, int $number): string
    {
        try {
            return $this->codec->encode($record);
        } catch (\Throwable $reason) {
            $message = "{$this->path}: record $number: {$reason->getMessage()}";
            throw new DecodeException('DECODE', $message, 0, 0, $number, 0, '', $this->path, $reason);
        }
    }
}
