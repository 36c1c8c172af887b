// How the native library is found, in Java processes of their own: in the jar, or by java.library.path, or not at all.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadingTest {
    private static final Path CLASSES = Path.of(
            Ministore.class.getProtectionDomain().getCodeSource().getLocation().getPath());

    @TempDir
    Path folder;

    /** Prints the version of the core: what the child processes run. */
    public static final class Version {
        private Version() {}

        public static void main(String[] arguments) {
            System.out.println(Ministore.version());
        }
    }

    private record Ended(int status, String output) {}

    private Ended java(Path classes, String... options) throws Exception {
        Path tests = Path.of(Version.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xshare:auto"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classes + ":" + tests, Version.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        return new Ended(process.waitFor(), output);
    }

    /** The classes without the library; where it is now. */
    private Path strip(Path to) throws IOException {
        Path library = null;
        try (Stream<Path> all = Files.walk(CLASSES)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                boolean found = file.toString().endsWith(System.mapLibraryName("ministore_java"));
                if (found) library = file;
                Path copy = to.resolve(CLASSES.relativize(file));
                Files.createDirectories(copy.getParent());
                if (!found) Files.copy(file, copy);
            }
        }
        return library;
    }

    @Test
    void theLibraryComesFromTheJarAndLeavesNothing() throws Exception {
        Ended ended = java(CLASSES, "-Djava.io.tmpdir=" + folder);
        assertEquals(new Ended(0, Ministore.version() + "\n"), ended);
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(), left.filter(file -> !file.endsWith("hsperfdata")).toList());
        }
    }

    @Test
    void theLibraryComesFromThePath() throws Exception {
        Path library = strip(folder.resolve("classes"));
        Ended ended = java(folder.resolve("classes"), "-Djava.library.path=" + library.getParent());
        assertEquals(new Ended(0, Ministore.version() + "\n"), ended);
    }

    @Test
    void aLibraryThatIsNowhereIsAnErrorThatSaysWhereItWasLookedFor() throws Exception {
        strip(folder.resolve("classes"));
        Ended ended = java(folder.resolve("classes"));
        assertNotEquals(0, ended.status);
        assertTrue(ended.output.contains("the jar holds no linux-"), ended.output);
        assertTrue(ended.output.contains("java.library.path"), ended.output);
    }
}
