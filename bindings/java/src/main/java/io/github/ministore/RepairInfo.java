// What repair did, or would do.
package io.github.ministore;

/**
 * What {@link Ministore#repair} did, or would do.
 *
 * @param cutBytes cut from the active segment and saved to PATH.torn; 0: nothing was to be done
 * @param cutOffset where the cut began
 * @param cutLines ended lines among them
 * @param cutRecords good records among them: the price of the repair
 * @param archivedBadLines left as they are: readers go round them
 * @param nextSequence the number the next record gets afterwards
 */
public record RepairInfo(
        long cutBytes, long cutOffset, long cutLines, long cutRecords, long archivedBadLines, long nextSequence) {
    static RepairInfo of(io.github.ministore.internal.RepairInfo info) {
        return new RepairInfo(
                info.getCut_bytes(),
                info.getCut_offset(),
                info.getCut_lines(),
                info.getCut_records(),
                info.getArchived_bad_lines(),
                info.getNext_sequence());
    }
}
