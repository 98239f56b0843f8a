// The driver's side of the line as transcripts: what it sends, what it makes of the answers.
#include "instruments/io/loop.hpp"
#include "instruments/zera_mt/driver.hpp"
#include "tests/instruments/zera_mt/scripted_link.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace calibration;
using namespace instruments;
using namespace zera_mt_test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

const std::string healthy = "SSM00000000000000000000";
const std::string overload = "SSM80100000001000000000";

struct Desk {
    explicit Desk(Script script) : progress{std::move(script)} {
        source = zera_mt::open(
            loop->clock(), std::make_unique<ScriptedLink>(loop->clock(), progress), {});
    }
    void stage(const LoadPoint& load) { loop->run(source->stage(load)); }
    void commit() { loop->run(source->commit()); }
    void switch_off(OffMode mode = OffMode::normal) { loop->run(source->switch_off(mode)); }
    std::vector<std::string> faults() { return loop->run(source->faults()); }
    double seconds() const { return calibration::seconds(loop->clock().now()); }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    Progress progress;
    std::unique_ptr<Source> source;
};

Script operator+(Script first, const Script& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

const Script greeting{sends(""), sends("STS"), answers("STSMT786   V552")};
const Script settings{sends("SFR50.00"),
                      answers("SOKFR"),
                      sends("SUPAER230.000000.00S230.000240.00T230.000120.00"),
                      answers("SOKUP"),
                      sends("SIPAAR005.000300.00S005.000180.00T005.000060.00"),
                      answers("SOKIP")};
const Script clean_twice{sends("SSM"), answers(healthy), sends("SSM"), answers(healthy)};
const Script voltages_on = Script{sends("SUIEEEAAAAAA"), answers("SOKUI")} + clean_twice;
const Script all_on = Script{sends("SUIEEEPPPAAA"), answers("SOKUI")} + clean_twice;
const Script energised = greeting + settings + voltages_on + all_on;
const Script currents_off{sends("SUIEEEAAAAAA"), answers("SOKUI")};
const Script all_off{sends("SUIAAAAAAAAA"), answers("SOKUI")};

const LoadPoint load = LoadPoint::balanced(Volt{230}, Ampere{5}, PowerFactor::parse("0.5 ind"));

}  // namespace

TEST_CASE("a load is staged, then voltages are switched on before currents, and all is confirmed") {
    Desk desk{energised};
    desk.stage(load);
    CHECK(desk.progress.step == (greeting + settings).size());
    desk.commit();
    CHECK(desk.progress.done());
}

TEST_CASE("with the same phases on, the next load is one switch command") {
    Desk desk{energised + settings + all_on};
    desk.stage(load);
    desk.commit();
    desk.stage(load);
    desk.commit();
    CHECK(desk.progress.done());
}

TEST_CASE("zero voltages and currents are switched off phase by phase") {
    auto part = load;
    part.phases[1].voltage = Volt{0};
    part.phases[2].current = Ampere{0};
    Desk desk{greeting +
              Script{sends("SFR50.00"),
                     answers("SOKFR"),
                     sends("SUPAER230.000000.00S000.000240.00T230.000120.00"),
                     answers("SOKUP"),
                     sends("SIPAAR005.000300.00S005.000180.00T000.000060.00"),
                     answers("SOKIP"),
                     sends("SUIEAEAAAAAA"),
                     answers("SOKUI")} +
              clean_twice + Script{sends("SUIEAEPPAAAA"), answers("SOKUI")} + clean_twice};
    desk.stage(part);
    desk.commit();
    CHECK(desk.progress.done());
}

TEST_CASE("switching off normally takes the currents away first") {
    Desk desk{energised + currents_off + all_off};
    desk.stage(load);
    desk.commit();
    desk.switch_off();
    CHECK(desk.progress.done());
}

TEST_CASE("switching off the currents only leaves the voltages") {
    Desk desk{energised + currents_off};
    desk.stage(load);
    desk.commit();
    desk.switch_off(OffMode::current_only);
    CHECK(desk.progress.done());
}

TEST_CASE("an emergency is one command, everything at once") {
    Desk desk{energised + all_off};
    desk.stage(load);
    desk.commit();
    desk.switch_off(OffMode::emergency);
    CHECK(desk.progress.done());
}

TEST_CASE("an emergency before anything else flushes, switches off at once, and makes sure of it") {
    Desk desk{Script{sends("")} + all_off + greeting + all_off};
    desk.switch_off(OffMode::emergency);
    CHECK(desk.progress.done());
}

