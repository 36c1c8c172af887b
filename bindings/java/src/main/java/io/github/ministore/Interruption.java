// Lets Thread.interrupt end a wait inside the core.
package io.github.ministore;

import io.github.ministore.internal.CursorHandle;
import io.github.ministore.internal.MinistoreNative;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/** A channel in name only: the platform calls implCloseChannel when the thread between begin and end is interrupted. */
final class Interruption extends AbstractInterruptibleChannel {
    private final CursorHandle cursor;
    private volatile boolean came;

    private Interruption(CursorHandle cursor) {
        this.cursor = cursor;
    }

    /** Waits; a status of the core. */
    static int await(CursorHandle cursor, long milliseconds) throws InterruptedException {
        Interruption interruption = new Interruption(cursor);
        int status = interruption.await(milliseconds);
        if (interruption.came) {
            // An interrupt of the core holds until a wait has told of it: one that came too late for this one goes.
            if (status != MinistoreNative.INTERRUPTED) cursor.await(0);
            Thread.interrupted();
            throw new InterruptedException("interrupted while waiting for records");
        }
        return status;
    }

    private int await(long milliseconds) {
        try {
            begin();
            return cursor.await(milliseconds);
        } finally {
            finish();
        }
    }

    private void finish() {
        try {
            end(true);
        } catch (AsynchronousCloseException noted) {
            came = true;
        }
    }

    @Override
    protected void implCloseChannel() {
        came = true;
        cursor.interrupt();
    }
}
