// How values become records and back.
package io.github.ministore;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How values become records and back. Used by many threads at once.
 *
 * @param <T> the type of the values
 */
public interface Codec<T> {
    /**
     * Encodes a value.
     *
     * @param value the value
     * @return one JSON text on one line, in UTF-8
     * @throws Exception if the value is none that JSON can hold; it becomes {@link MinistoreException.Code#INVALID_JSON}
     */
    byte[] encode(T value) throws Exception;

    /**
     * Decodes a record.
     *
     * @param data bytes, some of which are the record; not to be kept or changed
     * @param offset where it begins
     * @param size its length
     * @return the value
     * @throws Exception if the record does not fit the type; it becomes {@link MinistoreException.Code#DECODE}
     */
    T decode(byte[] data, int offset, int size) throws Exception;

    /** {@return the codec of those who want records as they are} */
    static Codec<byte[]> bytes() {
        return Raw.BYTES;
    }

    /** {@return the codec of records as text} */
    static Codec<String> text() {
        return Raw.TEXT;
    }
}

/** The codecs that leave the JSON to others. */
final class Raw {
    static final Codec<byte[]> BYTES = new Codec<>() {
        @Override
        public byte[] encode(byte[] value) {
            return value;
        }

        @Override
        public byte[] decode(byte[] data, int offset, int size) {
            return Arrays.copyOfRange(data, offset, offset + size);
        }
    };

    static final Codec<String> TEXT = new Codec<>() {
        // getBytes would write a question mark for half a surrogate pair.
        @Override
        public byte[] encode(String value) throws CharacterCodingException {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        }

        @Override
        public String decode(byte[] data, int offset, int size) {
            return new String(data, offset, size, StandardCharsets.UTF_8);
        }
    };

    private Raw() {}
}
