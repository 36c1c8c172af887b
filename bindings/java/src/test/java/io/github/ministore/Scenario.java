// Takes one scenario of the conformance suite through the public API: one method for each step.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

final class Scenario implements AutoCloseable {
    private final Path home;
    private Path folder;
    private int copies;
    private final Map<String, Journal<byte[]>> writers = new HashMap<>();
    private final Map<String, Follower> followers = new HashMap<>();

    private record Follower(Cursor<byte[]> cursor, List<MinistoreException> passed) {}

    Scenario(Path home) throws IOException {
        this.home = home;
        folder = Files.createDirectory(home.resolve("scenario"));
    }

    void run(JsonNode fields) throws Exception {
        Step step = new Step(fields);
        switch (step.text("do")) {
            case "open" -> open(step);
            case "append" -> append(step);
            case "append_batch" -> appendBatch(step);
            case "sync" -> call(step, writer(step)::sync);
            case "rotate" -> call(step, writer(step)::rotate);
            case "prune" -> prune(step);
            case "stat" -> stat(step);
            case "close" -> closeOne(step);
            case "abandon" -> abandon();
            case "replay" -> read(step, Ministore::replay);
            case "stream" -> read(step, Ministore::stream);
            case "follow" -> follow(step);
            case "next" -> next(step);
            case "wait" -> await(step);
            case "interrupt" -> follower(step).cursor.interrupt();
            case "verify" -> verify(step);
            case "repair" -> repair(step);
            case "json" -> json(step);
            case "put" -> put(step);
            case "cut" -> cut(step);
            case "mkdir" -> Files.createDirectory(path(step, "file"));
            case "link" -> Files.createLink(path(step, "file"), path(step, "target"));
            case "symlink" -> Files.createSymbolicLink(path(step, "file"), Path.of(step.text("target")));
            case "fifo" -> fifo(path(step, "file"));
            case "chmod" -> Files.setPosixFilePermissions(path(step, "file"), permissions(step.text("mode")));
            case "rename" -> Files.move(path(step, "file"), path(step, "to"));
            case "remove" -> Files.delete(path(step, "file"));
            case "files" -> files(step);
            default -> fail("an unknown step");
        }
        step.done();
    }

    @Override
    public void close() {
        writers.values().forEach(journal -> ignoringFailures(journal::close));
        followers.values().forEach(follower -> ignoringFailures(follower.cursor::close));
        writers.clear();
        followers.clear();
    }

    private static void ignoringFailures(Runnable close) {
        try {
            close.run();
        } catch (MinistoreException poisoned) {
            assertFalse(poisoned.getMessage().isEmpty());
        }
    }

    private Path path(Step step, String name) {
        return Path.of(folder + "/" + step.text(name));
    }

    private Journal<byte[]> writer(Step step) {
        return required(writers.get(step.text("on", "j")));
    }

    private Follower follower(Step step) {
        return required(followers.get(step.text("on", "c")));
    }

    private static <H> H required(H handle) {
        if (handle == null) fail("no handle of that name");
        return handle;
    }

    /** What the call returns; null if it failed as the step expects. */
    private static <R> R call(Step step, Supplier<R> call) {
        if (!step.has("error")) return call.get();
        Step expected = new Step(step.take("error"));
        expected.expectCode(assertThrows(MinistoreException.class, call::get));
        return null;
    }

    private static void call(Step step, Runnable call) {
        call(step, () -> {
            call.run();
            return true;
        });
    }

    // Writers

    private void open(Step step) {
        Path path = path(step, "path");
        String name = step.text("as", "j");
        JournalOptions options = new JournalOptions();
        if (step.has("max_bytes_per_segment")) options.maxBytesPerSegment(step.number("max_bytes_per_segment"));
        if (step.has("max_segments")) options.maxSegments((int) step.number("max_segments"));
        if (step.has("max_record_bytes")) options.maxRecordBytes(step.number("max_record_bytes"));
        if (step.has("preallocate_bytes")) options.preallocateBytes(step.number("preallocate_bytes"));
        if (step.has("sync")) options.sync(Sync.valueOf(step.text("sync").toUpperCase(Locale.ROOT)));
        if (step.has("torn_tail")) options.tornTail(TornTail.valueOf(step.text("torn_tail").toUpperCase(Locale.ROOT)));
        if (step.has("mode")) options.mode(Integer.parseInt(step.text("mode"), 8));
        Journal<byte[]> journal = call(step, () -> Ministore.open(path, Codec.bytes(), options));
        if (journal == null) return;
        if (writers.put(name, journal) != null) fail("the name is taken");
        step.expect("torn_bytes", journal.stat().tornBytes());
    }

