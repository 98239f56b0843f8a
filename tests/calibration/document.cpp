// What a wrong TOML document is told, word by word.
#include "calibration/document.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>

using calibration::DataError;
using calibration::parse_document;
using calibration::Table;

namespace {

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const DataError& error) {
        return error.what();
    }
    return "no error";
}

Table bench(std::string_view text) { return parse_document(text, "bench.toml"); }

const std::string_view whole =
    "name = \"line 3\"\n"
    "[capture]\n"
    "tick_s = 8e-9\n"
    "channel = 0\n"
    "explicit = true\n"
    "due = 2027-05-01\n"
    "bounds = [1, 2.5, -3]\n"
    "labels = [\"a\", \"b\"]\n"
    "[[position]]\n"
    "twin = { gain = 0.12 }\n"
    "[[position]]\n";

}  // namespace

TEST_CASE("a text with control characters is refused: names go to terminals, logs and pages") {
    const char* const name = GENERATE("a\\u001B[31mb", "a\\nb", "a\\tb", "a\\u0000", "a\\u007F");
    const Table document = bench("\nname = \"" + std::string(name) + "\"\n");
    const std::string message = message_of([&] { document.text("name"); });
    CHECK(message.find("bench.toml:2: name: expected a text without control characters, got ") ==
          0);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(bench("name = \"Zähler ½\"").text("name") == "Zähler ½");
}

TEST_CASE("a document gives its values by type") {
    const Table document = bench(whole);
    CHECK(document.text("name") == "line 3");
    const Table capture = document.table("capture");
    CHECK(capture.number("tick_s") == 8e-9);
    CHECK(capture.number("channel") == 0.0);  // an integer is a number too
    CHECK(capture.integer("channel") == 0);
    CHECK(capture.optional_boolean("explicit") == true);
    CHECK(capture.optional_date("due") == "2027-05-01");
    CHECK(capture.numbers("bounds") == std::vector<double>{1, 2.5, -3});
    CHECK(capture.texts("labels") == std::vector<std::string>{"a", "b"});
    const auto positions = document.tables("position");
    REQUIRE(positions.size() == 2);
    CHECK(positions[0].table("twin").number("gain") == 0.12);
    CHECK_FALSE(positions[1].optional_table("twin"));
    CHECK_NOTHROW(document.finish());
    CHECK_NOTHROW(capture.finish());
}

TEST_CASE("what is missing is nothing for an optional getter and an empty list for a list") {
    const Table document = bench("a = 1\n");
    CHECK_FALSE(document.optional_text("x"));
    CHECK_FALSE(document.optional_number("x"));
    CHECK_FALSE(document.optional_integer("x"));
    CHECK_FALSE(document.optional_boolean("x"));
    CHECK_FALSE(document.optional_date("x"));
    CHECK_FALSE(document.optional_one_of("x", {"a"}));
    CHECK_FALSE(document.optional_table("x"));
    CHECK(document.numbers("x").empty());
    CHECK(document.texts("x").empty());
    CHECK(document.tables("x").empty());
}

