// Finds and loads the native library: from the jar, by way of a private file that is gone when this returns, or from
// java.library.path.
package io.github.ministore.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

final class NativeLibrary {
    private static final String NAME = "ministore_java";

    private NativeLibrary() {}

    static void load() {
        String resource = platform() + "/" + System.mapLibraryName(NAME);
        Throwable first;
        try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
            if (library != null) {
                loadCopy(library);
                return;
            }
            first = new IOException("the jar holds no " + resource);
        } catch (IOException | UnsatisfiedLinkError error) { // no room, or a temporary folder mounted noexec
            first = error;
        }
        loadFromPath(first);
    }

    private static void loadFromPath(Throwable first) {
        try {
            System.loadLibrary(NAME);
        } catch (UnsatisfiedLinkError second) {
            UnsatisfiedLinkError error = new UnsatisfiedLinkError("ministore's native library cannot be loaded: "
                    + first.getMessage() + "; and " + second.getMessage()
                    + " (set java.io.tmpdir to a folder that may hold programs, or java.library.path)");
            error.initCause(first);
            throw error;
        }
    }

    // The folder has mode 0700 and the file 0600; once it is loaded the system needs no name for it.
    private static void loadCopy(InputStream library) throws IOException {
        Path folder = Files.createTempDirectory("ministore");
        Path file = null;
        try {
            file = Files.createTempFile(folder, "", System.mapLibraryName(NAME));
            Files.write(file, library.readAllBytes());
            System.load(file.toString());
        } finally {
            if (file != null) Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    private static String platform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String machine = System.getProperty("os.arch");
        return system + "-" + (machine.equals("amd64") ? "x86_64" : machine);
    }
}
