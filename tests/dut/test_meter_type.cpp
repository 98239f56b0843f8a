// Meter types as data: the built-in ones carry the printed values, and nothing wrong gets in.
#include "dut/meter_type.hpp"
#include "tests/dut/emulated_bench.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
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

TEST_CASE("the five COUNTIS are built in") {
    CHECK(meter_type_ids() ==
          std::vector<std::string>{
              "countis-e27", "countis-e28", "countis-e43", "countis-e47", "countis-e48"});
    for (const auto& id : meter_type_ids()) {
        const MeterType type = meter_type(id);
        INFO(id);
        const bool serial_line = id == "countis-e43";
        CHECK(type.id == id);
        CHECK(type.ratings.constant.value() == (serial_line ? 10000 : 1000));
        CHECK(type.register_resolution.value() == 10);
        CHECK(type.roll_over.value() == 1e9);
        CHECK(type.modbus->tcp() == !serial_line);
        CHECK(type.modbus->rtu.has_value() == serial_line);
        CHECK(type.modbus->unit == (serial_line ? 1 : 5));
        CHECK(type.never_exceed.voltage.value() == (serial_line ? 264.5 : 288));
        CHECK(type.registers.rows.size() > 40);
        CHECK(broadcast_quantities(type) == std::vector<std::string>{"tariff"});
    }
}

TEST_CASE("an unknown meter type is refused with the list of those that exist") {
    CHECK_THROWS_WITH(meter_type_text("countis-e99"),
                      "meter type \"countis-e99\": expected one of countis-e27, countis-e28, "
                      "countis-e43, countis-e47, countis-e48");
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
                                           {"countis-e28", "B", 0.02, 0.25, 0.5, 5, 80, 2, 2},
                                           {"countis-e43", "1", 0.01, 0.05, 0.25, 5, 6, 4, 2}}));
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
    if (std::string{row.id} != "countis-e43") {
        CHECK(type.reactive_classes.front().standard == "IEC 62053-23");
    }
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

TEST_CASE("a set transformer has the weight of its ratio, and the terminals their share of it") {
    const MeterType type = meter_type("countis-e47");
    struct Row {
        int primary_a, secondary_a;
        double weight_wh, at_terminals_wh;
    };
    const auto row = GENERATE(values<Row>({{5, 5, 1, 1},
                                           {1, 5, 1, 5},
                                           {24, 5, 1, 1 / 4.8},  // 4.8 counts as 4
                                           {25, 5, 5, 1},
                                           {4, 1, 1, 0.25},
                                           {5, 1, 5, 1},
                                           {3124, 1, 1000, 1000 / 3124.0},
                                           {3125, 1, 10000, 3.2},
                                           {12000, 5, 1000, 1000 / 2400.0},
                                           {12000, 1, 10000, 10000 / 12000.0}}));
    INFO(row.primary_a << " A to " << row.secondary_a << " A");
    CHECK(pulse_weight(type, row.primary_a, row.secondary_a)->value() == row.weight_wh);
    CHECK(pulse_weight_at_terminals(type, row.primary_a, row.secondary_a)->value() ==
          Approx(row.at_terminals_wh));
}

TEST_CASE("direct meters have one weight, and the E43 has no pulse output") {
    for (const char* id : {"countis-e27", "countis-e28"}) {
        CHECK(pulse_weight_at_terminals(meter_type(id), 5, 5)->value() == 100);
    }
    const MeterType e43 = meter_type("countis-e43");
    CHECK_FALSE(e43.pulse_output);
    CHECK_FALSE(pulse_weight(e43, 1));
    CHECK_FALSE(pulse_weight_at_terminals(e43, 5, 5));
}