TEST_CASE("an error names file, line, key, what was expected and what was found") {
    struct Case {
        std::string_view text;
        std::function<void(const Table&)> read;
        std::string_view message;
    };
    const auto a = [](const Table& t) { return t.table("p"); };
    const Case cases[] = {
        {"\n[p]\nk = 200\n",
         [&](auto& t) { a(t).integer("k", {0, 126}); },
         "bench.toml:3: p.k: expected an integer from 0 to 126, got 200"},
        {"[p]\nk = 1.0\n",
         [&](auto& t) { a(t).integer("k"); },
         "bench.toml:2: p.k: expected an integer, got 1"},
        {"[p]\nk = -1\n",
         [&](auto& t) { a(t).number("k", {.least = 0}); },
         "bench.toml:2: p.k: expected a number of at least 0, got -1"},
        {"[p]\nk = 7.5\n",
         [&](auto& t) { a(t).number("k", {.most = 7}); },
         "bench.toml:2: p.k: expected a number of at most 7, got 7.5"},
        {"[p]\nk = nan\n",
         [&](auto& t) { a(t).number("k"); },
         "bench.toml:2: p.k: expected a number, got nan"},
        {"[p]\nk = inf\n",
         [&](auto& t) { a(t).number("k"); },
         "bench.toml:2: p.k: expected a number, got inf"},
        {"[p]\nk = \"1\"\n",
         [&](auto& t) { a(t).number("k"); },
         "bench.toml:2: p.k: expected a number, got \"1\""},
        {"[p]\nk = 1\n",
         [&](auto& t) { a(t).text("k"); },
         "bench.toml:2: p.k: expected a text, got 1"},
        {"[p]\nk = [1]\n",
         [&](auto& t) { a(t).text("k"); },
         "bench.toml:2: p.k: expected a text, got an array"},
        {"[p]\nk = {}\n",
         [&](auto& t) { a(t).text("k"); },
         "bench.toml:2: p.k: expected a text, got a table"},
        {"[p]\nk = 2027-05-01\n",
         [&](auto& t) { a(t).text("k"); },
         "bench.toml:2: p.k: expected a text, got a date or time"},
        {"[p]\nk = 1\n",
         [&](auto& t) { a(t).optional_boolean("k"); },
         "bench.toml:2: p.k: expected true or false, got 1"},
        {"[p]\nk = \"2027-05-01\"\n",
         [&](auto& t) { a(t).optional_date("k"); },
         "bench.toml:2: p.k: expected a date such as 2027-05-01, without quotes, got "
         "\"2027-05-01\""},
        {"[p]\nk = \"c\"\n",
         [&](auto& t) { a(t).one_of("k", {"a", "b"}); },
         "bench.toml:2: p.k: expected \"a\" or \"b\", got \"c\""},
        {"[p]\nk = true\n",
         [&](auto& t) { a(t).one_of("k", {"a", "b"}); },
         "bench.toml:2: p.k: expected \"a\" or \"b\", got true"},
        {"[p]\nk = [1, \"x\"]\n",
         [&](auto& t) { a(t).numbers("k"); },
         "bench.toml:2: p.k[1]: expected a number, got \"x\""},
        {"[p]\nk = [\n1,\n-2]\n",
         [&](auto& t) { a(t).numbers("k", {.least = 0}); },
         "bench.toml:4: p.k[1]: expected a number of at least 0, got -2"},
        {"[p]\nk = 1\n",
         [&](auto& t) { a(t).numbers("k"); },
         "bench.toml:2: p.k: expected an array, each a number, got 1"},
        {"[p]\nk = [1]\n",
         [&](auto& t) { a(t).texts("k"); },
         "bench.toml:2: p.k[0]: expected a text, got 1"},
        {"[p]\nk = \"a\"\n",
         [&](auto& t) { a(t).texts("k"); },
         "bench.toml:2: p.k: expected an array of texts, got \"a\""},
        {"\np = 1\n", [&](auto& t) { a(t); }, "bench.toml:2: p: expected a table, got 1"},
        {"\n[p]\n",
         [&](auto& t) { t.tables("p"); },
         "bench.toml:2: p: expected an array of tables, [[p]], got a table"},
        {"p = [{}, 5]\n",
         [&](auto& t) { t.tables("p"); },
         "bench.toml:1: p[1]: expected a table, got 5"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(message_of([&] { c.read(bench(c.text)); }) == c.message);
    }
}

TEST_CASE("a missing key is reported at the line of its table") {
    const Table document =
        bench("\n[bench]\nname = \"x\"\n\n[[position]]\n[[position]]\nled = 1\n");
    CHECK(message_of([&] { document.text("title"); }) ==
          "bench.toml:1: title: expected a text, got nothing");
    CHECK(message_of([&] { document.table("bench").text("clock"); }) ==
          "bench.toml:2: bench.clock: expected a text, got nothing");
    CHECK(message_of([&] { document.table("source"); }) ==
          "bench.toml:1: source: expected a table, got nothing");
    CHECK(message_of([&] { document.tables("position")[0].integer("led"); }) ==
          "bench.toml:5: position.led: expected an integer, got nothing");
}

TEST_CASE("an unknown key is refused with the known ones in the order of asking") {
    const Table document = bench("[bench]\nname = \"x\"\nclok = \"virtual\"\naaa = 1\n");
    const Table table = document.table("bench");
    table.text("name");
    table.optional_text("clock");
    CHECK(message_of([&] { table.finish(); }) ==
          "bench.toml:3: bench.clok: unknown key; known are name, clock");
    CHECK_NOTHROW(document.finish());  // a nested table is finished by itself
}

TEST_CASE("a table nobody asked for is an unknown key") {
    const Table document = bench("[bench]\nname = 1\n[extra]\n");
    CHECK(message_of([&] { document.finish(); }) ==
          "bench.toml:1: bench: unknown key; none is known here");
    document.table("bench");
    CHECK(message_of([&] { document.finish(); }) ==
          "bench.toml:3: extra: unknown key; known are bench");
}

TEST_CASE("copies of a table and the same table asked for twice share what was read") {
    const Table document = bench("[a]\nk = 1\n[[b]]\nk = 2\n");
    const Table first = document.table("a");
    const Table copy = first;
    copy.integer("k");
    CHECK_NOTHROW(first.finish());
    CHECK_NOTHROW(document.table("a").finish());
    document.tables("b")[0].integer("k");
    CHECK_NOTHROW(document.tables("b")[0].finish());
}

TEST_CASE("looking whether a key is there does not make it known") {
    const Table document = bench("b = 1\na = 2\n");
    CHECK(document.has("a"));
    CHECK_FALSE(document.has("c"));
    CHECK(document.keys() == std::vector<std::string>{"b", "a"});  // as written
    CHECK(message_of([&] { document.finish(); }) ==
          "bench.toml:1: b: unknown key; none is known here");
}

TEST_CASE("a nested table outlives the document it came from") {
    const Table nested = bench("[a]\nk = 5\n").table("a");
    CHECK(nested.integer("k") == 5);
}

TEST_CASE("a rule of the reader's own is reported with file, line and key") {
    const Table document = bench("x = 1\n[a]\nk = 5\n");
    const Table nested = document.table("a");
    CHECK(message_of([&] { nested.fail("k", "no"); }) == "bench.toml:3: a.k: no");
    CHECK(message_of([&] { nested.fail("", "no"); }) == "bench.toml:2: a: no");
    CHECK(message_of([&] { document.fail("", "no"); }) == "bench.toml:1: no");
}

TEST_CASE("a syntax error is one line with file, line and column") {
    const std::string_view texts[] = {"a = \n",
                                      "a = 1\na = 2\n",
                                      "[a\n",
                                      "a = \"x\nb\"\n",
                                      "= 1\n",
                                      "a = 2027-13-01\n",
                                      "a = \xff\n",
                                      "a = [1,,2]\n"};
    for (const std::string_view text : texts) {
        CAPTURE(text);
        const std::string message = message_of([&] { bench(text); });
        CHECK_THAT(message, Catch::Matches("bench\\.toml:[0-9]+:[0-9]+: syntax error: .+"));
        CHECK(message.find('\n') == std::string::npos);
    }
    CHECK_THAT(message_of([&] { bench("a = 1\n[=b]\nc = 2\n"); }),
               Catch::StartsWith("bench.toml:2:1: syntax error: "));
    CHECK_THAT(message_of([&] { bench("a = 1\nb = ?\n"); }),
               Catch::StartsWith("bench.toml:2:5: syntax error: "));
}

TEST_CASE("a document cut at any byte is either read or refused with one line") {
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        CAPTURE(length);
        const std::string message = message_of([&] { bench(whole.substr(0, length)); });
        if (message == "no error") continue;
        CHECK_THAT(message, Catch::StartsWith("bench.toml:"));
        CHECK(message.find('\n') == std::string::npos);
    }
}

