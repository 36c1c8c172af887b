// Values through Jackson: trees, and classes of any kind that Jackson binds.
package io.github.ministore;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/**
 * Values through Jackson. Integers are exact; NaN and infinities are refused, and a number beyond the range of the type
 * asked for is a failure, never rounded.
 *
 * @param <T> the type of the values
 */
public final class JacksonCodec<T> implements Codec<T> {
    private static final ObjectMapper MAPPER = mapper();

    private final ObjectWriter writer;
    private final ObjectReader reader;

    private JacksonCodec(ObjectMapper mapper, JavaType type) {
        writer = mapper.writerFor(type);
        reader = mapper.readerFor(type);
    }

    /**
     * {@return the codec of a class: a record, a bean, a map, what Jackson binds}
     *
     * @param <T> the type of the values
     * @param type the class
     */
    public static <T> JacksonCodec<T> of(Class<T> type) {
        return of(MAPPER, MAPPER.constructType(type));
    }

    /**
     * {@return the codec of a type with parameters: {@code of(new TypeReference<List<Event>>() {})}}
     *
     * @param <T> the type of the values
     * @param type the type
     */
    public static <T> JacksonCodec<T> of(TypeReference<T> type) {
        return of(MAPPER, MAPPER.constructType(type));
    }

    /**
     * {@return the codec of a mapper of your own} It must write one line.
     *
     * @param <T> the type of the values
     * @param mapper the mapper
     * @param type the type, as the mapper's constructType makes it
     */
    public static <T> JacksonCodec<T> of(ObjectMapper mapper, JavaType type) {
        return new JacksonCodec<>(mapper, type);
    }

    /** {@return the codec of JSON trees, for records of any shape} */
    public static JacksonCodec<JsonNode> tree() {
        return of(JsonNode.class);
    }

    @Override
    public byte[] encode(T value) throws IOException {
        return writer.writeValueAsBytes(value);
    }

    @Override
    public T decode(byte[] data, int offset, int size) throws IOException {
        try (JsonParser parser = new Finite(reader.getFactory().createParser(data, offset, size))) {
            return reader.readValue(parser);
        }
    }

    // Records are as long as the journal allows. A bare NaN is refused by append; in quotes it would be another value.
    private static ObjectMapper mapper() {
        JsonFactory factory = JsonFactory.builder()
                .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
                .build();
        return JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .build();
    }

    /** Refuses numbers that a double cannot hold, of which Jackson makes infinities. */
    private static final class Finite extends JsonParserDelegate {
        Finite(JsonParser parser) {
            super(parser);
        }

        @Override
        public double getDoubleValue() throws IOException {
            double value = super.getDoubleValue();
            if (Double.isInfinite(value)) throw beyond();
            return value;
        }

        @Override
        public float getFloatValue() throws IOException {
            float value = super.getFloatValue();
            if (Float.isInfinite(value)) throw beyond();
            return value;
        }

        @Override
        public Number getNumberValue() throws IOException {
            Number value = super.getNumberValue();
            if (value instanceof Double number && number.isInfinite()) throw beyond();
            return value;
        }

        private JsonParseException beyond() throws IOException {
            return new JsonParseException(this, "a number beyond the range of its type: " + getText());
        }
    }
}
