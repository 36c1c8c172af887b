// What verify found.
package io.github.ministore;

/**
 * What {@link Ministore#verify} found.
 *
 * @param segments files of the journal
 * @param records good ones
 * @param bytes of all segments
 * @param problems bad lines, headers, numbers, digests, segments
 * @param tornBytes a torn tail behind the last complete commit: no problem, open cuts it
 * @param uncovered archived segments whose digest the next one does not carry
 * @param firstSequence of the oldest record that is there
 * @param nextSequence the number the next record gets
 */
public record VerifyInfo(
        int segments,
        long records,
        long bytes,
        long problems,
        long tornBytes,
        long uncovered,
        long firstSequence,
        long nextSequence) {
    static VerifyInfo of(io.github.ministore.internal.VerifyInfo info) {
        return new VerifyInfo(
                info.getSegments(),
                info.getRecords(),
                info.getBytes(),
                info.getProblems(),
                info.getTorn_bytes(),
                info.getUncovered(),
                info.getFirst_sequence(),
                info.getNext_sequence());
    }
}
