// A journal open for writing.
package io.github.ministore;

import io.github.ministore.internal.Info;
import io.github.ministore.internal.JournalHandle;
import io.github.ministore.internal.Options;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A journal open for writing; made by {@link Ministore#open}. Any number of threads may use it at once: appends that wait
 * at the same time share one write and one sync. One that is forgotten is closed by the collector, at a time of its
 * choosing.
 *
 * @param <T> the type of the values
 */
public final class Journal<T> implements AutoCloseable {
    private final JournalHandle handle;
    private final Codec<T> codec;
    private final Path path;

    Journal(Path path, Codec<T> codec, JournalOptions options) {
        this.path = path;
        this.codec = Objects.requireNonNull(codec, "codec");
        Options given = options.toNative();
        try {
            handle = new JournalHandle(Paths.bytes(path), given);
        } finally {
            given.delete();
        }
    }

    /**
     * Appends one record. It survives power loss when this has returned (with {@link Sync#MANUAL}: once a later sync
     * has). An interrupt of the thread does not end it.
     *
     * @param value the record
     * @return its number
     * @throws MinistoreException if the record was refused or the disk failed
     */
    public long append(T value) {
        return handle.append(encode(value, 1));
    }

    /**
     * Appends records as one commit: after a crash all of them are there or none. If one is refused, none is written,
     * and {@link MinistoreException#line} is its number from 1.
     *
     * @param values the records
     * @return the number of the last one; 0 if there are none
     * @throws MinistoreException if a record was refused or the disk failed
     */
    public long appendAll(Iterable<? extends T> values) {
        Lines lines = new Lines();
        long number = 0;
        for (T value : values) lines.add(encodeLine(value, ++number));
        return handle.append_batch(lines.toByteArray());
    }

    /**
     * Makes durable what was appended; needed with {@link Sync#MANUAL} only.
     *
     * @throws MinistoreException if the disk failed
     */
    public void sync() {
        handle.sync();
    }

    /**
     * Archives the active segment and begins a new one; nothing if it holds no record.
     *
     * @throws MinistoreException if the disk failed
     */
    public void rotate() {
        handle.rotate();
    }

    /**
     * Removes archived segments all of whose records are older than a number.
     *
     * @param before the number
     * @return how many segments went
     * @throws MinistoreException if the number is beyond the next one, or the disk failed
     */
    public int prune(long before) {
        return handle.prune(before);
    }

    /**
     * Tells what the journal holds, and what open cut from its end.
     *
     * @return what it holds
     * @throws MinistoreException if the folder cannot be read
     */
    public JournalInfo stat() {
        Info info = new Info();
        try {
            handle.stat(info);
            return JournalInfo.of(info);
        } finally {
            info.delete();
        }
    }

    /** {@return the path as it was given} */
    public Path path() {
        return path;
    }

    /** {@return whether the journal was closed} */
    public boolean isClosed() {
        return handle.is_closed();
    }

    /**
     * Waits for calls under way, syncs what is not yet durable and releases the lock. A second time is fine.
     *
     * @throws MinistoreException if the last sync failed; the journal is closed all the same
     */
    @Override
    public void close() {
        handle.close();
    }

    private byte[] encode(T value, long number) {
        byte[] record;
        try {
            record = codec.encode(value);
        } catch (Exception cause) {
            String message = "record " + number + " cannot be encoded: " + cause.getMessage();
            throw MinistoreException.refused(message, path.toString(), number, 0, cause);
        }
        return Objects.requireNonNull(record, "what the codec made of a record");
    }

    // A line feed inside a record would make two of it.
    private byte[] encodeLine(T value, long number) {
        byte[] record = encode(value, number);
        for (int i = 0; i < record.length; i++) {
            if (record[i] == '\n') {
                String message = "record " + number + " holds a line feed at byte " + i;
                throw MinistoreException.refused(message, path.toString(), number, i, null);
            }
        }
        return record;
    }

    /** The records of one commit, each ended by a line feed. */
    private static final class Lines extends ByteArrayOutputStream {
        void add(byte[] record) {
            write(record, 0, record.length);
            write('\n');
        }
    }
}