TEST_CASE("what the meters survive for a while") {
    const auto e48 = meter_type("countis-e48").never_exceed.short_overloads;
    REQUIRE(e48.size() == 2);
    CHECK(e48[0].voltage->value() == 300);
    CHECK(e48[0].duration_s == 1);
    CHECK(e48[1].current->value() == 120);
    CHECK(e48[1].duration_s == 0.5);
    const auto e28 = meter_type("countis-e28").never_exceed.short_overloads;
    CHECK(e28[1].current->value() == 2400);
    CHECK(e28[1].duration_s == 0.01);
    const MeterType e43 = meter_type("countis-e43");
    CHECK(e43.never_exceed.short_overloads.at(0).current->value() == 120);
    CHECK(e43.supply->least_voltage.value() == 184);
    CHECK(e43.supply->most_voltage.value() == 288);
}

TEST_CASE("the E43 has six networks, each with its weights and a code that is only assumed") {
    const MeterType type = meter_type("countis-e43");
    struct Row {
        const char* name;
        int wires, voltage_inputs, current_inputs;
        std::array<double, 3> weights;
    };
    const auto row = GENERATE(values<Row>({{"1BL", 2, 1, 1, {1, 0, 0}},
                                           {"2BL", 2, 2, 1, {2, 0, 0}},
                                           {"3BL", 3, 3, 1, {3, 0, 0}},
                                           {"3NBL", 3, 3, 2, {1, 1, 1}},
                                           {"4BL", 4, 3, 1, {3, 0, 0}},
                                           {"4NBL", 4, 3, 3, {1, 1, 1}}}));
    INFO(row.name);
    const Network* network = find_network(type, row.name);
    REQUIRE(network);
    CHECK(network->wires == row.wires);
    CHECK(network->voltage_inputs == row.voltage_inputs);
    CHECK(network->current_inputs == row.current_inputs);
    CHECK(network->phase_weights == row.weights);
    CHECK(network->confidence == "assumed");
    CHECK(find_network(type, *network->code) == network);
    CHECK(type.default_network == "4NBL");
    CHECK(type.networks.size() == 6);
    CHECK_FALSE(find_network(type, "5BL"));
    CHECK_FALSE(find_network(type, 6));
}

TEST_CASE("the E43's line can be set to four rates and four framings") {
    const MeterType type = meter_type("countis-e43");
    REQUIRE(type.modbus->rtu);
    CHECK(type.modbus->rtu->baud == 9600);
    CHECK(type.modbus->rtu->framing == "8E1");
    CHECK(type.modbus->rtu->bauds == std::vector<int>{4800, 9600, 19200, 38400});
    CHECK(type.modbus->rtu->framings == std::vector<std::string>{"8N1", "8E1", "8O1", "8N2"});
}

TEST_CASE("transformers the meters can be set to") {
    const MeterType e47 = meter_type("countis-e47");
    CHECK(ratio_possible(e47, 1, 1));
    CHECK(ratio_possible(e47, 12000, 5));
    CHECK_FALSE(ratio_possible(e47, 0, 5));
    CHECK_FALSE(ratio_possible(e47, 12001, 5));
    CHECK_FALSE(ratio_possible(e47, 100, 2));
    CHECK_FALSE(ratio_possible(meter_type("countis-e43"), 100, 1));
    CHECK_FALSE(ratio_possible(meter_type("countis-e28"), 5, 5));
    CHECK(carried_ratio(e47, 100, 5) == 20);
    CHECK(carried_ratio(meter_type("countis-e28"), 100, 5) == 1);
}

