// Writers and readers: threads, batches, following, interrupts, places of failures.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ministore.MinistoreException.Code;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    @TempDir
    Path folder;

    private Path path() {
        return folder.resolve("journal");
    }

    private void write(String... records) {
        try (Journal<String> journal = Ministore.open(path(), Codec.text())) {
            journal.appendAll(List.of(records));
        }
    }

    @Test
    void manyThreadsAppend() throws Exception {
        Set<Long> sequences = new ConcurrentSkipListSet<>();
        try (Journal<String> journal = Ministore.open(path(), Codec.text())) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                threads.add(new Thread(() -> {
                    for (int n = 0; n < 50; n++) sequences.add(journal.append("" + n));
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) thread.join();
            assertEquals(800, journal.stat().durableSequence());
        }
        assertEquals(LongStream.rangeClosed(1, 800).boxed().toList(), List.copyOf(sequences));
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            assertEquals(800, cursor.values().count());
        }
    }

    @Test
    void aLineFeedInARecordOfABatchIsRefusedWithItsPlace() {
        try (Journal<String> journal = Ministore.open(path(), Codec.text())) {
            MinistoreException refused =
                    assertThrows(MinistoreException.class, () -> journal.appendAll(List.of("1", "2\n3")));
            assertEquals(Code.INVALID_JSON, refused.code());
            assertEquals(2, refused.line());
            assertEquals(1, refused.offset());
            assertEquals(1, journal.stat().nextSequence(), "nothing was written");
        }
    }

    @Test
    void recordsBatchesAndStreamsAreTheSame() {
        String[] records = Stream.iterate(0, n -> n + 1).limit(20_000).map(n -> "{\"n\":" + n + "}").toArray(String[]::new);
        write(records);
        List<String> batched = new ArrayList<>();
        int batches = 0;
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            JournalRecord<String> first = cursor.next();
            assertEquals(new JournalRecord<>(records[0], 1, "journal", 2, first.offset()), first);
            batched.add(first.value());
            assertTrue(cursor.hasNext());
            assertEquals(2, cursor.stat().nextSequence());
            for (Batch batch : cursor.batches()) {
                batches++;
                assertEquals(batched.size() + 1, batch.sequence());
                assertEquals(batched.size() + 2, batch.line());
                for (int i = 0; i < batch.count(); i++) {
                    batched.add(StandardCharsets.UTF_8.decode(batch.slice(i)).toString());
                }
            }
            assertFalse(cursor.hasNext());
        }
        assertTrue(batches > 1);
        assertEquals(List.of(records), batched);
        try (Stream<String> values = Ministore.replay(path(), Codec.text()).values()) {
            assertEquals(List.of(records), values.toList());
        }
    }

    @Test
    void aCursorAtItsEndGoesOnWithWhatIsAppended() {
        write("1");
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            assertEquals("1", cursor.next().value());
            assertFalse(cursor.hasNext());
            write("2");
            assertEquals("2", cursor.next().value());
            assertThrows(NoSuchElementException.class, cursor::next);
        }
    }

    @Test
    void damageIsThrownWithItsPlaceAndStays() throws Exception {
        write("1");
        Files.writeString(path(), "bad\n2\n", StandardOpenOption.APPEND);
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text())) {
            cursor.next();
            for (int again = 0; again < 2; again++) {
                MinistoreException failure = assertThrows(MinistoreException.class, cursor::hasNext);
                assertEquals(Code.CORRUPT, failure.code());
                assertEquals("journal", failure.segment());
                assertEquals(3, failure.line());
                assertEquals(2, failure.sequence());
                assertEquals(path().toString(), failure.path());
                assertTrue(failure.getMessage().contains("journal:3"));
            }
        }
    }

    @Test
    void aMissingSegmentCanBePassed() throws Exception {
        try (Journal<String> journal = Ministore.open(path(), Codec.text())) {
            for (int n = 1; n <= 3; n++) {
                journal.append("" + n);
                journal.rotate();
            }
        }
        Files.delete(folder.resolve("journal.002"));
        List<Code> passed = new ArrayList<>();
        ReadOptions options = new ReadOptions().onBadLine(failure -> passed.add(failure.code()));
        try (Cursor<String> cursor = Ministore.replay(path(), Codec.text(), options)) {
            assertEquals(List.of("1", "3"), cursor.values().toList());
        }
        assertEquals(List.of(Code.CORRUPT), passed);
    }

    @Test
    void pathsKeepTheirCharacters() {
        Path path = folder.resolve("größe 𝄞").resolve("journal");
        try (Journal<String> journal = Ministore.open(path, Codec.text())) {
            assertEquals(path, journal.path());
            assertTrue(Files.exists(path));
            MinistoreException locked =
                    assertThrows(MinistoreException.class, () -> Ministore.open(path, Codec.text()));
            assertEquals(Code.LOCKED, locked.code());
            assertEquals(path.toString(), locked.path());
        }
    }

    @Test
    void aFollowerCrossesRotationsAndEndsAtItsTimeout() throws Exception {
        write("0");
        ReadOptions options = new ReadOptions().atEnd().timeout(Duration.ofDays(1));
        try (Cursor<String> cursor = Ministore.follow(path(), Codec.text(), options)) {
            Thread writer = new Thread(() -> {
                try (Journal<String> journal =
                        Ministore.open(path(), Codec.text(), new JournalOptions().maxBytesPerSegment(100))) {
                    for (int n = 1; n <= 100; n++) journal.append("" + n);
                }
            });
            writer.start();
            for (int n = 1; n <= 100; n++) {
                JournalRecord<String> record = cursor.next();
                assertEquals(n + ":" + (n + 1), record.value() + ":" + record.sequence());
            }
            writer.join();
        }
        try (Cursor<String> cursor = Ministore.follow(path(), Codec.text(), new ReadOptions().timeout(Duration.ZERO))) {
            assertEquals(101, cursor.values().count());
            assertEquals(Waited.TIMEOUT, cursor.await(Duration.ofMillis(1)));
            cursor.interrupt();
            assertEquals(Waited.INTERRUPTED, cursor.await());
            write("101");
            assertEquals(Waited.READY, cursor.await());
        }
    }

    /** Goal: Thread.interrupt ends a wait that would last for ever, and leaves nothing behind for the next one. */
    @Test
    void anInterruptOfTheThreadEndsAWait() throws Exception {
        try (Cursor<String> cursor = Ministore.follow(path(), Codec.text())) {
            AtomicReference<Object> ended = new AtomicReference<>();
            Thread waiting = new Thread(() -> ended.set(assertThrows(InterruptedException.class, cursor::await)));
            waiting.start();
            waiting.interrupt();
            waiting.join();
            assertTrue(ended.get() instanceof InterruptedException);
            assertEquals(Waited.TIMEOUT, cursor.await(Duration.ZERO));

            Thread looping = new Thread(() -> ended.set(!cursor.hasNext() && Thread.currentThread().isInterrupted()));
            looping.start();
            looping.interrupt();
            looping.join();
            assertEquals(true, ended.get());
            assertEquals(Waited.TIMEOUT, cursor.await(Duration.ZERO));
        }
    }

    @Test
    void anInterruptOfTheCursorEndsTheIterationThatWaits() throws Exception {
        write("1");
        try (Cursor<String> cursor = Ministore.follow(path(), Codec.text())) {
            List<String> seen = new ArrayList<>();
            Thread looping = new Thread(() -> cursor.forEachRemaining(record -> seen.add(record.value())));
            looping.start();
            cursor.interrupt();
            looping.join();
            assertEquals(List.of("1"), seen);
        }
    }
}
