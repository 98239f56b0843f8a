// The emulated instrument as a program meets it: the deviations from SCPI one by one, then what it
// measures.
#include "instruments/zera_zscpi/emulator.hpp"

#include "calibration/document.hpp"
#include "instruments/zera_zscpi/instrument.hpp"
#include "instruments/zera_zscpi/measured.hpp"
#include "instruments/zera_zscpi/parameters.hpp"
#include "instruments/zera_zscpi/wire.hpp"
#include "tests/instruments/zera_zscpi/bench.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

using namespace calibration;
using namespace zera_zscpi_test;

namespace {

const LoadPoint five_amperes =
    LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind"));

// A bare client: what it sends goes out as it is, and it hears everything that comes within
// `patience`.
struct Terminal {
    explicit Terminal(Bench& bench) : bench_(bench), link_(bench.connect()) {}

    std::string hears(std::string sent, Duration patience = 3s) {
        return bench_.loop->run(talk(std::move(sent), patience));
    }
    // One answer of one line, without its end.
    std::string asks(std::string query) {
        std::string answer = hears(query + "\n");
        REQUIRE(answer.ends_with('\n'));
        answer.pop_back();
        return answer;
    }
    double value(std::string query) {
        const std::string answer = asks(std::move(query));
        const auto item = zscpi::ItemReader{answer}.next();
        REQUIRE(item.has_value());
        return zscpi::parse_number(item->value).value();
    }
    void close() { link_->close(); }

  private:
    io::Task<std::string> talk(std::string sent, Duration patience) {
        co_await link_->write(io::bytes_of(sent));
        std::string heard;
        const Instant until = bench_.now() + patience;
        for (;;) {
            const io::Bytes bytes = co_await link_->read(until);
            if (bytes.empty()) co_return heard;
            heard.append(bytes.begin(), bytes.end());
        }
    }

    Bench& bench_;
    std::unique_ptr<io::ByteLink> link_;
};

}  // namespace

TEST_CASE("it names itself with spaces behind the commas") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.asks("*IDN?") == "ZERA GmbH Koenigswinter, COM5003, 050059467, release-1.4");
}

TEST_CASE("a command with a parameter needs its semicolon, a query does not") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.hears("CONFIGURATION:RNG1:GROUPING 0\n").empty());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
    CHECK(terminal.asks("CONFIGURATION:RNG1:GROUPING?") == "1");
    CHECK(terminal.hears("CONFIGURATION:RNG1:GROUPING 0;\n").empty());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "+0,No error");
    CHECK(terminal.asks("CONFIGURATION:RNG1:GROUPING?") == "0");
}

TEST_CASE(
    "commands on one line are separated by a bar, and each query answers with a line of its own") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.hears("*OPC?|SENSE:RNG1:UL1:RANGE?|SYSTEM:ERROR?\n") ==
          "+1\n480V\n+0,No error\n");
    // A semicolon separates nothing: the text behind it belongs to no command.
    CHECK(terminal.hears("SENSE:RNG1:OVERLOAD 0;*OPC?\n").empty());
    CHECK(terminal.asks("SYSTEM:ERROR:COUNT?") == "+1");
}

TEST_CASE("there is no path memory") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.hears("SENSE:RNG1:UL1:RANGE?|RANGE?\n") == "480V\n");
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
}

TEST_CASE("values describe themselves, groups are strings of values") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    const std::string one = terminal.asks("MEASURE:RMS1:UL1?");
    CHECK(one.starts_with("RMS1:UL1:[V]:"));
    CHECK(one.ends_with(";"));
    CHECK(terminal.value("MEASURE:RMS1:UL1?") == Approx(230).margin(0.05));
    CHECK(terminal.value("MEASURE:RMS1:UL1-UL2?") == Approx(230 * std::sqrt(3)).margin(0.1));
    CHECK(terminal.value("MEASURE:RNG1:UL1?") == Approx(325.27).margin(0.1));
    const std::string power = terminal.asks("MEASURE:POW1?");
    zscpi::ItemReader reader{power};
    for (const char* name : {"P1", "P2", "P3", "PS"}) CHECK(reader.next()->name == name);
    CHECK(reader.at_end());
    std::string all = terminal.asks("MEASURE?");
    CHECK(std::ranges::count(all, ';') == std::ssize(zscpi::measured_values()));
}

