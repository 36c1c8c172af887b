// The Java side of the matrix of languages. `Writer append JOURNAL SEGMENT_BYTES` appends the lines of stdin as records,
// two thirds one by one and the rest as one commit; `Writer replay JOURNAL` prints all records.
import io.github.ministore.Codec;
import io.github.ministore.JournalOptions;
import io.github.ministore.Ministore;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

class Writer {
    public static void main(String[] arguments) throws IOException {
        Path path = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "append" -> append(path, Long.parseLong(arguments[2]));
            case "replay" -> replay(path);
            default -> throw new IllegalArgumentException("append JOURNAL SEGMENT_BYTES | replay JOURNAL");
        }
    }

    private static void append(Path path, long segmentBytes) {
        List<String> records =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).lines().toList();
        int singles = records.size() * 2 / 3;
        JournalOptions options = new JournalOptions().maxBytesPerSegment(segmentBytes);
        try (var journal = Ministore.open(path, Codec.text(), options)) {
            records.subList(0, singles).forEach(journal::append);
            journal.appendAll(records.subList(singles, records.size()));
        }
    }

    private static void replay(Path path) throws IOException {
        try (var records = Ministore.replay(path, Codec.bytes());
                OutputStream output = new BufferedOutputStream(System.out)) {
            for (var record : records) {
                output.write(record.value());
                output.write('\n');
            }
        }
    }
}
