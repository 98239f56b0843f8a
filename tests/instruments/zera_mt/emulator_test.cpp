// The emulator as a terminal program sees it: bytes in, bytes out, and what the bench gets.
#include "instruments/zera_mt/emulator.hpp"

#include "instruments/io/loop.hpp"
#include "tests/instruments/zera_mt/bench.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace calibration;
using namespace instruments;
using namespace instruments::zera_mt;
using namespace zera_mt_test;

namespace {

struct Terminal {
    explicit Terminal(Faults faults = {}) {
        emulator.faults = std::move(faults);
        connect();
    }
    void connect() {
        auto [mine, theirs] = io::memory_links(loop->clock(), "terminal");
        host = std::move(mine);
        device_ends.push_back(std::move(theirs));
        loop->spawn(emulator.serve(*device_ends.back()));
    }
    static io::Task<std::string> exchange(io::Clock& clock,
                                          io::ByteLink& link,
                                          std::string text,
                                          io::Duration patience) {
        co_await link.write(io::bytes_of(text));
        std::string answer;
        const auto deadline = clock.now() + patience;
        for (;;) {
            const auto bytes = co_await link.read(deadline);
            if (bytes.empty()) co_return answer;
            answer.append(bytes.begin(), bytes.end());
        }
    }
    // Everything that comes back within `patience`.
    std::string type(std::string text, io::Duration patience = 5s) {
        return loop->run(exchange(loop->clock(), *host, std::move(text), patience));
    }
    LoadPoint output() { return bench.actual_load(loop->clock().now()); }
    Instant now() { return loop->clock().now(); }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    BenchModel bench{1, steady(), {}, {}};
    Emulator emulator{loop->clock(), bench, {}};
    std::vector<std::unique_ptr<io::ByteLink>> device_ends;
    std::unique_ptr<io::ByteLink> host;
};

const std::string settings =
    "SFR50.00\rSUPAER220.000000.00S221.000240.00T222.000120.00\r"
    "SIPAAR000.500000.00S001.000240.00T001.500120.00\r";

}  // namespace

TEST_CASE("the emulated source puts out the maker's example") {
    Terminal terminal;
    CHECK(terminal.type(settings + "SUIEAEPPAAAA\r") == "SOKFR\rSOKUP\rSOKIP\rSOKUI\r");
    const auto load = terminal.output();
    CHECK(load.phases[0].voltage.value() == Approx(220).epsilon(1e-3));
    CHECK(load.phases[1].voltage.value() == 0);
    CHECK(load.phases[2].voltage.value() == Approx(222).epsilon(1e-3));
    CHECK(load.phases[0].current.value() == Approx(0.5).epsilon(1e-3));
    CHECK(load.phases[1].current.value() == Approx(1.0).epsilon(1e-3));
    CHECK(load.phases[2].current.value() == 0);
    CHECK(active_power(load).value() == Approx(110).epsilon(1e-3));
}

TEST_CASE("staged values alone change nothing") {
    Terminal terminal;
    const auto before = terminal.bench.epoch();
    CHECK(terminal.type(settings) == "SOKFR\rSOKUP\rSOKIP\r");
    CHECK(terminal.bench.epoch() == before);
    CHECK_FALSE(terminal.output().any_voltage());
}

TEST_CASE("unknown and garbled commands get no answer at all") {
    Terminal terminal;
    for (const std::string noise :
         {"HELLO\r", "SFR5\r", "SUIEEE\r", "*IDN?\r", "\r", "SSM\n\r", "ssm\r"}) {
        INFO(noise);
        CHECK(terminal.type(noise, 60s).empty());
    }
    CHECK(terminal.type("SSM\r") == "SSM00000000000000000000\r");
}

TEST_CASE("a lone CR flushes half a command, also one left by an earlier host") {
    Terminal terminal;
    CHECK(terminal.type("SU").empty());
    terminal.connect();
    CHECK(terminal.type("SSM\r").empty());
    CHECK(terminal.type("SU").empty());
    terminal.connect();
    CHECK(terminal.type("\rSSM\r") == "SSM00000000000000000000\r");
}

TEST_CASE("the output stays on when the host goes away") {
    Terminal terminal;
    terminal.type(settings + "SUIEEEPPPAAA\r");
    terminal.connect();
    CHECK(terminal.type("", 3600s).empty());
    CHECK(terminal.output().any_current());
    CHECK(terminal.type("SUIAAAAAAAAA\r") == "SOKUI\r");
    terminal.type("", 20s);
    CHECK_FALSE(terminal.output().any_current());
}