TEST_CASE("FETCH has nothing before INIT, and then repeats it") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.asks("FETCH:RMS1:UL1?") == ";");
    CHECK(terminal.hears("INITIATE:RMS1;\n").empty());
    const std::string taken = terminal.asks("FETCH:RMS1:UL1?");
    CHECK(taken.starts_with("RMS1:UL1:[V]:"));
    CHECK(terminal.asks("FETCH:RMS1:UL1?") == taken);
    CHECK(terminal.asks("FETCH:POW1?") == ";");
    CHECK(terminal.asks("READ:RMS1:UL1?") != taken);
}

TEST_CASE("MEASURE waits for the end of the period that runs, FETCH for nothing") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    bench.pass(300ms);
    CHECK(terminal.hears("MEASURE:RMS1?\n", 699ms).empty());
    CHECK(terminal.hears("", 1ms).starts_with("RMS1:UL1"));
    CHECK(terminal.hears("FETCH:RMS1?\n", 0ms).starts_with("RMS1:UL1"));
    terminal.hears("CONFIGURATION:DSP1:TINTEGRATION 10;\n", 100ms);
    CHECK(terminal.asks("CONFIGURATION:POW1:TINTEGRATION?") == "10");
    CHECK(terminal.hears("MEASURE:RMS1?|MEASURE:POW1?\n", 5s).empty());
    const std::string both = terminal.hears("", 10s);
    CHECK(both.starts_with("RMS1:UL1"));
    CHECK(both.find("\nPOW1:P1") != std::string::npos);
}

TEST_CASE("parameter queries are plain, catalogues have semicolons") {
    Bench bench{five_amperes, {.model = "MT310s2"}};
    Terminal terminal{bench};
    CHECK(terminal.asks("SENSE:RNG1:UL1:RANGE?") == "250V");
    CHECK(terminal.asks("SENSE:RNG1:UL1:RANGE:CATALOG?") == "250V;8V;100mV");
    CHECK(terminal.asks("SENSE:RNG1:IL1:RANGE:CATALOG?") ==
          "10A;5A;2.5A;1.0A;500mA;250mA;100mA;50mA;25mA");
    CHECK(terminal.asks("CONFIGURATION:SYST:SESSION:CATALOG?") ==
          "Default;Changing energy direction;Reference;3 Systems 2 Wires");
    terminal.hears("CONFIGURATION:SYST:NAMESESSION 3 Systems 2 Wires;\n");
    CHECK(terminal.asks("CONFIGURATION:SYST:NAMESESSION?") == "3 Systems 2 Wires");
}

TEST_CASE("registers answer with a plus, the status tree without") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.asks("*STB?") == "+0");
    CHECK(terminal.asks("*SRE?") == "+0");
    terminal.hears("*ESE 60;\n");
    CHECK(terminal.asks("*ESE?") == "+60");
    CHECK(terminal.asks("STATUS:QUESTIONABLE:CONDITION?") == "0");
    CHECK(terminal.hears("*SRE 300;\n").empty());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
}

TEST_CASE("*OPC? does not block: +0 while a write is pending, and the old value holds until then") {
    Bench bench{five_amperes, {.write_time = 50ms}};
    Terminal terminal{bench};
    CHECK(
        terminal.hears(
            "SENSE:RNG1:UL1:RANGE 240V;|*OPC?|STATUS:OPERATION:CONDITION?|SENSE:RNG1:UL1:RANGE?\n",
            49ms) == "+0\n4\n480V\n");
    CHECK(terminal.hears("*OPC?\n", 0ms) == "+0\n");
    bench.pass(2ms);
    CHECK(terminal.hears("*OPC?|SENSE:RNG1:UL1:RANGE?\n", 0ms) == "+1\n240V\n");
}

TEST_CASE("*TST? answers 1 for passed, *ESR? knows no errors, *WAI is not there") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.asks("*TST?") == "1");
    CHECK(terminal.hears("*WAI\n").empty());
    CHECK(terminal.asks("*ESR?") == "+0");
    CHECK(terminal.asks("*STB?") == "+4");
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
    CHECK(terminal.asks("*STB?") == "+0");
}

TEST_CASE("an unknown query is met with silence and an entry in the error queue") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.hears("MEASURE:RMS9?\n", 60s).empty());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
    CHECK(terminal.asks("SYSTEM:ERROR?") == "+0,No error");
}

