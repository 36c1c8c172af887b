// What open does with a torn tail.
package io.github.ministore;

/** What open does with a torn tail: what a crash left behind the last complete commit, never acknowledged. */
public enum TornTail {
    /** Save it to PATH.torn, then cut it. */
    CUT,
    /** Fail with {@link MinistoreException.Code#TORN} and change nothing. */
    REFUSE
}
