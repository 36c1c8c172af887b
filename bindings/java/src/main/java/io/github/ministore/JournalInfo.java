// What Journal.stat tells.
package io.github.ministore;

import io.github.ministore.internal.Info;

/**
 * What {@link Journal#stat} tells.
 *
 * @param segments the active one included
 * @param firstSequence of the oldest record that is there; equal to nextSequence if there is none
 * @param nextSequence the number the next record gets; 1 in a new journal
 * @param durableSequence the last record covered by a sync; 0 if none
 * @param bytes of all segments, without space allocated in advance
 * @param tornBytes how much open cut from the end and saved to PATH.torn; 0 for nothing
 * @param tornOffset where in the active segment it had begun
 */
public record JournalInfo(
        int segments,
        long firstSequence,
        long nextSequence,
        long durableSequence,
        long bytes,
        long tornBytes,
        long tornOffset) {
    static JournalInfo of(Info info) {
        return new JournalInfo(
                info.getSegments(),
                info.getFirst_sequence(),
                info.getNext_sequence(),
                info.getDurable_sequence(),
                info.getBytes(),
                info.getTorn_bytes(),
                info.getTorn_offset());
    }
}