    private void append(Step step) {
        Journal<byte[]> journal = writer(step);
        byte[] record = Step.bytes(step.take("record"));
        expectResult(step, "sequence", call(step, () -> journal.append(record)));
    }

    private void appendBatch(Step step) {
        Journal<byte[]> journal = writer(step);
        List<byte[]> records = step.records("records");
        expectResult(step, "sequence", call(step, () -> journal.appendAll(records)));
    }

    private void prune(Step step) {
        Journal<byte[]> journal = writer(step);
        long before = step.number("before");
        expectResult(step, "removed", call(step, () -> journal.prune(before)));
    }

    private static void expectResult(Step step, String name, Object got) {
        if (got != null) step.expect(name, got);
    }

    private void stat(Step step) {
        if (step.has("on") && followers.containsKey(step.fields.get("on").textValue())) {
            expectFields(step, call(step, follower(step).cursor::stat));
        } else {
            expectFields(step, call(step, writer(step)::stat));
        }
    }

    private void closeOne(Step step) {
        String name = step.text("on", "j");
        Follower follower = followers.remove(name);
        AutoCloseable handle = follower != null ? follower.cursor : required(writers.remove(name));
        call(step, () -> closing(handle));
    }

    private static void closing(AutoCloseable handle) {
        try {
            handle.close();
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    private void abandon() throws IOException {
        Path copy = home.resolve("scenario-" + ++copies);
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.toList()) {
                Path to = copy.resolve(folder.relativize(file));
                Files.copy(file, to, LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        close();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
        }
        folder = copy;
    }

    // Readers

    private interface Opening {
        Cursor<byte[]> open(Path path, Codec<byte[]> codec, ReadOptions options);
    }

    private static ReadOptions reading(Step step, List<MinistoreException> passed) {
        ReadOptions options = new ReadOptions();
        if (step.has("max_record_bytes")) options.maxRecordBytes(step.number("max_record_bytes"));
        if (step.has("from")) options.from(step.number("from"));
        if (step.has("on_bad_line")) {
            assertEquals("skip", step.text("on_bad_line"));
            options.onBadLine(passed::add);
        }
        return options;
    }

    private void read(Step step, Opening opening) {
        Path path = path(step, "path");
        List<MinistoreException> passed = new ArrayList<>();
        ReadOptions options = reading(step, passed);
        List<Cursor<byte[]>> opened = new ArrayList<>();
        expectRecords(step, passed, () -> {
            opened.add(opening.open(path, Codec.bytes(), options));
            return opened.get(0);
        });
        if (step.has("torn_bytes")) step.expect("torn_bytes", opened.get(0).stat().tornBytes());
        opened.forEach(Cursor::close);
    }

    private void follow(Step step) {
        Path path = path(step, "path");
        String name = step.text("as", "c");
        List<MinistoreException> passed = new ArrayList<>();
        ReadOptions options = reading(step, passed).timeout(Duration.ZERO);
        if (step.has("at_end") && step.take("at_end").booleanValue()) options.atEnd();
        Cursor<byte[]> cursor = call(step, () -> Ministore.follow(path, Codec.bytes(), options));
        if (cursor != null && followers.put(name, new Follower(cursor, passed)) != null) fail("the name is taken");
    }

    private void next(Step step) {
        Follower follower = follower(step);
        follower.passed.clear();
        expectRecords(step, follower.passed, follower::cursor);
    }

    private void await(Step step) throws InterruptedException {
        Cursor<byte[]> cursor = follower(step).cursor;
        Waited waited = cursor.await(Duration.ofMillis(step.number("timeout_ms")));
        step.expect("result", waited.name().toLowerCase(Locale.ROOT));
    }

    private static void expectRecords(Step step, List<MinistoreException> passed, Supplier<Cursor<byte[]>> cursor) {
        List<JournalRecord<byte[]>> got = new ArrayList<>();
        call(step, () -> {
            for (JournalRecord<byte[]> record : cursor.get()) got.add(record);
        });
        List<byte[]> expected = step.records("records");
        assertEquals(expected.size(), got.size(), "records");
        for (int i = 0; i < got.size(); i++) assertArrayEquals(expected.get(i), got.get(i).value());
        if (step.has("sequences")) {
            List<String> sequences = new ArrayList<>();
            step.take("sequences").forEach(sequence -> sequences.add(sequence.textValue()));
            assertEquals(sequences, got.stream().map(record -> "" + record.sequence()).toList());
        }
        List<Step> errors = new ArrayList<>();
        if (step.has("errors")) step.take("errors").forEach(error -> errors.add(new Step(error)));
        assertEquals(errors.size(), passed.size(), "errors");
        for (int i = 0; i < passed.size(); i++) errors.get(i).expectCode(passed.get(i));
    }

    // Care

    private void verify(Step step) {
        Path path = path(step, "path");
        long bound = step.has("max_record_bytes") ? step.number("max_record_bytes") : 64 << 20;
        if (step.has("error")) {
            Step expected = new Step(step.take("error"));
            MinistoreException problem = assertThrows(MinistoreException.class, () -> Ministore.verify(path, bound));
            expected.expectCode(problem);
            expectFields(step, problem.verified());
        } else {
            expectFields(step, Ministore.verify(path, bound));
        }
    }

    private void repair(Step step) {
        Path path = path(step, "path");
        long bound = step.has("max_record_bytes") ? step.number("max_record_bytes") : 64 << 20;
        boolean dryRun = step.has("dry_run") && step.take("dry_run").booleanValue();
        expectFields(step, call(step, () -> Ministore.repair(path, dryRun, bound)));
    }

    private void json(Step step) {
        byte[] record = Step.bytes(step.take("record"));
        call(step, () -> Ministore.validate(record));
    }

    /** Compares the components of an info with the fields of the same names. */
    private static void expectFields(Step step, Record info) {
        if (info == null) return;
        for (var component : info.getClass().getRecordComponents()) {
            String name = component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            try {
                step.expect(name, component.getAccessor().invoke(info));
            } catch (ReflectiveOperationException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    // Files

    private void put(Step step) throws IOException {
        Path file = path(step, "file");
        String at = step.text("at", null);
        byte[] data = step.bytes();
        Set<StandardOpenOption> flags = EnumSet.of(StandardOpenOption.WRITE);
        if (at == null) flags.addAll(EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING));
        FileAttribute<?> mode = PosixFilePermissions.asFileAttribute(permissions("0600"));
        try (FileChannel channel = FileChannel.open(file, flags, mode)) {
            long place = at == null ? 0 : at.equals("end") ? channel.size() : Long.parseLong(at);
            assertEquals(data.length, channel.write(ByteBuffer.wrap(data), place));
        }
    }

    private void cut(Step step) throws IOException {
        try (FileChannel channel = FileChannel.open(path(step, "file"), StandardOpenOption.WRITE)) {
            channel.truncate(step.number("bytes"));
        }
    }

    private static void fifo(Path file) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).start().waitFor(), "mkfifo");
    }

    private static Set<PosixFilePermission> permissions(String mode) {
        int bits = Integer.parseInt(mode, 8);
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all = PosixFilePermission.values(); // from 0400 down
        for (int i = 0; i < all.length; i++) if ((bits & 0400 >> i) != 0) set.add(all[i]);
        return set;
    }

    private static String mode(Path file) throws IOException {
        int bits = 0;
        for (PosixFilePermission one : Files.getPosixFilePermissions(file)) bits |= 0400 >> one.ordinal();
        return String.format("%04o", bits);
    }

    private void files(Step step) throws IOException {
        Set<String> found = new TreeSet<>();
        try (Stream<Path> all = Files.walk(folder)) {
            all.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .forEach(file -> found.add(folder.relativize(file).toString()));
        }
        Set<String> expected = new TreeSet<>();
        step.fields.fieldNames().forEachRemaining(expected::add);
        assertEquals(expected, found);
        for (String name : found) expectFile(folder.resolve(name), new Step(step.take(name)));
    }

    private static void expectFile(Path file, Step expected) throws IOException {
        if (expected.has("target")) expected.expect("target", Files.readSymbolicLink(file));
        if (expected.has("mode")) expected.expect("mode", mode(file));
        if (expected.has("bytes")) expected.expect("bytes", Files.size(file));
        if (!expected.fields.isEmpty()) assertArrayEquals(expected.bytes(), Files.readAllBytes(file));
    }
}
