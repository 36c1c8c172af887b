// A million records appended, in batches and singly, and replayed: the memory of the process does not grow with them.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MillionTest {
    private static final int MILLION = 1_000_000;
    private static final byte[] RECORD =
            ("{\"text\":\"" + "x".repeat(100) + "\"}").getBytes(StandardCharsets.UTF_8);
    // Far less than the 110 MB of a journal.
    private static final long BOUND = 48 << 20;

    @TempDir
    Path folder;

    @Test
    void inBatches() throws IOException {
        try (Journal<byte[]> journal = open()) {
            List<byte[]> batch = Collections.nCopies(1000, RECORD);
            appendAndReplay(() -> journal.appendAll(batch), 1000, journal);
        }
    }

    @Test
    void singly() throws IOException {
        try (Journal<byte[]> journal = open()) {
            appendAndReplay(() -> journal.append(RECORD), 1, journal);
        }
    }

    private Journal<byte[]> open() {
        return Ministore.open(folder.resolve("journal"), Codec.bytes(), new JournalOptions().sync(Sync.MANUAL));
    }

    /** The first tenth and its replay warm up: the heap has its size then, and code is compiled. */
    private void appendAndReplay(Runnable append, int records, Journal<byte[]> journal) throws IOException {
        for (int n = 0; n < MILLION / 10; n += records) append.run();
        for (int round = 0; round < 5; round++) assertEquals(MILLION / 10, replay());
        long before = resident();
        for (int n = MILLION / 10; n < MILLION; n += records) append.run();
        journal.sync();
        assertEquals(MILLION, journal.stat().durableSequence());
        assertEquals(MILLION, replay());
        assertEquals(MILLION, replay());
        long grown = resident() - before;
        assertTrue(grown < BOUND, () -> "grown by " + grown + " bytes");
    }

    private long replay() {
        try (Cursor<byte[]> cursor = Ministore.replay(folder.resolve("journal"), Codec.bytes())) {
            long count = 0;
            for (JournalRecord<byte[]> record : cursor) {
                if (record.value().length == RECORD.length) count++;
            }
            return count;
        }
    }

    private static long resident() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(one -> one.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
    }
}
