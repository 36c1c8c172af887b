<?php

// The exceptions: one class for each status of the C library, and two of the package's own.

declare(strict_types=1);

namespace Ministore;

/**
 * A failure of ministore, with its place where there is one.
 *
 * For a record that append refuses, `recordLine` is its number in the batch from 1, `offset` the byte in it, and
 * `segment` is empty. For a damaged journal they are the place in the segment file. (PHP's own getLine() is that of
 * the program.) 0 and '' stand for "does not apply".
 */
class Exception extends \RuntimeException
{
    /** @var array<string, int>|null what verify found in all, on the exception that it throws */
    public ?array $verified = null;

    public function __construct(
        /** The name of the status, such as 'CORRUPT'. */
        public readonly string $status,
        string $message,
        public readonly int $osError = 0,
        public readonly int $sequence = 0,
        public readonly int $recordLine = 0,
        public readonly int $offset = 0,
        public readonly string $segment = '',
        public readonly string $path = '',
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, $osError, $previous);
    }

    /** @internal The extension makes its exceptions by this. */
    public static function fromNative(string $status, mixed ...$details): self
    {
        $class = self::BY_STATUS[$status] ?? self::class;
        return new $class($status, ...$details);
    }

    private const BY_STATUS = [
        'INVALID_ARGUMENT' => InvalidArgumentException::class,
        'NO_MEMORY' => NoMemoryException::class,
        'IO' => InputOutputException::class,
        'NO_SPACE' => NoSpaceException::class,
        'NOT_A_FILE' => NotAFileException::class,
        'LOCKED' => LockedException::class,
        'BAD_HEADER' => BadHeaderException::class,
        'UNSUPPORTED_VERSION' => UnsupportedVersionException::class,
        'INVALID_JSON' => InvalidJsonException::class,
        'TOO_LARGE' => TooLargeException::class,
        'CORRUPT' => CorruptException::class,
        'TORN' => TornException::class,
        'PRUNED' => PrunedException::class,
        'POISONED' => PoisonedException::class,
        'FORKED' => ForkedException::class,
        'CLOSED' => ClosedException::class,
        'DECODE' => DecodeException::class,
    ];
}

/** A nonsense option, or a path that names a segment where a journal is meant. */
final class InvalidArgumentException extends Exception
{
}

/** An allocation failed; nothing was changed. */
final class NoMemoryException extends Exception
{
}

/** The system refused; `osError` says why. */
final class InputOutputException extends Exception
{
}

/** Disk, quota or file size limit is full. What was begun is taken back and the journal stays usable. */
final class NoSpaceException extends Exception
{
}

/** A directory, FIFO, socket or device stands at the path. */
final class NotAFileException extends Exception
{
}

/** Another writer has the journal open. Readers need no lock. */
final class LockedException extends Exception
{
}

/** The file is no journal; not one byte of it was changed. */
final class BadHeaderException extends Exception
{
}

/** A journal of another format version; nothing was changed. */
final class UnsupportedVersionException extends Exception
{
}

/** A record given to append is not one line of strict JSON; nothing was written. */
final class InvalidJsonException extends Exception
{
}

/** A record is longer than maxRecordBytes. */
final class TooLargeException extends Exception
{
}

/** What may have been acknowledged is damaged; the place says where. */
final class CorruptException extends Exception
{
}

/** There is a torn tail, and the journal was opened with TornTail::Refuse. */
final class TornException extends Exception
{
}

/** The records asked for were removed by retention or prune. */
final class PrunedException extends Exception
{
}

/** An earlier sync failed: close the journal and open it anew. */
final class PoisonedException extends Exception
{
}

/** The handle was opened by a parent process; open the journal anew in this one. */
final class ForkedException extends Exception
{
}

/** The journal or cursor was closed already. */
final class ClosedException extends Exception
{
}

/** A value that the codec cannot write, or a record that it cannot read; getPrevious() has its words. */
final class DecodeException extends Exception
{
}
