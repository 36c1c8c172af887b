// Benchmarks of the Java package: replay and durable appends, each beside a bare loop that does the same.
//
//     java -cp JAR:JACKSON bench/bench_java.java [FOLDER [RECORDS]]
//
// The candidates take turns, in another order each time, and the median of five counts, after two turns for the
// compiler. FOLDER should be on the disk in question.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.ministore.Batch;
import io.github.ministore.Codec;
import io.github.ministore.Cursor;
import io.github.ministore.JacksonCodec;
import io.github.ministore.Journal;
import io.github.ministore.JournalOptions;
import io.github.ministore.JournalRecord;
import io.github.ministore.Ministore;
import io.github.ministore.Sync;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class Bench {
    record Event(int id, String kind, String user, double amount, String note) {}

    private interface Candidate {
        long run() throws Exception; // how many records
    }

    private static final int ROUNDS = 5;
    private static final int WARM_UP = 2;

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory(Path.of(arguments.length > 0 ? arguments[0] : "."), "bench-java");
        int records = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1_000_000;
        try {
            replays(folder.resolve("replay"), records);
            appends(folder);
        } finally {
            for (String name : List.of("replay", "append", "bare")) Files.deleteIfExists(folder.resolve(name));
            Files.delete(folder);
        }
    }

    /** A record of 120 bytes, with its line feed. */
    private static String record(int n) {
        String start = String.format(
                "{\"id\":%d,\"kind\":\"order.created\",\"user\":\"user-%04d\",\"amount\":%d.25,\"note\":\"", n, n % 1000, n % 997);
        return start + "x".repeat(117 - start.length()) + "\"}";
    }

    private static void replays(Path path, int records) throws Exception {
        try (Journal<String> journal = Ministore.open(path, Codec.text(), new JournalOptions().sync(Sync.MANUAL))) {
            List<String> batch = new ArrayList<>();
            for (int n = 0; n < records; n++) {
                batch.add(record(n));
                if (batch.size() < 1000 && n < records - 1) continue;
                journal.appendAll(batch);
                batch.clear();
            }
        }
        ObjectMapper mapper = new ObjectMapper();
        Map<String, Candidate> candidates = new LinkedHashMap<>();
        candidates.put("raw batches", () -> batches(path));
        candidates.put("raw records, byte[] each", () -> count(Ministore.replay(path, Codec.bytes())));
        candidates.put("records into classes", () -> count(Ministore.replay(path, JacksonCodec.of(Event.class))));
        candidates.put("records into trees", () -> count(Ministore.replay(path, JacksonCodec.tree())));
        candidates.put("own loop: readLine + Jackson tree", () -> ownLoop(path, mapper));
        show("replay", Files.size(path) / (double) records, candidates, "raw batches", "own loop: readLine + Jackson tree");
    }

    private static long batches(Path path) {
        long count = 0;
        long bytes = 0;
        try (Cursor<byte[]> cursor = Ministore.replay(path, Codec.bytes())) {
            for (Batch batch : cursor.batches()) {
                for (int i = 0; i < batch.count(); i++) bytes += batch.size(i);
                count += batch.count();
            }
        }
        if (bytes != 119 * count) throw new AssertionError(bytes);
        return count;
    }

    private static <T> long count(Cursor<T> cursor) {
        long count = 0;
        try (cursor) {
            for (JournalRecord<T> record : cursor) if (record.value() != null) count++;
        }
        return count;
    }

    private static long ownLoop(Path path, ObjectMapper mapper) throws IOException {
        long count = 0;
        try (BufferedReader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            reader.readLine(); // the header
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                JsonNode tree = mapper.readTree(line);
                if (tree != null) count++;
            }
        }
        return count;
    }

    private static void appends(Path folder) throws Exception {
        byte[] line = (record(1) + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] record = Arrays.copyOf(line, line.length - 1);
        try (Journal<byte[]> journal = Ministore.open(folder.resolve("append"), Codec.bytes());
                FileChannel bare = FileChannel.open(
                        folder.resolve("bare"), StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND)) {
            Map<String, Candidate> candidates = new LinkedHashMap<>();
            candidates.put("one writer", () -> {
                for (int i = 0; i < 100; i++) journal.append(record);
                return 100;
            });
            candidates.put("bare write + fdatasync", () -> {
                for (int i = 0; i < 100; i++) {
                    bare.write(ByteBuffer.wrap(line));
                    bare.force(false);
                }
                return 100;
            });
            candidates.put("64 threads", () -> threads(journal, record));
            show("durable append", line.length, candidates, "one writer", "bare write + fdatasync");
        }
    }

    private static long threads(Journal<byte[]> journal, byte[] record) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            threads.add(new Thread(() -> {
                for (int n = 0; n < 50; n++) journal.append(record);
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) thread.join();
        return 64 * 50;
    }

    private static void show(String title, double size, Map<String, Candidate> candidates, String left, String right)
            throws Exception {
        Map<String, List<Double>> rates = new LinkedHashMap<>();
        candidates.keySet().forEach(name -> rates.put(name, new ArrayList<>()));
        List<String> order = new ArrayList<>(candidates.keySet());
        for (int round = 0; round < WARM_UP + ROUNDS; round++) {
            Collections.shuffle(order);
            for (String name : order) {
                long begin = System.nanoTime();
                long count = candidates.get(name).run();
                if (round >= WARM_UP) rates.get(name).add(count * 1e9 / (System.nanoTime() - begin));
            }
        }
        System.out.println(title);
        rates.forEach((name, found) ->
                System.out.printf("  %-36s %,12.0f records/s %8.1f MB/s%n", name, median(found), median(found) * size / 1e6));
        System.out.printf("  %s / %s: %.2f%n", left, right, median(rates.get(left)) / median(rates.get(right)));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
