// When an append is durable.
package io.github.ministore;

/** When an append is durable. */
public enum Sync {
    /** When it returns. */
    ALWAYS,
    /** When the next sync, rotate or close has returned: for bulk loads. */
    MANUAL
}
