// A record with its number and place.
package io.github.ministore;

/**
 * A record with its number and place.
 *
 * @param <T> the type of the value
 * @param value what the codec made of it
 * @param sequence its number
 * @param segment file name of its segment
 * @param line its line in the segment, as an editor counts
 * @param offset byte offset in the segment
 */
public record JournalRecord<T>(T value, long sequence, String segment, long line, long offset) {}
