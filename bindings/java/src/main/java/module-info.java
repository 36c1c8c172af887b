/** An embedded write-ahead journal of JSON records. */
module io.github.ministore {
    requires static com.fasterxml.jackson.databind;

    exports io.github.ministore;
}
