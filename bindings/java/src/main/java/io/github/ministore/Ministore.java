// The door to the package: open, replay, stream, follow, verify, repair.
package io.github.ministore;

import io.github.ministore.internal.MinistoreNative;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An embedded write-ahead journal of JSON records in plain text files.
 *
 * <pre>{@code
 * record Greeting(String text) {}
 * Codec<Greeting> codec = JacksonCodec.of(Greeting.class);
 * try (Journal<Greeting> journal = Ministore.open(path, codec)) {
 *     journal.append(new Greeting("hello"));
 * }
 * try (Cursor<Greeting> records = Ministore.replay(path, codec)) {
 *     for (JournalRecord<Greeting> record : records) System.out.println(record.value().text());
 * }
 * }</pre>
 */
public final class Ministore {
    private static final long MAX_RECORD_BYTES = 64 << 20;

    private Ministore() {}

    /**
     * Opens a journal for writing; makes it, and missing folders, if it is not there.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how values become records
     * @return the journal, of which the caller is the only writer
     * @throws MinistoreException if another writer has it, it is damaged, or the system refuses
     */
    public static <T> Journal<T> open(Path path, Codec<T> codec) {
        return open(path, codec, new JournalOptions());
    }

    /**
     * Opens a journal for writing with options.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how values become records
     * @param options how; not kept
     * @return the journal, of which the caller is the only writer
     * @throws MinistoreException if another writer has it, it is damaged, or the system refuses
     */
    public static <T> Journal<T> open(Path path, Codec<T> codec, JournalOptions options) {
        return new Journal<>(path, codec, options);
    }

    /**
     * Reads all records of a journal, oldest first, to the end as it is when it is reached. A missing one is empty.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how records become values
     * @return the records
     * @throws MinistoreException if it is damaged, or the system refuses
     */
    public static <T> Cursor<T> replay(Path path, Codec<T> codec) {
        return replay(path, codec, new ReadOptions());
    }

    /**
     * Reads the records of a journal with options.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how records become values
     * @param options how; not kept
     * @return the records
     * @throws MinistoreException if it is damaged, or the system refuses
     */
    public static <T> Cursor<T> replay(Path path, Codec<T> codec, ReadOptions options) {
        return new Cursor<>(path, codec, options, MinistoreNative.REPLAY, false);
    }

    /**
     * Reads the one segment file named, active or archived, and no other.
     *
     * @param <T> the type of the values
     * @param path the segment file
     * @param codec how records become values
     * @return the records
     * @throws MinistoreException if it is missing or damaged, or the system refuses
     */
    public static <T> Cursor<T> stream(Path path, Codec<T> codec) {
        return stream(path, codec, new ReadOptions());
    }

    /**
     * Reads one segment file with options.
     *
     * @param <T> the type of the values
     * @param path the segment file
     * @param codec how records become values
     * @param options how; not kept
     * @return the records
     * @throws MinistoreException if it is missing or damaged, or the system refuses
     */
    public static <T> Cursor<T> stream(Path path, Codec<T> codec, ReadOptions options) {
        return new Cursor<>(path, codec, options, MinistoreNative.STREAM, false);
    }

    /**
     * Reads all records of a journal and waits at the end for more, also across rotations.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how records become values
     * @return the records
     * @throws MinistoreException if it is damaged, or the system refuses
     */
    public static <T> Cursor<T> follow(Path path, Codec<T> codec) {
        return follow(path, codec, new ReadOptions());
    }

    /**
     * Follows a journal with options: {@link ReadOptions#timeout}, {@link ReadOptions#atEnd}.
     *
     * @param <T> the type of the values
     * @param path the journal's active segment
     * @param codec how records become values
     * @param options how; not kept
     * @return the records
     * @throws MinistoreException if it is damaged, or the system refuses
     */
    public static <T> Cursor<T> follow(Path path, Codec<T> codec, ReadOptions options) {
        return new Cursor<>(path, codec, options, MinistoreNative.REPLAY, true);
    }

    /**
     * Checks every header, line, number and digest of a journal. Changes nothing and needs no lock.
     *
     * @param path the journal's active segment
     * @return what was found
     * @throws MinistoreException the first problem; its {@link MinistoreException#verified} has all
     */
    public static VerifyInfo verify(Path path) {
        return verify(path, MAX_RECORD_BYTES);
    }

    /**
     * Checks a journal with another bound on its lines.
     *
     * @param path the journal's active segment
     * @param maxRecordBytes the longest line taken into memory; a longer one is a problem
     * @return what was found
     * @throws MinistoreException the first problem; its {@link MinistoreException#verified} has all
     */
    public static VerifyInfo verify(Path path, long maxRecordBytes) {
        var info = new io.github.ministore.internal.VerifyInfo();
        try {
            MinistoreNative.verify(Paths.bytes(path), maxRecordBytes, info);
            return VerifyInfo.of(info);
        } catch (MinistoreException problem) {
            throw problem.withVerified(VerifyInfo.of(info));
        } finally {
            info.delete();
        }
    }

    /**
     * Makes a journal writable again: cuts the active segment from its first bad commit on, saving the bytes to
     * PATH.torn.
     *
     * @param path the journal's active segment
     * @param dryRun change nothing, only tell what would be done
     * @return what was done
     * @throws MinistoreException if a writer has it, or cutting cannot mend it
     */
    public static RepairInfo repair(Path path, boolean dryRun) {
        return repair(path, dryRun, MAX_RECORD_BYTES);
    }

    /**
     * Repairs a journal with another bound on its lines.
     *
     * @param path the journal's active segment
     * @param dryRun change nothing, only tell what would be done
     * @param maxRecordBytes the longest line taken into memory
     * @return what was done
     * @throws MinistoreException if a writer has it, or cutting cannot mend it
     */
    public static RepairInfo repair(Path path, boolean dryRun, long maxRecordBytes) {
        var info = new io.github.ministore.internal.RepairInfo();
        try {
            MinistoreNative.repair(Paths.bytes(path), dryRun, maxRecordBytes, info);
            return RepairInfo.of(info);
        } finally {
            info.delete();
        }
    }

    /**
     * Checks that bytes are one JSON text as append takes it.
     *
     * @param record the text; white space around it is allowed
     * @throws MinistoreException {@link MinistoreException.Code#INVALID_JSON} with the offset
     */
    public static void validate(byte[] record) {
        MinistoreNative.validate(Objects.requireNonNull(record, "record"));
    }

    /** {@return the version of the core, such as "0.2.0"} */
    public static String version() {
        return MinistoreNative.version();
    }
}
