// How a journal is read.
package io.github.ministore;

import io.github.ministore.internal.CursorOptions;
import io.github.ministore.internal.MinistoreNative;
import java.time.Duration;
import java.util.function.Consumer;

/** How a journal is read. What is not set is at its default. Not for many threads at once. */
public final class ReadOptions {
    private long from;
    private boolean atEnd;
    private Long maxRecordBytes;
    private Boolean durable;
    Consumer<? super MinistoreException> onBadLine;
    Duration timeout;

    /**
     * The first record to read; the oldest there is.
     *
     * @param sequence its number; older than what is there: {@link MinistoreException.Code#PRUNED}
     * @return this
     */
    public ReadOptions from(long sequence) {
        from = sequence;
        return this;
    }

    /**
     * Begin behind the last record: for following.
     *
     * @return this
     */
    public ReadOptions atEnd() {
        atEnd = true;
        return this;
    }

    /**
     * Go on behind bad lines, and behind records that do not decode; without this they are thrown.
     *
     * @param consumer takes the failure that is passed
     * @return this
     */
    public ReadOptions onBadLine(Consumer<? super MinistoreException> consumer) {
        onBadLine = consumer;
        return this;
    }

    /**
     * The longest line taken into memory; 64 MiB.
     *
     * @param bytes from 1 to 1 GiB
     * @return this
     */
    public ReadOptions maxRecordBytes(long bytes) {
        maxRecordBytes = bytes;
        return this;
    }

    /**
     * Sync what is new before handing it out, so that what is acted upon is on the disk; on for following, else off.
     *
     * @param on whether to
     * @return this
     */
    public ReadOptions durable(boolean on) {
        durable = on;
        return this;
    }

    /**
     * How long following waits for a record until an iteration ends; for ever.
     *
     * @param time zero never waits
     * @return this
     */
    public ReadOptions timeout(Duration time) {
        timeout = time;
        return this;
    }

    CursorOptions toNative(int scope, boolean following) {
        CursorOptions options = new CursorOptions();
        options.setScope(scope);
        options.setFrom(from);
        options.setAt_end(atEnd ? 1 : 0);
        options.setOn_bad_line(onBadLine == null ? MinistoreNative.BAD_LINE_STOP : MinistoreNative.BAD_LINE_SKIP);
        options.setDurable((durable == null ? following : durable) ? 1 : 0);
        if (maxRecordBytes != null) options.setMax_record_bytes(maxRecordBytes);
        return options;
    }
}
