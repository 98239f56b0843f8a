// Settings are written through one door, and it is shut while an accuracy gate is open.
#include "sequences/settings_door.hpp"

#include "instruments/io/loop.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using sequences::SettingsDoor;

namespace {

// A port that counts what is written to it.
class CountingPort final : public dut::MeterPort {
  public:
    int writes = 0;

    const dut::MeterType& type() const override { throw std::logic_error("not asked"); }
    std::string name() const override { return "port"; }
    std::string line() const override { return ""; }
    dut::Task<dut::MeterIdentity> identify() override { co_return dut::MeterIdentity{}; }
    dut::Task<dut::RegisterReading> read_energy() override { co_return dut::RegisterReading{}; }
    dut::Task<dut::InstantValues> read_instant() override { co_return dut::InstantValues{}; }
    dut::Task<std::vector<dut::QuantityReading>> read(std::vector<std::string>) override {
        co_return std::vector<dut::QuantityReading>{};
    }
    dut::Task<std::vector<dut::QuantityReading>> read_everything() override {
        co_return std::vector<dut::QuantityReading>{};
    }
    dut::Task<std::vector<dut::LoadCurveRecord>> read_load_curve(double, double) override {
        co_return std::vector<dut::LoadCurveRecord>{};
    }
    dut::Task<dut::SettingOutcome> set(std::string quantity, double value) override {
        ++writes;
        co_return dut::SettingOutcome{.quantity = quantity, .before = 1, .after = value};
    }
    dut::Task<void> broadcast(std::string, double) override {
        ++writes;
        co_return;
    }
};

dut::Task<void> write_both(SettingsDoor& door, CountingPort& port) {
    co_await door.broadcast(port, "tariff", 2);
    const dut::SettingOutcome outcome = co_await door.set(port, "tariff", 2);
    CHECK(outcome.after == 2.0);
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("no setting is written while a gate is open, and nothing is sent") {
    const auto loop = instruments::io::Loop::with_virtual_time();
    SettingsDoor door;
    CountingPort port;
    loop->run(write_both(door, port));
    CHECK(port.writes == 2);
    {
        const SettingsDoor::OpenGate gate(door);
        CHECK_THROWS_AS(loop->run(write_both(door, port)), std::logic_error);
        {
            const SettingsDoor::OpenGate second(door);
            CHECK_THROWS_AS(loop->run(write_both(door, port)), std::logic_error);
        }
        CHECK_THROWS_AS(loop->run(write_both(door, port)), std::logic_error);
        CHECK(port.writes == 2);
    }
    loop->run(write_both(door, port));
    CHECK(port.writes == 4);
}

TEST_CASE("there is no other way to a meter's settings, and gates of a run shut it") {
    const auto folder =
        std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "sequences";
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".cpp" || entry.path().stem() == "settings_door") {
            continue;
        }
        ++files;
        const std::string text = text_of(entry.path());
        INFO(entry.path().string());
        for (const char* call : {"port.set(",
                                 "port->set(",
                                 "port(position).set(",
                                 "port.broadcast(",
                                 "port->broadcast(",
                                 "speaker.broadcast("}) {
            CHECK(text.find(call) == std::string::npos);
        }
    }
    CHECK(files > 10);
    const std::string execution = text_of(folder / "execution.cpp");
    const auto gate = execution.find("SettingsDoor::OpenGate open(door_)");
    CHECK(gate != std::string::npos);
    CHECK(gate < execution.find("PointGates gates("));
}
