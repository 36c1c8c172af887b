// A second opinion on JSON, by RapidJSON: its iterative parser, with UTF-8 validated and numbers left as text. Where it
// differs from RFC 8259 is made up for here, each with its reason.
#include "oracle.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <cstring>

namespace {

// Counts how deep arrays and objects are nested.
struct Depth : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Depth> {
    std::size_t now = 0, most = 0;
    bool Open() {
        if (++now > most) most = now;
        return true;
    }
    bool Close() {
        now--;
        return true;
    }
    bool StartObject() { return Open(); }
    bool StartArray() { return Open(); }
    bool EndObject(rapidjson::SizeType) { return Close(); }
    bool EndArray(rapidjson::SizeType) { return Close(); }
};

}  // namespace

extern "C" oracle_answer oracle_is_json(const char *data, std::size_t size, std::size_t *depth) {
    // To RapidJSON a NUL is the end of the text. JSON has none anywhere.
    if (size > 0 && std::memchr(data, '\0', size) != nullptr) return ORACLE_NO;
    rapidjson::MemoryStream stream(data, size);
    rapidjson::Reader reader;
    Depth handler;
    constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    const rapidjson::ParseErrorCode code = reader.Parse<flags>(stream, handler).Code();
    *depth = handler.most;
    // A number out of a double's range is JSON, but RapidJSON reads no further.
    if (code == rapidjson::kParseErrorNumberTooBig) return ORACLE_NO_OPINION;
    return code == rapidjson::kParseErrorNone ? ORACLE_YES : ORACLE_NO;
}