TEST_CASE(
    "a source that is off already may be switched off again, even when it no longer answers") {
    Desk desk{energised + currents_off + all_off + all_off +
              Script{sends("SUIAAAAAAAAA"), sends(""), sends("SUIAAAAAAAAA")}};
    desk.stage(load);
    desk.commit();
    desk.switch_off();
    desk.switch_off();
    CHECK_NOTHROW(desk.switch_off());
    CHECK(desk.progress.done());
}

TEST_CASE("when the currents do not go off, everything goes off") {
    Desk desk{
        energised +
        Script{sends("SUIEEEAAAAAA"), answers("SUINAK"), sends("SUIEEEAAAAAA"), answers("SUINAK")} +
        all_off};
    desk.stage(load);
    desk.commit();
    CHECK_NOTHROW(desk.switch_off());
    CHECK(desk.progress.done());
}

TEST_CASE(
    "on a line that no longer answers everything goes off at once, without a question before") {
    Desk desk{energised + Script{sends("SSM"), sends("")} + all_off + greeting + all_off};
    desk.stage(load);
    desk.commit();
    CHECK_THROWS_AS(desk.faults(), DeviceFault);
    CHECK_NOTHROW(desk.switch_off());
    CHECK(desk.progress.done());
}

TEST_CASE("what was to be sent behind a switch-off on a slow line is not sent any more") {
    // A lone CR takes its time to go out; nothing is ever answered.
    struct SlowLink final : io::ByteLink {
        SlowLink(io::Clock& its_clock, std::vector<std::string>& lines)
            : clock(its_clock), sent(lines) {}
        io::Clock& clock;
        std::vector<std::string>& sent;
        io::Task<void> write(io::BytesView bytes) override {
            const std::string text(bytes.begin(), bytes.end());
            if (text == "\r") co_await clock.sleep_for(100ms);
            sent.push_back(text);
        }
        io::Task<io::Bytes> read(io::Instant deadline) override {
            co_await clock.sleep_until(deadline);
            co_return io::Bytes{};
        }
        void close() override {}
        std::string name() const override { return "slow"; }
    };
    std::vector<std::string> sent;
    const auto loop = io::Loop::with_virtual_time();
    const auto source =
        zera_mt::open(loop->clock(), std::make_unique<SlowLink>(loop->clock(), sent), {});
    std::string fault;
    const auto stage = [](Source& device, std::string& said) -> io::Task<void> {
        try {
            co_await device.stage(load);
        } catch (const DeviceFault& error) {
            said = error.what();
        }
    };
    loop->spawn(stage(*source, fault));
    loop->run(loop->clock().sleep_for(50ms));
    CHECK_THROWS_AS(loop->run(source->switch_off(OffMode::emergency)), DeviceFault);
    CHECK_THAT(fault, Contains("superseded by a later command"));
    CHECK(sent == std::vector<std::string>{"\r", "\r", "SUIAAAAAAAAA\r", "\r", "SUIAAAAAAAAA\r"});
}

TEST_CASE("switching off is tried twice before it fails") {
    const Script twice{
        sends("SUIAAAAAAAAA"), answers("SUINAK"), sends("SUIAAAAAAAAA"), answers("SUINAK")};
    Desk desk{energised + twice};
    desk.stage(load);
    desk.commit();
    CHECK_THROWS_WITH(desk.switch_off(OffMode::emergency),
                      Contains("switch off: refused (SUINAK)"));
    CHECK(desk.progress.done());
    Desk second{energised + Script(twice.begin(), twice.begin() + 2) + all_off};
    second.stage(load);
    second.commit();
    CHECK_NOTHROW(second.switch_off(OffMode::emergency));
    CHECK(second.progress.done());
}

TEST_CASE("a refusal at any step is a fault with the device's own text, and nothing more is sent") {
    const Script whole = energised;
    for (std::size_t step = greeting.size(); step < whole.size(); ++step) {
        if (whole[step].kind != Step::Kind::answer) continue;
        Script script(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(step));
        const std::string refusal = script.back().text.substr(0, 3) + "NAK";
        script.push_back(answers(refusal));
        INFO("step " << step << ": " << refusal);
        Desk desk{script};
        const auto run = [&desk] {
            desk.stage(load);
            desk.commit();
        };
        CHECK_THROWS_WITH(
            run(),
            Contains("source zera-mt at the script: ") && Contains("refused (" + refusal + ")"));
        CHECK(desk.progress.done());
    }
}

