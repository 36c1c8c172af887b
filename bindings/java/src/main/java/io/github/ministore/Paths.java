// Paths as the bytes that the system has them by.
package io.github.ministore;

import java.nio.charset.Charset;
import java.nio.file.Path;

final class Paths {
    private static final Charset SYSTEM =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private Paths() {}

    static byte[] bytes(Path path) {
        return path.toString().getBytes(SYSTEM);
    }

    static String text(byte[] path) {
        return new String(path, SYSTEM);
    }
}
