// Records as they came over in one crossing from C: one array, and where in it each record lies.
package io.github.ministore;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Records on consecutive lines of one segment, as one array of bytes: the quick way to read much. Record {@code i} has
 * number {@code sequence() + i} and stands on line {@code line() + i}. Between records are only white space and line
 * ends, so that {@link #data} as a whole is JSON Lines.
 */
public final class Batch {
    static final Batch EMPTY = new Batch(new byte[0], new int[0], new byte[0], 1, 0, 0);

    private final byte[] data;
    private final int[] spans; // offset and size of each record in turn
    private final String segment;
    private final long sequence;
    private final long line;
    private final long offset;

    // Called by the native library.
    private Batch(byte[] data, int[] spans, byte[] segment, long sequence, long line, long offset) {
        this(data, spans, new String(segment, StandardCharsets.UTF_8), sequence, line, offset);
    }

    private Batch(byte[] data, int[] spans, String segment, long sequence, long line, long offset) {
        this.data = data;
        this.spans = spans;
        this.segment = segment;
        this.sequence = sequence;
        this.line = line;
        this.offset = offset;
    }

    /** What comes from record i on. */
    Batch from(int i) {
        return new Batch(
                data, Arrays.copyOfRange(spans, 2 * i, spans.length), segment, sequence + i, line + i, offset);
    }

    /** {@return how many records there are} */
    public int count() {
        return spans.length / 2;
    }

    /** {@return the lines; not a copy} */
    public byte[] data() {
        return data;
    }

    /**
     * {@return where in data a record begins}
     *
     * @param i the record, from 0
     */
    public int offset(int i) {
        return spans[2 * i];
    }

    /**
     * {@return the length of a record in bytes}
     *
     * @param i the record, from 0
     */
    public int size(int i) {
        return spans[2 * i + 1];
    }

    /**
     * {@return a record, as a read-only view of data}
     *
     * @param i the record, from 0
     */
    public ByteBuffer slice(int i) {
        return ByteBuffer.wrap(data).slice(offset(i), size(i)).asReadOnlyBuffer();
    }

    /** {@return the number of the first record} */
    public long sequence() {
        return sequence;
    }

    /** {@return the line of the first record} */
    public long line() {
        return line;
    }

    /** {@return the byte offset of data in the segment} */
    public long offset() {
        return offset;
    }

    /** {@return the file name of the segment} */
    public String segment() {
        return segment;
    }
}
