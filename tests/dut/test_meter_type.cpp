// Meter types as data: the built-in ones carry the printed values, and nothing wrong gets in.
#include "dut/meter_type.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace dut;
using calibration::DataError;
using dut_test::meter_type;

namespace {

std::string e48() { return std::string{meter_type_text("countis-e48").text}; }

std::string with(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
    try {
        parse_meter_type(text, "mine.toml");
    } catch (const DataError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("the four COUNTIS with Ethernet are built in") {
    CHECK(meter_type_ids() ==
          std::vector<std::string>{"countis-e27", "countis-e28", "countis-e47", "countis-e48"});
    for (const auto& id : meter_type_ids()) {
        const MeterType type = meter_type(id);
        CHECK(type.id == id);
        CHECK(type.ratings.constant.value() == 1000);
        CHECK(type.register_resolution.value() == 10);
        CHECK(type.roll_over.value() == 1e9);
        CHECK(type.modbus->port == 502);
        CHECK(type.modbus->unit == 5);
        CHECK(type.never_exceed.voltage.value() == 288);
        CHECK(type.registers.rows.size() > 40);
    }
}

TEST_CASE("an unknown meter type is refused with the list of those that exist") {
    CHECK_THROWS_WITH(meter_type_text("countis-e99"),
                      "meter type \"countis-e99\": expected one of countis-e27, countis-e28, "
                      "countis-e47, countis-e48");
}

TEST_CASE("printed currents and classes of each type") {
    struct Row {
        const char* id;
        const char* accuracy_class;
        double starting, minimum, transitional, reference, maximum;
        int tariffs;
        std::size_t frequencies;
    };
    const auto row = GENERATE(values<Row>({{"countis-e47", "1", 0.002, 0.01, 0.05, 1, 6, 4, 2},
                                           {"countis-e48", "C", 0.001, 0.01, 0.05, 1, 6, 4, 1},
                                           {"countis-e27", "1", 0.02, 0.25, 0.5, 5, 80, 2, 2},
                                           {"countis-e28", "B", 0.02, 0.25, 0.5, 5, 80, 2, 2}}));
    const MeterType type = meter_type(row.id);
    INFO(row.id);
    CHECK(type.accuracy_class == row.accuracy_class);
    CHECK(type.ratings.starting.value() == row.starting);
    CHECK(type.ratings.minimum.value() == row.minimum);
    CHECK(type.ratings.transitional.value() == row.transitional);
    CHECK(type.ratings.reference.value() == row.reference);
    CHECK(type.ratings.maximum.value() == row.maximum);
    CHECK(type.never_exceed.current.value() == row.maximum);
    CHECK(type.tariffs == row.tariffs);
    CHECK(type.nominal_frequencies.size() == row.frequencies);
    CHECK(type.reactive_classes.front().standard == "IEC 62053-23");
}

TEST_CASE("the E48's printed Imin of 0.10 A is a misprint, and 0.01 A is used") {
    const MeterType type = meter_type("countis-e48");
    CHECK(type.printed_minimum.value() == 0.10);
    REQUIRE(type.printed_faults.size() == 1);
    CHECK(type.printed_faults[0].message.find("Imin") != std::string::npos);
    CHECK(ratings(type, MinimumCurrent::consistent).minimum.value() == 0.01);
    CHECK(ratings(type, MinimumCurrent::printed).minimum.value() == 0.10);
}

TEST_CASE("the E28's printed currents are consistent") {
    const MeterType type = meter_type("countis-e28");
    CHECK(type.printed_faults.empty());
    CHECK(type.printed_minimum.value() == type.ratings.minimum.value());
}

TEST_CASE("the pulse weight follows the transformer ratio, at both ends of every band") {
    const MeterType type = meter_type("countis-e48");
    struct Row {
        int ratio;
        double weight_wh;
    };
    const auto row = GENERATE(values<Row>({{1, 1},
                                           {4, 1},
                                           {5, 5},
                                           {24, 5},
                                           {25, 25},
                                           {124, 25},
                                           {125, 125},
                                           {624, 125},
                                           {625, 1000},
                                           {3124, 1000},
                                           {3125, 10000},
                                           {12000, 10000}}));
    INFO("ratio " << row.ratio);
    REQUIRE(pulse_weight(type, row.ratio));
    CHECK(pulse_weight(type, row.ratio)->value() == row.weight_wh);
}

TEST_CASE("outside the printed bands there is no pulse weight") {
    CHECK_FALSE(pulse_weight(meter_type("countis-e48"), 0));
    CHECK_FALSE(pulse_weight(meter_type("countis-e48"), 12001));
    CHECK_FALSE(pulse_weight(meter_type("countis-e28"), 2));
    CHECK(pulse_weight(meter_type("countis-e28"), 1)->value() == 100);
}

TEST_CASE("every register says where it is known from and how sure that is") {
    for (const auto& id : meter_type_ids()) {
        const MeterType type = meter_type(id);
        for (const auto& row : type.registers.rows) {
            INFO(id << " " << row.quantity);
            CHECK_FALSE(row.source.empty());
            const bool known = row.confidence == "found" || row.confidence == "inferred" ||
                               row.confidence == "assumed";
            CHECK(known);
            const bool by_transformer =
                type.ratings.connection == calibration::Connection::transformer;
            CHECK_FALSE((by_transformer && row.confidence == "found"));
        }
    }
}

TEST_CASE("a wrong type file is refused in one line that names file and key") {
    struct Row {
        const char* what;
        const char* from;
        const char* to;
        const char* says;
    };
    const auto row = GENERATE(values<Row>(
        {{"a missing key", "maker = \"Socomec\"\n", "", "maker"},
         {"an unknown key", "maker = ", "colour = \"red\"\nmaker = ", "colour"},
         {"a text for a number", "tariffs = 4", "tariffs = \"four\"", "tariffs"},
         {"a class nobody claims", "programme = \"C\"", "programme = \"B\"", "accuracy.programme"},
         {"a class without standard", "IEC 62053-21 class 1", "class one", "STANDARD class CLASS"},
         {"Imin above the ratio", "minimum_a = 0.01", "minimum_a = 0.02", "Imin"},
         {"a limit below Imax", "current_a = 6", "current_a = 5", "never_exceed"},
         {"a limit below 1.15 Un", "voltage_v = 288", "voltage_v = 250", "1.15 Un"},
         {"frequencies crossed",
          "least_frequency_hz = 45",
          "least_frequency_hz = 66",
          "most_frequency_hz"},
         {"a gap between pulse bands", "least_ratio = 25\n", "least_ratio = 26\n", "expected 25"},
         {"unit 0", "unit = 5", "unit = 0", "modbus.unit"},
         {"unit 248", "unit = 5", "unit = 248", "modbus.unit"},
         {"an unknown quantity", "\"voltage_l1\"", "\"voltage_l4\"", "voltage_l4"},
         {"an address outside its block", "0xC558", "0xC658", "inside block instant"},
         {"two rows on one address", "0xC558", "0xC55A", "0xC55A, which another row has"},
         {"a scale of zero",
          "address = 0xC566, scale = 0.001",
          "address = 0xC566, scale = 0",
          "above 0"},
         {"a block without a source", "source = \"EnergyICT driver of the E44\"\n", "", "source"},
         {"a maker nobody can check", ", expected = \"SOCO\"", "", "maker"},
         {"another resolution",
          "register_resolution_wh = 10",
          "register_resolution_wh = 1",
          "register_resolution_wh"},
         {"a block too long for one request", "words = 62", "words = 126", "125 words"}}));
    INFO(row.what);
    const std::string said = refusal(with(e48(), row.from, row.to));
    INFO(said);
    CHECK(said.starts_with("mine.toml:"));
    CHECK(said.find(row.says) != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
}

TEST_CASE("the text of a built-in type is accepted as it is, under any file name") {
    CHECK(refusal(e48()) == "accepted");
}
