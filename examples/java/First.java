// The first five lines: append durably, replay in order.
// java -cp ministore-0.2.0.jar:jackson-databind-….jar:jackson-core-….jar:jackson-annotations-….jar First.java
import io.github.ministore.Codec;
import io.github.ministore.JacksonCodec;
import io.github.ministore.Ministore;
import java.nio.file.Path;

public class First {
    record Event(String type, String text) {}

    public static void main(String[] arguments) {
        Path path = Path.of("events.jsonl");
        Codec<Event> codec = JacksonCodec.of(Event.class);
        try (var journal = Ministore.open(path, codec)) {
            journal.append(new Event("greeting", "hello")); // on the disk when this returns
        }
        try (var records = Ministore.replay(path, codec)) {
            for (var record : records) System.out.println(record.sequence() + " " + record.value().text());
        }
    }
}
