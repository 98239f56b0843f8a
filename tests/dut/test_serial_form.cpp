// Serial numbers composed of identification fields, and taken apart again.
#include "dut/serial_form.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dut;

namespace {

IdentificationRow field(const char* name, int words, Encoding encoding) {
    IdentificationRow row;
    row.field = name;
    row.block = "id";
    row.words = words;
    row.encoding = encoding;
    return row;
}

RegisterMap map_with(const char* form) {
    RegisterMap map;
    map.blocks.push_back({"id", 0, 20, "found"});
    map.identification = {field("year", 1, Encoding::hexadecimal),
                          field("order", 1, Encoding::number),
                          field("plant", 2, Encoding::string_norm),
                          field("version", 1, Encoding::hundredths)};
    map.serial_form = form;
    return map;
}

}  // namespace

TEST_CASE("serial numbers are composed and taken apart by the form") {
    struct Row {
        const char* form;
        FieldTexts fields;
        const char* serial;
    };
    const auto row = GENERATE(values<Row>(
        {{"{year}[-{order}]", {{"year", "2448"}, {"order", "12"}}, "2448-12"},
         {"{plant}/{order}", {{"plant", "AB"}, {"order", "7"}}, "AB/7"},
         {"{plant}{order}", {{"plant", "WIEN"}, {"order", "7"}}, "WIEN7"},
         {"SN {order} ({year})", {{"order", "65535"}, {"year", "00FF"}}, "SN 65535 (00FF)"},
         {"[{plant}-]{order}", {{"plant", "X"}, {"order", "7"}}, "X-7"}}));
    INFO(row.form);
    const RegisterMap map = map_with(row.form);
    CHECK_FALSE(serial_form_fault(row.form, map));
    CHECK(compose_serial(row.form, row.fields) == row.serial);
    CHECK(split_serial(row.serial, map) == row.fields);
}

TEST_CASE("a group in brackets is left out when it says nothing") {
    CHECK(compose_serial("{year}[-{order}]", {{"year", "2448"}, {"order", "0"}}) == "2448");
    CHECK(compose_serial("{year}[-{order}]", {{"year", "2448"}, {"order", ""}}) == "2448");
    CHECK(compose_serial("{year}[-{order}]", {{"year", "2448"}}) == "2448");
    CHECK(split_serial("2448", map_with("{year}[-{order}]")) == FieldTexts{{"year", "2448"}});
    CHECK(split_serial("7", map_with("[{plant}-]{order}")) == FieldTexts{{"order", "7"}});
}

TEST_CASE("what has not the form is refused") {
    const RegisterMap map = map_with("{year}[-{order}]");
    for (const char* wrong : {"", "244", "24480", "2448-", "2448-x", "244G", "2448-1-2", " 2448"}) {
        INFO(wrong);
        CHECK_THROWS_WITH(
            split_serial(wrong, map),
            std::string{"serial: expected the form {year}[-{order}], got \""} + wrong + "\"");
    }
}

TEST_CASE("a form that cannot be used says why") {
    struct Row {
        const char* form;
        const char* fault;
    };
    const auto row = GENERATE(values<Row>({{"", "expected at least one field in braces"},
                                           {"24480001", "expected at least one field in braces"},
                                           {"{year", "a { without its }"},
                                           {"year}", "a } out of place"},
                                           {"{year}]", "a ] out of place"},
                                           {"{year}[[{order}]]", "a [ out of place"},
                                           {"{year}[-{order}", "a [ without its ]"},
                                           {"{lot}", "there is no field \"lot\""},
                                           {"{version}",
                                            "\"version\" is a version, no part of a serial "
                                            "number"}}));
    INFO(row.form);
    CHECK(serial_form_fault(row.form, map_with(row.form)) == std::string{row.fault});
}

TEST_CASE("a serial number's fields must be read with the probe, in one block") {
    RegisterMap map = map_with("{year}");
    map.identification.front().block = "elsewhere";
    CHECK(serial_form_fault("{year}", map) ==
          std::string{"\"year\" is not in the first block of the identification"});
}
