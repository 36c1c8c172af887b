// What ended a wait.
package io.github.ministore;

/** What ended a wait. */
public enum Waited {
    /** There is something to read: a record, or a failure that the next read throws. */
    READY,
    /** The time has passed. */
    TIMEOUT,
    /** {@link Cursor#interrupt} was called. */
    INTERRUPTED
}