TEST_CASE("values beyond the amplifiers are answered NAK and not taken over") {
    Terminal terminal;
    terminal.type(settings);
    CHECK(terminal.type("SUPAER501.000000.00S221.000240.00T222.000120.00\r") == "SUPNAK\r");
    CHECK(terminal.type("SIPAAR120.001000.00S001.000240.00T001.500120.00\r") == "SIPNAK\r");
    CHECK(terminal.type("SFR66.00\r") == "SFRNAK\r");
    CHECK(terminal.type("SFR80.00\r") == "SFRNAK\r");
    CHECK(terminal.type("SFR00.00\r") == "SOKFR\r");
    terminal.type("SUIEEEPPPAAA\r", 20s);
    CHECK(terminal.output().phases[0].voltage.value() == Approx(220));
    CHECK(terminal.output().frequency == Hertz{50});
}

TEST_CASE("it tells who it is") {
    Terminal terminal;
    CHECK(terminal.type("STS\r") == "STSMT786   V552\r");
    CHECK(terminal.type("AAV\r") == "MT786V05.52\rAAVACK\r");
    CHECK(terminal.type("TS\r").empty());
    CHECK(terminal.type("SRE1\r") == "SOKRE\r");
}

TEST_CASE("settings are answered after 50 ms, switching on after a second") {
    Terminal terminal;
    CHECK(terminal.type("SFR50.00\r", 49ms).empty());
    CHECK(terminal.type("", 2ms) == "SOKFR\r");
    terminal.type(settings);
    CHECK(terminal.type("SUIEEEPPPAAA\r", 999ms).empty());
    CHECK_FALSE(terminal.output().any_voltage());
    CHECK(terminal.type("", 2ms) == "SOKUI\r");
}

TEST_CASE(
    "a trip drops the outputs at its instant and tells so unasked, until everything is switched "
    "off") {
    Faults faults;
    faults.trip = Faults::Trip{at(100s)};
    Terminal terminal{faults};
    terminal.type(settings + "SUIEEEPPPAAA\r", 99s);
    CHECK(terminal.output().any_current());
    CHECK(terminal.type("", 30s) == "SSM80100000001000000000\r");
    CHECK_FALSE(terminal.output().any_voltage());
    CHECK(terminal.type("SSM\r") == "SSM80100000001000000000\r");
    CHECK(terminal.type("SUIEEEPPPAAA\r") == "SUINAK\r");
    CHECK(terminal.type("SUIAAAAAAAAA\r") == "SOKUI\r");
    CHECK(terminal.type("SSM\r") == "SSM00000000000000000000\r");
}

TEST_CASE("a trip during the time switching on takes leaves the output off") {
    Faults faults;
    faults.trip = Faults::Trip{at(500ms)};
    Terminal terminal{faults};
    CHECK(terminal.type(settings + "SUIEEEPPPAAA\r") ==
          "SOKFR\rSOKUP\rSOKIP\rSSM80100000001000000000\rSUINAK\r");
    CHECK_FALSE(terminal.output().any_voltage());
}

TEST_CASE(
    "silence, refusal, a wrong byte and a late answer come when they are due, and are over then") {
    Faults faults;
    faults.silent_from = at(10s);
    faults.silent_until = at(20s);
    faults.nak.push_back({"SF", at(30s), at(40s)});
    faults.garble = Faults::Garble{at(50s), 3, 0x01};
    faults.late_reply = Faults::LateReply{at(70s), 7s};
    Terminal terminal{faults};
    const auto type_at = [&terminal](io::Duration when) {
        terminal.loop->run(terminal.loop->clock().sleep_until(at(when)));
        return terminal.type("SFR50.00\r", 5s);
    };
    CHECK(type_at(2s) == "SOKFR\r");
    CHECK(type_at(12s).empty());
    CHECK(type_at(22s) == "SOKFR\r");
    CHECK(type_at(32s) == "SFRNAK\r");
    CHECK(type_at(42s) == "SOKFR\r");
    CHECK(type_at(52s) == "SOKGR\r");
    CHECK(type_at(62s) == "SOKFR\r");
    CHECK(type_at(72s).empty());
    CHECK(terminal.type("", 3s) == "SOKFR\r");
    CHECK(type_at(90s) == "SOKFR\r");
}