TEST_CASE("a meter nobody has set has the ratio 1, or the nearest its transformer can have") {
    MeterType type = meter_type("countis-e47");
    CHECK(ratio_as_it_comes(type).primary_a == 5);
    CHECK(ratio_as_it_comes(type).secondary_a == 5);
    type.transformer->secondaries_a = {1};
    CHECK(ratio_as_it_comes(type).primary_a == 1);
    type.transformer->least_primary_a = 50;
    CHECK(ratio_as_it_comes(type).primary_a == 50);
    CHECK(ratio_as_it_comes(type).secondary_a == 1);
    CHECK(ratio_as_it_comes(meter_type("countis-e28")).primary_a == 1);
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
            const bool without_table = id == "countis-e47" || id == "countis-e48";
            CHECK_FALSE((without_table && row.confidence == "found"));
            const bool invented = row.address >= 0xA000 && row.address < 0xB000;
            if (invented) CHECK(row.confidence == "assumed");
            CHECK(find_block(type.registers, row.block)->confidence !=
                  (invented ? "found" : "assumed"));
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
         {"a limit below Imax", "current_a = 6\n", "current_a = 5\n", "never_exceed"},
         {"a limit below 1.15 Un", "voltage_v = 288", "voltage_v = 250", "1.15 Un"},
         {"frequencies crossed",
          "least_frequency_hz = 45",
          "least_frequency_hz = 66",
          "most_frequency_hz"},
         {"a gap between pulse bands", "least_ratio = 25,", "least_ratio = 26,", "expected 25"},
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
         {"a block too long for one request", "words = 62", "words = 126", "125 words"},
         {"two blocks of one name", "name = \"mid\"", "name = \"setup\"", "two blocks \"setup\""},
         {"two blocks on one address",
          "start = 0xC68A\nwords = 3",
          "start = 0xC68A\nwords = 30",
          "overlaps"},
         {"a row of no width", "0xC6A0, words = 1", "0xC6A0, words = 0", "words"},
         {"a row over its block's end", "0xC588", "0xC58D", "inside block instant"},
         {"a band that ends before it begins",
          "least_ratio = 25, most_ratio = 124",
          "least_ratio = 25, most_ratio = 24",
          "most_ratio"},
         {"bands that overlap", "least_ratio = 25,", "least_ratio = 24,", "expected 25"},
         {"bands that begin at 2", "least_ratio = 1,", "least_ratio = 2,", "expected 1"},
         {"bands that end before the transformer",
          "most_ratio = 12000",
          "most_ratio = 11999",
          "the bands end at 11999, the transformer goes to 12000"},
         {"no bands", "bands = [", "bands = []\nother = [", "expected at least one band"},
         {"a ratio counted in nothing",
          "counted_in = \"ratio\"",
          "counted_in = \"A\"",
          "counted_in"},
         {"a transformer meter without transformer",
          "[current_transformer]",
          "[transformer]",
          "current_transformer"},
         {"half a secondary", "secondaries_a = [1, 5]", "secondaries_a = [1.5]", "whole numbers"},
         {"a short limit of both kinds",
          "current_a = 120",
          "current_a = 120\nvoltage_v = 290",
          "either voltage_v or current_a"},
         {"a network that measures nothing",
          "phase_weights = [1, 1, 1]",
          "phase_weights = [0, 0, 0]",
          "nothing would be measured"},
         {"a network of two phases' weights",
          "phase_weights = [1, 1, 1]",
          "phase_weights = [1, 1]",
          "three numbers"},
         {"a code without its confidence", "wires = 4\n", "wires = 4\ncode = 3\n", "confidence"},
         {"averages without periods", "[demand]", "[demands]", "demand"},
         {"a period that cannot be set",
          "default_period_s = 600",
          "default_period_s = 601",
          "601 is not among"},
         {"a period of no minutes", "periods_s = [60,", "periods_s = [61,", "61 s are no minutes"},
         {"no port at all", "host = \"192.168.0.4\"\nport = 502\n", "", "host and port"},
         {"a probe that does not exist", "probe = \"maker\"", "probe = \"brand\"", "brand"},
         {"a name nobody can check", ", expected = \"COUNTIS E48\"", "", "identification.name"},
         {"a serial of an unknown field", "[-{serial_order}]", "[-{lot}]", "no field \"lot\""},
         {"a serial with an open bracket",
          "[-{serial_order}]",
          "[-{serial_order}",
          "without its ]"},
         {"a serial without fields",
          "{serial_year_week}{serial_line}[-{serial_order}]",
          "unknown",
          "at least one field"},
         {"a text its words cannot hold",
          "expected = \"SOCO\"",
          "expected = \"SOCOM\"",
          "does not fit"},
         {"one field twice",
          "field = \"serial_line\"",
          "field = \"maker\"",
          "such a field already"},
         {"a command nobody may write",
          "access = \"write\", command = true",
          "command = true",
          "a command is written"},
         {"a broadcast of two words", "0xC6A1, words = 1", "0xC6A4, words = 2", "is one word"},
         {"an unknown access", "access = \"sealed\"", "access = \"locked\"", "access"},
         {"a pattern of another width",
          "address = 0xC588,",
          "address = 0xC588, not_available = \"FFFF\",",
          "8 hexadecimal digits"},
         {"a row of a tariff there is not",
          "tariffs = 4",
          "tariffs = 3",
          "expected at least 4: there is a row active_import_energy_t4"},
         {"two scales of a voltage",
          "0xC558, scale = 0.01",
          "0xC558, scale = 0.01, other_scales = [0.1]",
          "only a frequency"},
         {"a float of one word",
          "address = 0xE001, words = 1,",
          "address = 0xE001, words = 1, format = \"float\", resolution = 1,",
          "2 or 4 words"},
         {"a float without resolution",
          "address = 0xC588,",
          "address = 0xC588, format = \"float\",",
          "resolution"}}));
    INFO(row.what);
    const std::string said = refusal(with(e48(), row.from, row.to));
    INFO(said);
    CHECK(said.starts_with("mine.toml:"));
    CHECK(said.find(row.says) != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
}

