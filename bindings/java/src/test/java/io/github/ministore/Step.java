// The fields of a step of the conformance suite; what nobody took of them is unknown, and so a failure.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

final class Step {
    final ObjectNode fields;

    Step(JsonNode fields) {
        this.fields = fields.deepCopy();
    }

    boolean has(String name) {
        return fields.has(name);
    }

    /** A field that has to be there. */
    JsonNode take(String name) {
        JsonNode value = fields.remove(name);
        assertNotNull(value, name + " is missing");
        return value;
    }

    String text(String name) {
        return take(name).textValue();
    }

    String text(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    long number(String name) {
        return Long.parseUnsignedLong(text(name));
    }

    /** Compares a field, if it is there, with what came. */
    void expect(String name, Object got) {
        if (has(name)) assertEquals(text(name), String.valueOf(got), name);
    }

    void expectCode(MinistoreException error) {
        expect("code", error.code());
        expect("segment", error.segment());
        expect("line", error.line());
        expect("offset", error.offset());
        expect("sequence", error.sequence());
        done();
    }

    List<byte[]> records(String name) {
        List<byte[]> records = new ArrayList<>();
        if (has(name)) take(name).forEach(value -> records.add(bytes(value)));
        return records;
    }

    void done() {
        assertTrue(fields.isEmpty(), () -> "unknown fields " + fields);
    }

    /** What is left of the fields, as bytes. */
    byte[] bytes() {
        JsonNode left = fields.deepCopy();
        fields.removeAll();
        return bytes(left);
    }

    static byte[] bytes(JsonNode value) {
        if (value.isTextual()) return value.textValue().getBytes(StandardCharsets.UTF_8);
        Step step = new Step(value);
        int times = Integer.parseInt(step.text("repeat", "1"));
        ByteArrayOutputStream once = new ByteArrayOutputStream();
        if (step.has("text")) {
            once.writeBytes(step.text("text").getBytes(StandardCharsets.UTF_8));
        } else if (step.has("hex")) {
            once.writeBytes(HexFormat.of().parseHex(step.text("hex")));
        } else {
            step.take("parts").forEach(part -> once.writeBytes(bytes(part)));
        }
        step.done();
        return new String(once.toByteArray(), StandardCharsets.ISO_8859_1)
                .repeat(times)
                .getBytes(StandardCharsets.ISO_8859_1);
    }
}
