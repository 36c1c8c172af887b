// Appends a greeting to the journal given as argument, then reads all records back.
import io.github.ministore.Codec;
import io.github.ministore.Ministore;
import java.nio.file.Path;

class Quickstart {
    public static void main(String[] arguments) {
        Path path = Path.of(arguments[0]);
        long number;
        try (var journal = Ministore.open(path, Codec.text())) {
            number = journal.append("{\"event\":\"hello\",\"from\":\"Java\"}");
        }
        long count = 0;
        try (var records = Ministore.replay(path, Codec.text())) {
            for (var record : records) count++;
        }
        System.out.println("Java appended record " + number + " and read " + count + " records back");
    }
}