TEST_CASE("a wrong serial-line type is refused in one line that names file and key") {
    struct Row {
        const char* what;
        const char* from;
        const char* to;
        const char* says;
    };
    const auto row = GENERATE(values<Row>(
        {{"a rate that cannot be set", "baud = 9600", "baud = 2400", "2400 is not among"},
         {"a framing nobody has", "\"8N2\"]", "\"7E1\"]", "got 7E1"},
         {"a framing that cannot be set", "framing = \"8E1\"", "framing = \"8E2\"", "8E2"},
         {"two networks of one name", "name = \"2BL\"", "name = \"1BL\"", "two networks 1BL"},
         {"two networks of one code", "code = 1\n", "code = 0\n", "another network has code 0"},
         {"a network without a code",
          "code = 1\nconfidence = \"assumed\"\n",
          "",
          "2BL has no code"},
         {"no default network", "default = true\n", "", "default = true"},
         {"two default networks", "code = 1\n", "code = 1\ndefault = true\n", "two defaults"},
         {"five wires", "wires = 2\n", "wires = 5\n", "wires"},
         {"supply limits crossed",
          "most_voltage_v = 288",
          "most_voltage_v = 180",
          "most_voltage_v"},
         {"one curve command for both", "older = 0xFFFE", "older = 0x0001", "same command"},
         {"a curve block too long",
          "records_per_block = 29",
          "records_per_block = 30",
          "records_per_block"},
         {"a curve on other registers",
          "block_address = 0xF010",
          "block_address = 0xDFFF",
          "overlaps block setup"},
         {"a curve that keeps less than a block",
          "capacity = 4464",
          "capacity = 28",
          "capacity"}}));
    INFO(row.what);
    const std::string text{meter_type_text("countis-e43").text};
    const std::string said = refusal(with(text, row.from, row.to));
    INFO(said);
    CHECK(said.starts_with("mine.toml:"));
    CHECK(said.find(row.says) != std::string::npos);
    CHECK(said.find('\n') == std::string::npos);
}

TEST_CASE("the text of a built-in type is accepted as it is, under any file name") {
    CHECK(refusal(e48()) == "accepted");
}
