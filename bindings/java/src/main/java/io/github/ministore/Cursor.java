// A reader of a journal or segment: records one by one, as a stream, or in batches, to the end or on from there.
package io.github.ministore;

import io.github.ministore.internal.CursorHandle;
import io.github.ministore.internal.CursorInfo;
import io.github.ministore.internal.CursorOptions;
import io.github.ministore.internal.MinistoreNative;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A reader, made by {@link Ministore#replay}, {@link Ministore#stream} and {@link Ministore#follow}. It crosses into C
 * once for a batch of records.
 *
 * <p>At its end it can be asked again and goes on with what was appended since; one that follows waits there. It belongs
 * to one thread at a time, but any may call {@link #interrupt} and {@link #close}.
 *
 * @param <T> the type of the values
 */
public final class Cursor<T> implements Iterator<JournalRecord<T>>, Iterable<JournalRecord<T>>, AutoCloseable {
    private static final Duration FOR_EVER = Duration.ofDays(100 * 365);

    private final CursorHandle handle;
    private final Codec<T> codec;
    private final Path path;
    private final Consumer<? super MinistoreException> onBadLine; // null: failures are thrown
    private final boolean following;
    private final Duration timeout; // null: for ever
    private Batch batch = Batch.EMPTY;
    private int index; // of the next record in the batch
    private JournalRecord<T> ahead; // decoded by hasNext

    Cursor(Path path, Codec<T> codec, ReadOptions options, int scope, boolean following) {
        this.path = path;
        this.codec = Objects.requireNonNull(codec, "codec");
        this.onBadLine = options.onBadLine;
        this.following = following;
        this.timeout = options.timeout;
        CursorOptions given = options.toNative(scope, following);
        try {
            handle = new CursorHandle(Paths.bytes(path), given);
        } finally {
            given.delete();
        }
    }

    /**
     * Tells whether there is another record; a cursor that follows waits for it, and ends when nothing came for the
     * time given, at {@link #interrupt}, and when the thread is interrupted, which it stays.
     *
     * @throws MinistoreException if the journal is damaged there, or the record does not decode
     */
    @Override
    public boolean hasNext() {
        while (ahead == null) {
            if (index == batch.count() && !advance()) return false;
            ahead = decode();
        }
        return true;
    }

    /**
     * Reads the next record.
     *
     * @throws MinistoreException as {@link #hasNext}; the same again when called again
     */
    @Override
    public JournalRecord<T> next() {
        if (!hasNext()) throw new NoSuchElementException("the end of " + path);
        JournalRecord<T> record = ahead;
        ahead = null;
        return record;
    }

    /** {@return this: the records that are still to be read} */
    @Override
    public Iterator<JournalRecord<T>> iterator() {
        return this;
    }

    /** {@return the records that are still to be read} Closing it closes the cursor. */
    public Stream<JournalRecord<T>> stream() {
        int ordered = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, ordered), false).onClose(this::close);
    }

    /** {@return the values of the records that are still to be read} Closing it closes the cursor. */
    public Stream<T> values() {
        return stream().map(JournalRecord::value);
    }

    /** {@return what is still to be read, undecoded, in the batches in which it comes from C} */
    public Iterable<Batch> batches() {
        return () -> new Iterator<>() {
            @Override
            public boolean hasNext() {
                return unread() > 0 || advance();
            }

            @Override
            public Batch next() {
                if (!hasNext()) throw new NoSuchElementException("the end of " + path);
                return takeBatch();
            }
        };
    }

    /**
     * Waits until there is something to read.
     *
     * @param time how long; zero looks once
     * @return what ended the wait
     * @throws InterruptedException if the thread was interrupted
     * @throws MinistoreException if the system refused
     */
    public Waited await(Duration time) throws InterruptedException {
        if (unread() > 0) return Waited.READY;
        int status = Interruption.await(handle, milliseconds(time));
        if (status == MinistoreNative.TIMEOUT) return Waited.TIMEOUT;
        return status == MinistoreNative.INTERRUPTED ? Waited.INTERRUPTED : Waited.READY;
    }

    /**
     * Waits for ever until there is something to read.
     *
     * @return what ended the wait
     * @throws InterruptedException if the thread was interrupted
     * @throws MinistoreException if the system refused
     */
    public Waited await() throws InterruptedException {
        return await(FOR_EVER);
    }

    /** Ends a wait, now or the next one, and the iteration that waits. Any thread may call. */
    public void interrupt() {
        handle.interrupt();
    }

    /**
     * Tells where the cursor is, what the journal holds, and, at the end, how much of a torn tail stands behind it.
     *
     * @return where it is
     * @throws MinistoreException if the folder cannot be read
     */
    public ReaderInfo stat() {
        CursorInfo info = new CursorInfo();
        try {
            handle.stat(info);
            return ReaderInfo.of(info, unread());
        } finally {
            info.delete();
        }
    }

    /** {@return the path as it was given} */
    public Path path() {
        return path;
    }

    /** {@return whether the cursor was closed} */
    public boolean isClosed() {
        return handle.is_closed();
    }

    /** Closes the cursor; a thread that waits with it gets {@link MinistoreException.Code#CLOSED}. Twice is fine. */
    @Override
    public void close() {
        handle.close();
    }

    private int unread() {
        return batch.count() - index + (ahead == null ? 0 : 1);
    }

    private Batch takeBatch() {
        int first = batch.count() - unread();
        Batch rest = first == 0 ? batch : batch.from(first);
        batch = Batch.EMPTY;
        index = 0;
        ahead = null;
        return rest;
    }

    /** Reads a batch, having waited for it if the cursor follows; false at the end. */
    private boolean advance() {
        do {
            Batch read = read();
            if (read != null) {
                batch = read;
                index = 0;
                return true;
            }
        } while (following && comesMore());
        return false;
    }

    private Batch read() {
        while (true) {
            try {
                return handle.read();
            } catch (MinistoreException failure) {
                passOrThrow(failure);
            }
        }
    }

    private boolean comesMore() {
        try {
            return await(timeout == null ? FOR_EVER : timeout) == Waited.READY;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Tells the caller's consumer of a bad line, behind which the next read goes on. */
    private void passOrThrow(MinistoreException failure) {
        boolean bad = failure.code() == MinistoreException.Code.CORRUPT
                || failure.code() == MinistoreException.Code.TOO_LARGE;
        if (onBadLine == null || !bad) throw failure;
        onBadLine.accept(failure);
    }

    /** The next record of the batch; null if it does not decode and was passed. */
    private JournalRecord<T> decode() {
        int i = index;
        T value;
        try {
            value = codec.decode(batch.data(), batch.offset(i), batch.size(i));
        } catch (Exception cause) {
            MinistoreException failure = misfit(i, cause);
            if (onBadLine == null) throw failure;
            index++;
            onBadLine.accept(failure);
            return null;
        }
        index++;
        return new JournalRecord<>(
                value, batch.sequence() + i, batch.segment(), batch.line() + i, batch.offset() + batch.offset(i));
    }

    private MinistoreException misfit(int i, Exception cause) {
        long line = batch.line() + i;
        long sequence = batch.sequence() + i;
        return new MinistoreException(
                MinistoreException.Code.DECODE,
                batch.segment() + ":" + line + ": record " + sequence + " does not decode: " + cause.getMessage(),
                0,
                sequence,
                line,
                batch.offset() + batch.offset(i),
                batch.segment(),
                path.toString(),
                cause);
    }

    // A negative number would be for ever, and so is what is longer than a life.
    private static long milliseconds(Duration time) {
        if (time.compareTo(FOR_EVER) >= 0) return -1;
        return time.isNegative() ? 0 : time.plusNanos(999_999).toMillis();
    }
}