TEST_CASE("silence at any step is a fault after that step's time, and nothing more is sent") {
    const Script whole = energised;
    for (std::size_t step = greeting.size(); step < whole.size(); ++step) {
        if (whole[step].kind != Step::Kind::answer) continue;
        Script script(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(step));
        const std::string command = script.back().text.substr(0, 3);
        const std::string limit = command == "SUI" ? "15" : command == "SSM" ? "2.5" : "30";
        INFO("step " << step << ": " << command);
        Desk desk{script};
        const auto run = [&desk] {
            desk.stage(load);
            desk.commit();
        };
        CHECK_THROWS_WITH(run(), Contains("no answer within " + limit + " s"));
        CHECK(desk.seconds() == Approx(std::stod(limit)));
        CHECK(desk.progress.done());
    }
}

TEST_CASE("after a time-out a late answer is not taken for that of the next command") {
    Desk desk{greeting + Script{sends("SFR50.00")} +
              Script{sends(""), sends("STS"), answers("SOKFR"), answers("STSMT786   V552")} +
              settings};
    CHECK_THROWS_AS(desk.stage(load), DeviceFault);
    CHECK_NOTHROW(desk.stage(load));
    CHECK(desk.progress.done());
}

TEST_CASE("the late answer to switching on does not pass for switched off") {
    // The first SOKUI is that of SUIEEE..., the source then refuses to switch off, and only the
    // third try works.
    Desk desk{greeting + settings + Script{sends("SUIEEEAAAAAA")} +
              Script{sends(""), sends("SUIAAAAAAAAA"), answers("SOKUI")} +
              Script{sends(""), sends("STS"), answers("SUINAK"), answers("STSMT786   V552")} +
              all_off};
    desk.stage(load);
    CHECK_THROWS_AS(desk.commit(), DeviceFault);
    CHECK_NOTHROW(desk.switch_off());
    CHECK(desk.progress.done());
}

TEST_CASE("half an answer is forgotten with the time-out") {
    Desk desk{greeting + Script{sends("SFR50.00"), answers_raw("SOKF")} + greeting + settings};
    CHECK_THROWS_WITH(desk.stage(load), Contains("no answer within 30 s"));
    CHECK_NOTHROW(desk.stage(load));
    CHECK(desk.progress.done());
}

TEST_CASE("another answer than the expected one is a fault that quotes it") {
    Desk desk{greeting + Script{sends("SFR50.00"), answers("SOKUP")}};
    CHECK_THROWS_WITH(desk.stage(load), Contains("set frequency: expected SOKFR (SOKUP)"));
}

TEST_CASE("a garbled answer is quoted as text that any file can hold") {
    Desk desk{greeting + Script{sends("SFR50.00"), answers("SOK\xD5\x01R")}};
    CHECK_THROWS_WITH(desk.stage(load), Contains("expected SOKFR (SOK\\xD5\\x01R)"));
}

TEST_CASE("a device that never stops talking is a fault") {
    Script script = greeting + Script{sends("SFR50.00")};
    for (int line = 0; line < 1000; ++line) script.push_back(answers(healthy));
    Desk desk{script};
    CHECK_THROWS_WITH(desk.stage(load), Contains("lines without end"));
}

TEST_CASE("a status line that comes unasked between command and answer is kept as a fault") {
    Desk desk{greeting + Script{sends("SFR50.00"), answers(overload)} +
              Script(settings.begin() + 1, settings.end()) +
              Script{sends("SSM"), answers(healthy)} + Script{sends("SSM"), answers(healthy)}};
    CHECK_NOTHROW(desk.stage(load));
    CHECK_THROWS_WITH(desk.commit(),
                      Contains("tripped, switch off first") && Contains("amplifier overload I2"));
    CHECK(desk.faults() == std::vector<std::string>{
                               "amplifier error", "amplifier error I2", "amplifier overload I2"});
    CHECK(desk.faults().empty());
    CHECK(desk.progress.done());
}

TEST_CASE("after a trip switching off does not pass through a step that keeps voltages on") {
    Desk desk{energised + Script{sends("SSM"), answers(overload)} + Script{sends("")} + all_off +
              greeting + all_off};
    desk.stage(load);
    desk.commit();
    CHECK_FALSE(desk.faults().empty());
    desk.switch_off();
    CHECK(desk.progress.done());
}

