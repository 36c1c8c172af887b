// How a journal is opened.
package io.github.ministore;

import io.github.ministore.internal.Options;

/** How a journal is opened. What is not set is at its default. Not for many threads at once. */
public final class JournalOptions {
    private Integer mode;
    private Long maxBytesPerSegment;
    private Integer maxSegments;
    private Sync sync = Sync.ALWAYS;
    private TornTail tornTail = TornTail.CUT;
    private Long maxRecordBytes;
    private long preallocateBytes;

    /**
     * Permission bits of files made anew; 0600.
     *
     * @param bits such as {@code 0640}
     * @return this
     */
    public JournalOptions mode(int bits) {
        mode = bits;
        return this;
    }

    /**
     * Rotate when the active segment has reached this; never.
     *
     * @param bytes not 0
     * @return this
     */
    public JournalOptions maxBytesPerSegment(long bytes) {
        maxBytesPerSegment = bytes;
        return this;
    }

    /**
     * Keep so many segments, the active one included, and <b>remove</b> older ones at each rotation; all are kept.
     *
     * @param count not 0; with 1, acknowledged records go at each rotation
     * @return this
     */
    public JournalOptions maxSegments(int count) {
        maxSegments = count;
        return this;
    }

    /**
     * When an append is durable; {@link Sync#ALWAYS}.
     *
     * @param when when
     * @return this
     */
    public JournalOptions sync(Sync when) {
        sync = when;
        return this;
    }

    /**
     * What open does with a torn tail; {@link TornTail#CUT}.
     *
     * @param what what
     * @return this
     */
    public JournalOptions tornTail(TornTail what) {
        tornTail = what;
        return this;
    }

    /**
     * The longest record; 64 MiB.
     *
     * @param bytes from 1 to 1 GiB
     * @return this
     */
    public JournalOptions maxRecordBytes(long bytes) {
        maxRecordBytes = bytes;
        return this;
    }

    /**
     * Extend the active segment in steps of this: quicker, but while the journal is open its file ends in NULs; off.
     *
     * @param bytes 0 for off
     * @return this
     */
    public JournalOptions preallocateBytes(long bytes) {
        preallocateBytes = bytes;
        return this;
    }

    Options toNative() {
        Options options = new Options();
        if (mode != null) options.setMode(mode);
        if (maxBytesPerSegment != null) options.setMax_bytes_per_segment(maxBytesPerSegment);
        if (maxSegments != null) options.setMax_segments(maxSegments);
        options.setSync(sync.ordinal());
        options.setTorn_tail(tornTail.ordinal());
        if (maxRecordBytes != null) options.setMax_record_bytes(maxRecordBytes);
        options.setPreallocate_bytes(preallocateBytes);
        return options;
    }
}
