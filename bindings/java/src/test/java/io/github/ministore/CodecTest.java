// Values through the codecs: whole both ways, and what does not fit is a failure with its place.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import io.github.ministore.MinistoreException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodecTest {
    @TempDir
    Path folder;

    record Event(long id, String text, Double amount, List<String> tags) {}

    private Path path() {
        return folder.resolve("journal");
    }

    private <T> void write(Codec<T> codec, List<T> values) {
        try (Journal<T> journal = Ministore.open(path(), codec)) {
            journal.appendAll(values);
        }
    }

    private <T> List<T> read(Codec<T> codec) {
        try (Cursor<T> cursor = Ministore.replay(path(), codec)) {
            return cursor.values().toList();
        }
    }

    @Test
    void treesAndTextKeepEveryValue() throws Exception {
        List<String> texts = List.of(
                "9223372036854775807",
                "-9223372036854775808",
                "123456789012345678901234567890",
                "0.1",
                "1.7976931348623157E308",
                "4.9E-324",
                "null",
                "[]",
                "{}",
                "[{},[],null,true,false,\"\"]",
                "\"é ☃ \\u0000 \\n\"",
                "{\"b\":1,\"a\":{\"\":null}}");
        List<JsonNode> trees = new ArrayList<>();
        for (String text : texts) trees.add(new ObjectMapper().readTree(text));
        write(JacksonCodec.tree(), trees);
        assertEquals(trees, read(JacksonCodec.tree()));
        assertEquals(texts, read(Codec.text()), "written with the fewest characters, in the same order");
    }

    @Test
    void textBeyondSixteenBits() {
        write(JacksonCodec.of(String.class), List.of("𝄞"));
        assertEquals(List.of("𝄞"), read(JacksonCodec.of(String.class)));
        write(Codec.text(), List.of("\"𝄞\""));
        assertEquals(List.of("𝄞", "𝄞"), read(JacksonCodec.of(String.class)));
    }

    @Test
    void classesAndTypesWithParameters() {
        List<Event> events = List.of(
                new Event(Long.MAX_VALUE, "größe", 0.25, List.of("a", "b")), new Event(-1, null, null, List.of()));
        write(JacksonCodec.of(Event.class), events);
        assertEquals(events, read(JacksonCodec.of(Event.class)));
        List<Map<String, Object>> maps = read(JacksonCodec.of(new TypeReference<Map<String, Object>>() {}));
        assertEquals(Long.MAX_VALUE, maps.get(0).get("id"));
    }

    @Test
    void aRecordThatDoesNotFitIsAFailureWithItsPlace() {
        write(Codec.text(), List.of("{\"id\":1}", "{\"id\":9223372036854775808}", "[]", "{\"id\":4}"));
        Codec<Event> codec = JacksonCodec.of(Event.class);
        try (Cursor<Event> cursor = Ministore.replay(path(), codec)) {
            assertEquals(1, cursor.next().value().id());
            MinistoreException failure = assertThrows(MinistoreException.class, cursor::next);
            assertEquals(Code.DECODE, failure.code());
            assertEquals("journal", failure.segment());
            assertEquals(3, failure.line());
            assertEquals(2, failure.sequence());
            assertTrue(failure.getCause().getMessage().contains("out of range of long"));
        }
        List<Long> passed = new ArrayList<>();
        ReadOptions options = new ReadOptions().onBadLine(failure -> passed.add(failure.line()));
        try (Cursor<Event> cursor = Ministore.replay(path(), codec, options)) {
            assertEquals(List.of(1L, 4L), cursor.values().map(Event::id).toList());
        }
        assertEquals(List.of(3L, 4L), passed);
    }

    @Test
    void numbersThatADoubleCannotHoldAreRefusedBothWays() {
        write(Codec.text(), List.of("1e400"));
        try (Cursor<JsonNode> cursor = Ministore.replay(path(), JacksonCodec.tree())) {
            assertEquals(Code.DECODE, assertThrows(MinistoreException.class, cursor::next).code());
        }
        try (Cursor<Double> cursor = Ministore.replay(path(), JacksonCodec.of(Double.class))) {
            assertEquals(Code.DECODE, assertThrows(MinistoreException.class, cursor::next).code());
        }
        try (Journal<JsonNode> journal = Ministore.open(path(), JacksonCodec.tree())) {
            MinistoreException refused =
                    assertThrows(MinistoreException.class, () -> journal.append(DoubleNode.valueOf(Double.NaN)));
            assertEquals(Code.INVALID_JSON, refused.code());
        }
    }

    @Test
    void halfASurrogatePairIsRefusedNotReplaced() {
        try (Journal<String> text = Ministore.open(path(), Codec.text())) {
            MinistoreException refused =
                    assertThrows(MinistoreException.class, () -> text.append("\"" + (char) 0xd800 + "\""));
            assertEquals(Code.INVALID_JSON, refused.code());
        }
        try (Journal<String> typed = Ministore.open(path(), JacksonCodec.of(String.class))) {
            MinistoreException refused =
                    assertThrows(MinistoreException.class, () -> typed.append("" + (char) 0xd800));
            assertEquals(Code.INVALID_JSON, refused.code());
            assertEquals(1, typed.stat().nextSequence());
        }
    }

    @Test
    void recordsLongerThanJacksonsOwnBound() {
        String text = "x".repeat(21_000_000);
        write(JacksonCodec.of(String.class), List.of(text));
        assertEquals(List.of(text), read(JacksonCodec.of(String.class)));
    }
}