TEST_CASE("a status line that came before the question is not taken for its answer") {
    Desk desk{energised + Script{answers(overload), sends("SSM"), answers(healthy)}};
    desk.stage(load);
    desk.commit();
    CHECK(desk.faults() == std::vector<std::string>{
                               "amplifier error", "amplifier error I2", "amplifier overload I2"});
    CHECK(desk.progress.done());
}

TEST_CASE("one trip is reported once, also when its lines come one by one") {
    Desk desk{energised + Script{sends("SSM"), answers(overload), answers(overload)} + greeting +
              Script{sends("SSM"), answers(healthy)}};
    desk.stage(load);
    desk.commit();
    CHECK(desk.faults().size() == 3);
    CHECK(desk.faults().empty());
    CHECK(desk.progress.done());
}

TEST_CASE("one healthy reading is not enough to confirm a source that has tripped") {
    Desk desk{greeting + settings +
              Script{sends("SUIEEEAAAAAA"),
                     answers("SOKUI"),
                     sends("SSM"),
                     answers(healthy),
                     sends("SSM"),
                     answers("SSM08000000000000000000")}};
    desk.stage(load);
    CHECK_THROWS_WITH(desk.commit(), Contains("switch on: emergency stop"));
    CHECK(desk.progress.done());
}

TEST_CASE("what the source or its wire cannot make is refused before the first byte") {
    const auto refused = [](const LoadPoint& wrong, const std::string& field) {
        Desk desk{{}};
        CHECK_THROWS_AS(desk.stage(wrong), DeviceFault);
        CHECK_THROWS_WITH(desk.stage(wrong), Contains(field));
        CHECK_THROWS_AS(desk.commit(), std::logic_error);
    };
    auto harmonic = load;
    harmonic.phases[0].voltage_harmonics.push_back({5, Percent{10}, Degree{0}});
    refused(harmonic, "waveform of L1");
    refused(LoadPoint::voltage_only(Volt{230}, Hertz{39.99}), "frequency");
    refused(LoadPoint::voltage_only(Volt{230}, Hertz{70}), "frequency");
    refused(LoadPoint::voltage_only(Volt{1000}), "voltage of L1");
    refused(LoadPoint::balanced(Volt{230}, Ampere{1000}, PowerFactor::unity()), "current of L1");
    refused(LoadPoint::balanced(Volt{230}, Ampere{1e-6}, PowerFactor::unity()), "current of L1");
}

TEST_CASE("a refused load does not leave the one before it to be switched on") {
    Desk desk{greeting + settings};
    desk.stage(load);
    CHECK_THROWS_AS(desk.stage(LoadPoint::voltage_only(Volt{1000})), DeviceFault);
    CHECK_THROWS_AS(desk.commit(), std::logic_error);
}

TEST_CASE("a source names itself, and asks its reference part when it gives no version") {
    Desk desk{greeting + Script{sends("STS"),
                                answers("STSMT786   V552"),
                                sends("STS"),
                                answers("STSMT786"),
                                sends("AAV"),
                                answers("MT786V05.52"),
                                answers("AAVACK")}};
    const auto first = desk.loop->run(desk.source->identify());
    CHECK(first.maker == "ZERA");
    CHECK(first.model == "MT786");
    CHECK(first.firmware == "V552");
    CHECK(desk.loop->run(desk.source->identify()).firmware == "05.52");
    CHECK(desk.progress.done());
}

TEST_CASE("a source without three voltages and currents is refused by its name") {
    for (const std::string model : {"MT400", "MT507"}) {
        Desk desk{greeting + Script{sends("STS"), answers("STS" + model)}};
        CHECK_THROWS_WITH(desk.loop->run(desk.source->identify()),
                          Contains("is not a three-phase source (" + model + ")"));
    }
}

TEST_CASE(
    "the capabilities are those of the model: a sine, phantom current, eight seconds to settle") {
    Desk desk{{}};
    const auto& capabilities = desk.source->capabilities();
    CHECK(capabilities.least_voltage == Volt{20});
    CHECK(capabilities.most_voltage == Volt{500});
    CHECK(capabilities.least_current == Ampere{0.001});
    CHECK(capabilities.most_current == Ampere{120});
    CHECK(capabilities.highest_harmonic == 1);
    CHECK(capabilities.phantom_current);
    CHECK(capabilities.settling == 8s);
}
