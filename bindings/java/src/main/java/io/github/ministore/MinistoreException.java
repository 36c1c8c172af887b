// The one exception of ministore: what failed, by its code, and the place where.
package io.github.ministore;

import java.nio.charset.StandardCharsets;

/**
 * A failure of ministore, with its place where there is one. Its message is a sentence for a person.
 *
 * <p>For a record that append refuses, {@link #line} is its number in the batch from 1, {@link #offset} the byte in it
 * and {@link #segment} is empty. For a damaged journal they are the place in the segment file. 0 and "" stand for "does
 * not apply".
 *
 * @serial exclude
 */
public final class MinistoreException extends RuntimeException {
    /** What failed. */
    public enum Code {
        /** A nonsense option, or a path that names a segment where a journal is meant. */
        INVALID_ARGUMENT,
        /** An allocation failed; nothing was changed. */
        NO_MEMORY,
        /** The system refused; {@link #osError} says why. */
        IO,
        /** Disk, quota or file size limit is full. What was begun is taken back and the journal stays usable. */
        NO_SPACE,
        /** A directory, FIFO, socket or device stands at the path. */
        NOT_A_FILE,
        /** Another writer has the journal open. Readers need no lock. */
        LOCKED,
        /** The file is no journal; not one byte of it was changed. */
        BAD_HEADER,
        /** A journal of another format version; nothing was changed. */
        UNSUPPORTED_VERSION,
        /** A record given to append is not one line of strict JSON; nothing was written. */
        INVALID_JSON,
        /** A record is longer than maxRecordBytes. */
        TOO_LARGE,
        /** What may have been acknowledged is damaged; the place says where. */
        CORRUPT,
        /** There is a torn tail, and the journal was opened with {@link TornTail#REFUSE}. */
        TORN,
        /** The records asked for were removed by retention or prune. */
        PRUNED,
        /** An earlier sync failed: close the journal and open it anew. */
        POISONED,
        /** The handle was opened by a parent process. */
        FORKED,
        /** A record is JSON but does not fit the type asked for; the cause has the codec's words. */
        DECODE,
        /** The journal or cursor was closed already. */
        CLOSED,
        /** A code newer than this class. */
        UNKNOWN;

        private static Code of(String name) {
            for (Code code : values()) if (code.name().equals(name)) return code;
            return UNKNOWN;
        }
    }

    private static final long serialVersionUID = 1;

    private final Code code;
    private final int osError;
    private final long sequence;
    private final long line;
    private final long offset;
    private final String segment;
    private final String path;
    private transient VerifyInfo verified;

    // Called by the native library.
    private MinistoreException(
            byte[] code, byte[] message, int osError, long sequence, long line, long offset, byte[] segment, byte[] path) {
        this(Code.of(text(code)), text(message), osError, sequence, line, offset, text(segment), Paths.text(path), null);
    }

    MinistoreException(
            Code code,
            String message,
            int osError,
            long sequence,
            long line,
            long offset,
            String segment,
            String path,
            Throwable cause) {
        super(message, cause);
        this.code = code;
        this.osError = osError;
        this.sequence = sequence;
        this.line = line;
        this.offset = offset;
        this.segment = segment;
        this.path = path;
    }

    /** A record that append refuses before the core has seen it. */
    static MinistoreException refused(String message, String path, long line, long offset, Throwable cause) {
        return new MinistoreException(Code.INVALID_JSON, message, 0, 0, line, offset, "", path, cause);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    MinistoreException withVerified(VerifyInfo info) {
        verified = info;
        return this;
    }

    /** {@return what failed} */
    public Code code() {
        return code;
    }

    /** {@return errno of the system call that failed, or 0} */
    public int osError() {
        return osError;
    }

    /** {@return the number of the record concerned, or 0} */
    public long sequence() {
        return sequence;
    }

    /** {@return the line in the segment, as an editor counts, or the number in the batch, or 0} */
    public long line() {
        return line;
    }

    /** {@return the byte offset in the segment or refused record} */
    public long offset() {
        return offset;
    }

    /** {@return the file name of the segment concerned, or ""} */
    public String segment() {
        return segment;
    }

    /** {@return the journal's path as it was given} */
    public String path() {
        return path;
    }

    /** {@return what verify found in all, on the exception that it throws; null on others} */
    public VerifyInfo verified() {
        return verified;
    }
}
