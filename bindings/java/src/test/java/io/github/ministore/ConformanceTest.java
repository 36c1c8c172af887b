// Takes every scenario of tests/conformance through the public API, as its README.md says.
package io.github.ministore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ConformanceTest {
    private static final Path SUITE = Path.of("../../tests/conformance");

    private static int ran;
    private static int all;

    @TestFactory
    List<DynamicTest> scenarios() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Path file : suiteFiles()) {
            for (JsonNode scenario : new ObjectMapper().readTree(file.toFile())) {
                String name = scenario.get("name").textValue();
                names.add(name);
                tests.add(dynamicTest(file.getFileName() + ": " + name, () -> run(scenario)));
            }
        }
        all = tests.size();
        assertTrue(all > 0);
        assertEquals(all, names.size(), "names are unlike each other");
        return tests;
    }

    @AfterAll
    static void everyScenarioRan() {
        System.out.println("conformance: " + ran + " of " + all + " scenarios ran");
        assertEquals(all, ran);
    }

    private static List<Path> suiteFiles() throws IOException {
        try (Stream<Path> files = Files.list(SUITE)) {
            return files.filter(file -> file.toString().endsWith(".json") && !file.endsWith("schema.json"))
                    .sorted()
                    .toList();
        }
    }

    private static void run(JsonNode found) throws Exception {
        ran++;
        Path home = Files.createTempDirectory("ministore-conformance");
        try (Scenario scenario = new Scenario(home)) {
            int number = 0;
            for (JsonNode step : found.get("steps")) {
                number++;
                try {
                    scenario.run(step);
                } catch (Exception | AssertionError failure) {
                    throw new AssertionError("step " + number + " " + step + ": " + failure, failure);
                }
            }
        } finally {
            try (Stream<Path> files = Files.walk(home)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
            }
        }
    }
}