TEST_CASE("a value outside the catalogue is refused and changes nothing") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    for (const char* wrong : {"SENSE:RNG1:UL1:RANGE 230V;",
                              "SENSE:RNG1:UL1:RANGE 5A;",
                              "CONFIGURATION:DSP1:TINTEGRATION 0;",
                              "CONFIGURATION:POW1:NOMINAL_FREQ 200001;",
                              "CONFIGURATION:POW1:MMODE 4LB;",
                              "SENSE:RNG1:OVERLOAD 2;"}) {
        INFO(wrong);
        CHECK(terminal.hears(std::string{wrong} + "\n").empty());
        CHECK(terminal.asks("SYSTEM:ERROR?") == "-220,Parameter error");
    }
    CHECK(terminal.hears("CONFIGURATION:POW1:M0CONSTANT 1000;\n").empty());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "-100,Command error");
    CHECK(terminal.asks("SENSE:RNG1:UL1:RANGE?") == "480V");
    CHECK(terminal.asks("CONFIGURATION:POW1:M0CONSTANT?") == "2500000");
}

TEST_CASE("the error queue holds fifty and then says so") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    for (int i = 0; i < 50; ++i) terminal.hears("X?\n", 0ms);
    CHECK(terminal.asks("SYSTEM:ERROR:COUNT?") == "+50");
    terminal.hears("X?\n", 0ms);
    const std::string all = terminal.asks("SYSTEM:ERROR:ALL?");
    CHECK(std::ranges::count(all, ';') == 49);
    CHECK(all.starts_with("-100,Command error;"));
    CHECK(all.ends_with("-350,Queue overflow"));
    CHECK(terminal.asks("SYSTEM:ERROR:ALL?") == "+0,No error");
    terminal.hears("X?|*CLS\n");
    CHECK(terminal.asks("SYSTEM:ERROR:COUNT?") == "+0");
}

TEST_CASE("each client has an error queue and readings of its own, and all share the instrument") {
    Bench bench{five_amperes};
    Terminal one{bench};
    Terminal other{bench};
    one.hears("X?|MEASURE:RMS1?|SENSE:RNG1:IL1:RANGE 10A;\n");
    CHECK(other.asks("SYSTEM:ERROR?") == "+0,No error");
    CHECK(other.asks("FETCH:RMS1?") == ";");
    CHECK(other.asks("SENSE:RNG1:IL1:RANGE?") == "10A");
    one.close();
    CHECK(other.asks("*OPC?") == "+1");
    CHECK(Terminal{bench}.asks("SYSTEM:ERROR?") == "+0,No error");
}

TEST_CASE("a service request comes unasked when it is enabled") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    terminal.hears("*SRE 4;\n");
    CHECK(terminal.hears("*OPC?|X?|*OPC?\n") == "+1\nSRQ\n+1\n");
    CHECK(terminal.asks("*STB?") == "+68");
}

TEST_CASE("short forms work in any case, and CONF finds whichever tree holds the rest") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.asks("syst:err?") == "+0,No error");
    CHECK(terminal.asks("sens:rng1:ul1:rang:cat?") == "480V;240V;120V;60V;12V;5V");
    CHECK(terminal.asks("CONF:RNG1:GROUPING?") == "1");  // CONFIGURATION
    CHECK(terminal.hears("CONF:RMS1;\n").empty());       // CONFIGURE
    CHECK(terminal.asks("SYSTEM:ERROR?") == "+0,No error");
    CHECK(terminal.value("meas:lam1:lamb1?") == Approx(0.5).margin(1e-3));
}

TEST_CASE("answers end as the question did") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    CHECK(terminal.hears("*OPC?\n") == "+1\n");
    CHECK(terminal.hears("*OPC?\r") == "+1\r");
}

TEST_CASE("a question may come in any two pieces") {
    const std::string question = "SENSE:RNG1:UL1:RANGE?|*OPC?\n";
    Bench bench{five_amperes};
    Terminal terminal{bench};
    for (std::size_t cut = 0; cut < question.size(); ++cut) {
        CHECK(terminal.hears(question.substr(0, cut), 1ms).empty());
        CHECK(terminal.hears(question.substr(cut), 1ms) == "480V\n+1\n");
    }
}

TEST_CASE("DEVICE:IFACE? lists every command, and each of them answers") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    const std::string description = terminal.hears("DEVICE:IFACE?\n");
    CHECK(description.starts_with("<interface model=\"COM5003\">\n"));
    CHECK(description.ends_with("</interface>\n"));
    std::size_t commands = 0;
    for (std::size_t at = description.find("path=\""); at != std::string::npos;
         at = description.find("path=\"", at + 1)) {
        const std::size_t from = at + 6;
        const std::string path = description.substr(from, description.find('"', from) - from);
        INFO(path);
        CHECK_FALSE(terminal.asks(path + "?").empty());
        ++commands;
    }
    CHECK(commands == zscpi::parameters().size() + zscpi::measured_values().size());
    CHECK(terminal.asks("SYSTEM:ERROR?") == "+0,No error");
}

