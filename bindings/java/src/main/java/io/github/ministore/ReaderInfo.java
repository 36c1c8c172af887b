// What Cursor.stat tells.
package io.github.ministore;

import io.github.ministore.internal.CursorInfo;

/**
 * What {@link Cursor#stat} tells.
 *
 * @param segments files of the journal as they are now, the active one included; 0 if there is none
 * @param firstSequence of the oldest record that is there
 * @param nextSequence of the record that the cursor hands out next
 * @param bytes of all segments, space allocated in advance included
 * @param tornBytes behind the last complete commit; known at the end only
 * @param tornOffset where in the active segment they begin
 */
public record ReaderInfo(
        int segments, long firstSequence, long nextSequence, long bytes, long tornBytes, long tornOffset) {
    static ReaderInfo of(CursorInfo info, long unread) {
        return new ReaderInfo(
                info.getSegments(),
                info.getFirst_sequence(),
                info.getNext_sequence() - unread,
                info.getBytes(),
                info.getTorn_bytes(),
                info.getTorn_offset());
    }
}