TEST_CASE("a document with one wrong bit anywhere is either read or refused with one line") {
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        std::string text{whole};
        text[bit / 8] =
            static_cast<char>(static_cast<unsigned char>(text[bit / 8]) ^ (1u << (bit % 8)));
        CAPTURE(bit);
        const std::string message = message_of([&] { bench(text); });
        if (message == "no error") continue;
        CHECK_THAT(message, Catch::StartsWith("bench.toml:"));
        CHECK(message.find('\n') == std::string::npos);
    }
}

TEST_CASE("an integer beyond a double's exact range is kept exactly") {
    CHECK(bench("k = 9223372036854775807\n").integer("k") == 9223372036854775807);
}

TEST_CASE("an error is one line, whatever it quotes") {
    const DataError error{"\"a\nb\x1B[2J\t\x7F\": expected Grüße"};
    CHECK(std::string_view{error.what()} ==
          "\"a\\x0Ab\\x1B[2J\\x09\\x7F\": expected Gr\xC3\xBC\xC3\x9F"
          "e");
    const auto quote = [] { parse_document("key = \"a\\nb\"", "quoting.toml").number("key"); };
    CHECK_THROWS_WITH(quote(), "quoting.toml:1: key: expected a number, got \"a\\x0Ab\"");
}

// The parser's table of white space holds a promise to the compiler that such characters break.
TEST_CASE("a letter of any script outside a text is refused with one line") {
    for (unsigned letter = 0xA1; letter < 0x800; ++letter) {
        const std::string text{static_cast<char>(0xC0 | letter >> 6),
                               static_cast<char>(0x80 | (letter & 0x3F))};
        CAPTURE(letter);
        CHECK_THAT(message_of([&] { bench("k" + text + "= 1\n"); }),
                   Catch::StartsWith("bench.toml:1:"));
        CHECK_THAT(message_of([&] { bench(text); }), Catch::StartsWith("bench.toml:1:"));
    }
}

