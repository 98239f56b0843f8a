// The emulated bench in real time: anyone may connect over TCP and ptys, one after the other where
// there is one place.
#include "rig/emulation.hpp"

#include "calibration/document.hpp"
#include "rig/bench.hpp"
#include "tests/rig/bench_texts.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using instruments::io::ByteLink;
using instruments::io::Bytes;
using instruments::io::Loop;
using instruments::io::Task;
using rig_test::meter_type;
using rig_test::twin_bench;

// Serves in a thread of its own until it goes.
class Served {
  public:
    explicit Served(const rig::BenchFile& bench, const char* meter = "countis-e28")
        : emulation_(bench, meter_type(meter), 1), text_(emulation_.bench_file_text()) {
        thread_ = std::thread([this] { emulation_.serve([this] { return stop_.load(); }); });
    }
    ~Served() {
        stop_ = true;
        thread_.join();
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;

    const std::string& text() const { return text_; }
    rig::BenchFile file() const { return rig::parse_bench_file(text_, "emulated.toml"); }
    // The other address of the same device, which stands in a comment.
    std::string pty(std::string_view table) const {
        const auto from = text_.find("\"pty:", text_.find(table)) + 1;
        return text_.substr(from, text_.find('"', from) - from);
    }

  private:
    rig::Emulation emulation_;
    std::string text_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// One loop of the client's own, and a link on it.
struct Client {
    std::unique_ptr<Loop> loop = Loop::with_real_time();
    std::unique_ptr<ByteLink> link;

    explicit Client(const std::string& address) {
        link = loop->run(instruments::io::open_link(loop->context(), loop->clock(), address));
    }
    void write(Bytes bytes) { loop->run(link->write(bytes)); }
    Bytes read(std::chrono::milliseconds patience) {
        return loop->run(link->read(loop->clock().now() + patience));
    }
};

}  // namespace

TEST_CASE("calrig connects to an emulated bench with the bench file it prints") {
    rig::BenchFile bench = twin_bench(2);
    bench.certificate.number = "with \"quotes\" and \\";
    bench.positions[1].name = "the \"second\"";
    bench.positions[1].port = "none";
    bench.source_model = "VU211";
    bench.reference_model = "MT310s2";
    const Served served(bench);
    INFO(served.text());
    const rig::BenchFile file = served.file();
    CHECK_FALSE(file.virtual_clock);
    CHECK(file.simulated);
    CHECK_FALSE(file.any_on_twin());
    CHECK(file.certificate.number == bench.certificate.number);
    CHECK(file.certificate.due == "2099-12-31");
    CHECK(file.positions[1].name == bench.positions[1].name);
    CHECK(file.positions[1].port == "none");
    CHECK(file.positions[0].serial == "24480001");
    CHECK(served.text().find("gain_error") == std::string::npos);  // what is hidden stays hidden
    const auto connected = rig::Bench::assemble(file, meter_type("countis-e28"), {});
    CHECK_THAT(connected->source_identity().model, Contains("VU211"));
    CHECK_THAT(connected->reference_identity().model, Contains("MT310s2"));
    CHECK(connected->loop().run(connected->positions()[0].port->identify()).serial == "24480001");
    CHECK(connected->loop().run(connected->recorder().fence()) > 0);
}

TEST_CASE("who comes second to a device with one place waits until the first has gone") {
    const Served served(twin_bench(1));
    const std::string address = served.file().capture.link;
    auto first = std::make_unique<Client>(address);
    CHECK_FALSE(first->read(3000ms).empty());
    Client second(address);
    CHECK(second.read(300ms).empty());
    CHECK_FALSE(first->read(1000ms).empty());
    first.reset();
    CHECK_FALSE(second.read(3000ms).empty());
}

TEST_CASE("a device talks over its pty as over TCP, and the two ways share its one place") {
    const Served served(twin_bench(1));
    {
        Client pty(served.pty("[capture]"));
        CHECK_FALSE(pty.read(3000ms).empty());
        Client tcp(served.file().capture.link);
        CHECK(tcp.read(300ms).empty());
    }
    for (int i = 0; i < 3; ++i) {  // clients come and go
        Client tcp(served.file().capture.link);
        CHECK_FALSE(tcp.read(3000ms).empty());
    }
}

TEST_CASE("only a bench that is all on the twin is emulated") {
    rig::BenchFile bench = twin_bench(1);
    bench.source.link = "tcp:10.0.0.1:4001";
    CHECK_THROWS_AS(rig::Emulation(bench, meter_type("countis-e28"), 1), calibration::DataError);
}

TEST_CASE("an emulated bench tells of its relays, its pulse outputs and what its displays show") {
    const Served served(twin_bench(2));
    const rig::BenchFile file = served.file();
    REQUIRE(file.position_switch);
    CHECK(file.position_switch->driver == "scpi-switch");
    CHECK_THAT(served.pty("[position_switch]"), Contains("pty:/dev/"));
    CHECK(file.positions[1].output_channel == 4);
    CHECK(file.positions[1].bypass_channel == 102);
    CHECK(file.positions[0].displayed == twin_bench(2).positions[0].displayed);
    CHECK_FALSE(file.positions[0].displayed.empty());
    const auto bench = rig::Bench::assemble(file, meter_type("countis-e28"), {});
    CHECK(bench->has_position_switch());
    CHECK_NOTHROW(bench->loop().run(bench->take_into_circuit({false, true})));
    CHECK_FALSE(bench->all_in_circuit());
    CHECK_NOTHROW(bench->loop().run(bench->take_into_circuit({true, true})));
}

TEST_CASE("meters on emulated lines are reached over a pty, and over TCP once that is left") {
    const rig::BenchFile emulated =
        rig::parse_bench_file(rig::twin_bench_text(meter_type("countis-e43"), 12, 1), "twin.toml");
    const Served served(emulated, "countis-e43");
    INFO(served.text());
    rig::BenchFile file = served.file();
    REQUIRE(file.buses.size() == 2);
    CHECK(file.buses[0].name == "A");
    CHECK(file.buses[0].baud == 9600);
    CHECK(file.buses[0].framing == "8E1");
    CHECK_THAT(file.buses[1].link, StartsWith("pty:/dev/"));
    CHECK(file.positions[11].port == "modbus-rtu:B,2");
    const auto serial_over = [&](std::size_t position) {
        const auto bench = rig::Bench::assemble(file, meter_type("countis-e43"), {});
        return bench->loop().run(bench->positions()[position].port->identify()).serial;
    };
    CHECK(serial_over(0) == "24480001");
    CHECK(serial_over(11) == "24480012");
    const std::string& text = served.text();
    const auto from = text.find("\"tcp:", text.find("name = \"B\"")) + 1;
    file.buses[1].link = text.substr(from, text.find('"', from) - from);
    CHECK_THAT(file.buses[1].link, StartsWith("tcp:127.0.0.1:"));
    CHECK(serial_over(11) == "24480012");
}

TEST_CASE("two clients of one line take turns, whichever way they came") {
    const rig::BenchFile emulated =
        rig::parse_bench_file(rig::twin_bench_text(meter_type("countis-e43"), 1, 1), "twin.toml");
    const Served served(emulated, "countis-e43");
    const std::string& text = served.text();
    const auto from = text.find("\"tcp:", text.find("name = \"A\"")) + 1;
    const std::string tcp = text.substr(from, text.find('"', from) - from);
    // Unit 1, four words from 0xC350, and their CRC.
    const Bytes request{0x01, 0x03, 0xC3, 0x50, 0x00, 0x04, 0x78, 0x5C};
    auto first = std::make_unique<Client>(served.file().buses[0].link);
    first->write(request);
    CHECK(first->read(3000ms).at(0) == 0x01);
    Client second(tcp);
    second.write(request);
    CHECK(second.read(300ms).empty());
    first.reset();
    CHECK(second.read(3000ms).at(0) == 0x01);
}