TEST_CASE("the pulse constant follows the ranges by its law, and so does the output") {
    struct Row {
        const char *model, *voltage, *current, *frequency, *constant;
    };
    const Row row = GENERATE(Row{"COM5003", "480V", "200A", "200000", "2500000"},
                             Row{"MT310s2", "250V", "10A", "200000", "96000000"},
                             Row{"COM5003", "240V", "5A", "60000", "60000000"},
                             Row{"COM5003", "5V", "5mA", "200000", "9600000000000"});
    Bench bench{five_amperes, {.model = row.model}};
    Terminal terminal{bench};
    terminal.hears(std::string{"SENSE:RNG1:UL1:RANGE "} + row.voltage + ";|SENSE:RNG1:IL1:RANGE " +
                   row.current + ";|CONFIGURATION:POW1:NOMINAL_FREQ " + row.frequency + ";\n");
    CHECK(terminal.asks("CONFIGURATION:POW1:M0CONSTANT?") == row.constant);
    CHECK(bench.model.reference_constant(bench.now()).value() ==
          zscpi::parse_number(row.constant).value());
}

TEST_CASE("without grouping a channel changes alone, and the widest range makes the constant") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    terminal.hears("CONFIGURATION:RNG1:GROUPING 0;|SENSE:RNG1:IL2:RANGE 10A;\n");
    CHECK(terminal.hears(
              "SENSE:RNG1:IL1:RANGE?|SENSE:RNG1:IL2:RANGE?|CONFIGURATION:POW1:M0CONSTANT?\n") ==
          "200A\n10A\n2500000\n");
}

TEST_CASE("an overload latches above 1.25 times the range, and is cleared by hand") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    terminal.hears("SENSE:RNG1:IL1:RANGE 5A;\n");
    CHECK(terminal.asks("SENSE:RNG1:OVERLOAD?") == "0");
    bench.model.set_output(bench.now(),
                           LoadPoint::balanced(Volt{230}, Ampere{6.4}, PowerFactor::unity()));
    CHECK(terminal.asks("SENSE:RNG1:OVERLOAD?") == "1");
    CHECK(terminal.asks("STATUS:QUESTIONABLE:CONDITION?") == "512");
    bench.model.set_output(bench.now(), five_amperes);
    CHECK(terminal.asks("SENSE:RNG1:OVERLOAD?") == "1");
    terminal.hears("SENSE:RNG1:OVERLOAD 0;\n");
    CHECK(terminal.asks("SENSE:RNG1:OVERLOAD?") == "0");
}

TEST_CASE("automatic ranging finds the range of the load and undoes a choice by hand") {
    Bench bench{five_amperes};
    Terminal terminal{bench};
    terminal.hears("CONFIGURATION:RNG1:RNGAUTO 1;\n");
    CHECK(terminal.asks("SENSE:RNG1:IL1:RANGE?") == "10A");
    terminal.hears("SENSE:RNG1:IL1:RANGE 200A;\n");
    CHECK(terminal.asks("SENSE:RNG1:IL1:RANGE?") == "10A");
    CHECK(terminal.asks("SENSE:RNG1:UL3:RANGE?") == "480V");
}

TEST_CASE("the rotating field is told from the voltages that are there") {
    LoadPoint load = LoadPoint::balanced(Volt{230},
                                         Ampere{5},
                                         PowerFactor::unity(),
                                         Hertz{50},
                                         GENERATE(PhaseSequence::l123, PhaseSequence::l132));
    const double expected = load.sequence == PhaseSequence::l123 ? 123 : 132;
    Bench bench{load};
    Terminal terminal{bench};
    CHECK(terminal.value("MEASURE:DFT1:RFIELD?") == expected);
    for (std::size_t missing = 0; missing < 3; ++missing) {
        LoadPoint two = load;
        two.phases[missing].voltage = Volt{0};
        bench.model.set_output(bench.now(), two);
        CHECK(terminal.value("MEASURE:DFT1:RFIELD?") == expected);
    }
}

TEST_CASE("the same seed reads the same noise, another one another") {
    const auto reading = [](std::uint64_t seed) {
        Bench bench{five_amperes, {.seed = seed}};
        return Terminal{bench}.asks("MEASURE:POW1?");
    };
    CHECK(reading(1) == reading(1));
    CHECK(reading(1) != reading(2));
}

TEST_CASE("an unknown model is refused by name") {
    CHECK_THROWS_WITH(Bench(five_amperes, {.model = "COM3003"}),
                      "reference model: expected COM5003 or MT310s2, got COM3003");
}