TEST_CASE("a key has at most 32 parts, however they are written") {
    const auto repeated = [](std::string_view part, std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) text += part;
        return text;
    };
    CHECK(message_of([&] { bench(repeated("a.", 31) + "b = 1\n"); }) == "no error");
    const std::string refusal = "bench.toml:2:1: syntax error: expected a key of at most 32 parts";
    for (const std::string_view part : {"a.", "a . ", "\"a b\".", "'a\".'.", "\"\\\"\".", "ä."}) {
        for (const std::size_t count : {32UL, 200'000UL}) {
            CAPTURE(part, count);
            const std::string key = repeated(part, count);
            CHECK(message_of([&] { bench("k = 1\n" + key + "b = 1\n"); }) == refusal);
            CHECK(message_of([&] { bench("k = 1\n[" + key + "b]\n"); }) == refusal);
            CHECK(message_of([&] { bench("k = 1\nl = {" + key + "b = 1}\n"); }) == refusal);
        }
    }
}

TEST_CASE("dots in texts, numbers and comments are no parts of a key") {
    const auto table = bench(
        "k = \"1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3.4.5.6.7.8.9.0.1.2.3\"\n"
        "n = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, "
        "1.4, 1.5, 1.6, 1.7, 1.8, 1.9]  # ......................................\n");
    CHECK(table.text("k").size() == 65);
    CHECK(table.numbers("n").size() == 19);
}

TEST_CASE("what trips the parser is named by its line, in a long document too") {
    std::string text;
    for (int line = 1; line < 3000; ++line) text += "k" + std::to_string(line) + " = 1\n";
    CHECK_THAT(message_of([&] { bench(text + "[=\n" + "k = 1\n"); }),
               Catch::StartsWith("bench.toml:3000:1: syntax error: "));
}
