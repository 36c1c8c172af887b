// Handles that are used wrongly or forgotten: each misuse is an exception, and nothing crashes in any order.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ministore.MinistoreException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LifetimeTest {
    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("journal");
    }

    private Journal<String> filled(int records) {
        Journal<String> journal = Ministore.open(path(), Codec.text(), new JournalOptions().sync(Sync.MANUAL));
        journal.appendAll(Collections.nCopies(records, "\"record\""));
        return journal;
    }

    private static void assertClosed(Executable call) {
        assertEquals(Code.CLOSED, assertThrows(MinistoreException.class, call).code());
    }

    @Test
    void aClosedJournalRefusesAllButClose() {
        Journal<String> journal = filled(1);
        assertFalse(journal.isClosed());
        journal.close();
        journal.close();
        assertTrue(journal.isClosed());
        assertClosed(() -> journal.append("1"));
        assertClosed(() -> journal.appendAll(List.of("1")));
        assertClosed(journal::sync);
        assertClosed(journal::rotate);
        assertClosed(() -> journal.prune(1));
        assertClosed(journal::stat);
    }

    @Test
    void aClosedCursorRefusesAllButClose() {
        filled(2).close();
        Cursor<String> cursor = Ministore.follow(path(), Codec.text());
        cursor.close();
        cursor.close();
        assertTrue(cursor.isClosed());
        assertClosed(cursor::hasNext);
        assertClosed(cursor::next);
        assertClosed(cursor::await);
        assertClosed(cursor::stat);
        assertClosed(() -> cursor.batches().iterator().hasNext());
        cursor.interrupt();
    }

    @Test
    void aCursorOutlivesTheJournal() {
        Cursor<String> cursor;
        try (Journal<String> journal = filled(100_000)) {
            cursor = Ministore.replay(path(), Codec.text());
            assertEquals("\"record\"", cursor.next().value());
        }
        assertEquals(99_999, cursor.stream().count());
        cursor.close();
    }

    @Test
    void anExceptionInTheBlockClosesTheJournal() {
        IllegalStateException thrown = new IllegalStateException("of the caller");
        assertSame(thrown, assertThrows(IllegalStateException.class, () -> {
            try (Journal<String> journal = filled(1)) {
                throw thrown;
            }
        }));
        filled(1).close();
    }

    @Test
    void anExceptionOfTheConsumerOfBadLinesGoesThroughAndTheCursorGoesOn() throws Exception {
        filled(1).close();
        Files.writeString(path(), "bad\n\"after\"\n", StandardOpenOption.APPEND);
        IllegalStateException thrown = new IllegalStateException("of the caller");
        ReadOptions options = new ReadOptions().onBadLine(bad -> {
            throw thrown;
        });
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text(), options)) {
            assertEquals(1, cursor.next().sequence());
            assertSame(thrown, assertThrows(IllegalStateException.class, cursor::hasNext));
            assertEquals("\"after\"", cursor.next().value());
        }
    }

    @Test
    void anExceptionOfACodecIsAFailureOfThatRecord() {
        Codec<String> faulty = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                throw new IllegalArgumentException("will not");
            }

            @Override
            public String decode(byte[] data, int offset, int size) {
                throw new IllegalArgumentException("cannot");
            }
        };
        try (Journal<String> journal = Ministore.open(path(), faulty)) {
            MinistoreException refused =
                    assertThrows(MinistoreException.class, () -> journal.appendAll(List.of("x")));
            assertEquals(Code.INVALID_JSON, refused.code());
            assertEquals(1, refused.line());
            assertEquals("will not", refused.getCause().getMessage());
            assertEquals(1, journal.stat().nextSequence());
        }
        filled(1).close();
        try (Cursor<String> cursor = Ministore.replay(path(), faulty)) {
            assertEquals(Code.DECODE, assertThrows(MinistoreException.class, cursor::next).code());
            assertEquals(Code.DECODE, assertThrows(MinistoreException.class, cursor::next).code(), "again");
        }
    }

    @Test
    void nullIsRefusedBeforeItReachesTheLibrary() {
        assertThrows(NullPointerException.class, () -> Ministore.validate(null));
        assertThrows(NullPointerException.class, () -> Ministore.verify(null));
        assertThrows(NullPointerException.class, () -> Ministore.open(null, Codec.text()));
        assertThrows(NullPointerException.class, () -> Ministore.open(path(), null));
        assertThrows(NullPointerException.class, () -> Ministore.replay(path(), null));
        try (Journal<byte[]> journal = Ministore.open(path(), Codec.bytes())) {
            assertThrows(NullPointerException.class, () -> journal.append(null));
            assertThrows(NullPointerException.class, () -> journal.appendAll(Collections.singletonList(null)));
            assertEquals(1, journal.stat().nextSequence());
        }
    }

    /** Goal: a forgotten journal gives its lock free once it is collected. */
    @Test
    void aForgottenJournalIsClosedByTheCollector() throws InterruptedException {
        filled(1);
        while (true) {
            System.gc();
            try {
                filled(1).close();
                return;
            } catch (MinistoreException locked) {
                assertEquals(Code.LOCKED, locked.code());
                Thread.sleep(1);
            }
        }
    }

    @Test
    void garbageIsCollectedInAnyOrder() {
        filled(10_000).close();
        List<Object> kept = new ArrayList<>();
        for (int round = 0; round < 200; round++) {
            Cursor<String> cursor = Ministore.replay(path(), Codec.text());
            JournalRecord<String> record = cursor.next();
            Batch batch = cursor.batches().iterator().next();
            Object[] all = {cursor, record, batch, cursor.stream()};
            kept.add(all[round % all.length]);
            if (round % 3 == 0) cursor.close();
            if (round % 50 == 0) System.gc();
        }
        kept.clear();
        System.gc();
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            assertEquals(10_000, cursor.values().count());
        }
    }

    /** Goal: closing waits for the appends under way; those that come later are refused, and what returned is there. */
    @Test
    void closingWhileThreadsAppend() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        Journal<String> journal = Ministore.open(path(), Codec.text());
        Callable<Long> appender = () -> {
            long last = 0;
            try {
                while (true) last = journal.append("1");
            } catch (MinistoreException closed) {
                assertEquals(Code.CLOSED, closed.code());
                return last;
            }
        };
        List<Future<Long>> futures = new ArrayList<>();
        for (int i = 0; i < 8; i++) futures.add(threads.submit(appender));
        while (journal.stat().nextSequence() < 100) Thread.onSpinWait();
        journal.close();
        long last = 0;
        for (Future<Long> future : futures) last = Math.max(last, future.get());
        threads.shutdown();
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            assertEquals(last, cursor.values().count());
        }
    }

    /** Goal: whoever waits is told that the cursor was closed, whether that came before the wait or within. */
    @Test
    void closingWhileAThreadWaits() throws Exception {
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (int round = 0; round < 200; round++) {
            Cursor<String> cursor = Ministore.follow(path(), Codec.text());
            Thread waiting = new Thread(() -> assertClosed(() -> cursor.await(Duration.ofDays(1))));
            waiting.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
            waiting.start();
            for (int spin = 0; spin < round * 100; spin++) Thread.onSpinWait();
            cursor.close();
            waiting.join();
        }
        assertEquals(List.of(), failures);
    }
}
