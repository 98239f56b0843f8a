// A source whose link goes while it drives: "off" reaches it over a fresh one.
#include "instruments/io/link.hpp"
#include "rig/bench.hpp"
#include "rig/emulation.hpp"
#include "rig/renewable_source.hpp"
#include "tests/rig/supervised.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using namespace rig_test;
using Catch::Matchers::Contains;
using instruments::OffMode;
using instruments::Task;
using instruments::io::ByteLink;
using instruments::io::LinkError;
using instruments::io::Loop;

// Drives as the script says until its link is gone.
class LinkedSource final : public instruments::Source {
  public:
    LinkedSource(Script& script, ScriptedSource& device, const bool& gone)
        : script_(script), device_(device), gone_(gone) {}

    const instruments::SourceCapabilities& capabilities() const override { return device_.can; }
    Task<instruments::Identity> identify() override { return device_.identify(); }
    Task<void> stage(LoadPoint load) override {
        demand_link("stage");
        co_await device_.stage(load);
    }
    Task<void> commit() override {
        demand_link("commit");
        co_await device_.commit();
    }
    Task<void> switch_off(OffMode mode) override {
        demand_link("off");
        co_await device_.switch_off(mode);
    }
    Task<std::vector<std::string>> faults() override { return device_.faults(); }

  private:
    Script& script_;
    ScriptedSource& device_;
    const bool& gone_;

    void demand_link(const char* what) const {
        if (gone_) {
            script_.calls.push_back(std::string(what) + " into the void");
            throw LinkError("tcp:192.168.0.9:4001: closed by the other side");
        }
    }
};

// A supervisor whose source hangs on a link that can be cut.
struct OverALink {
    std::unique_ptr<Loop> loop = Loop::with_virtual_time();
    Script script;
    ScriptedSource device{script};
    ScriptedReference reference{script, device};
    bool first_gone = false, second_gone = false, device_gone = false;
    int renewals = 0;
    rig::RenewableSource source{std::make_unique<LinkedSource>(script, device, first_gone),
                                [this] { return renew(); }};
    dut::MeterType meter = meter_type("countis-e28");
    rig::Supervisor supervisor{loop->clock(), source, reference, meter};

    Task<std::unique_ptr<instruments::Source>> renew() {
        ++renewals;
        if (device_gone) {
            throw LinkError("tcp:192.168.0.9:4001: connection refused");
        }
        co_return std::make_unique<LinkedSource>(script, device, second_gone);
    }
    std::string make_safe() { return loop->run(supervisor.make_safe()); }
};

}  // namespace

TEST_CASE("a source whose link is gone is switched off over a fresh one, once") {
    OverALink bench;
    bench.loop->run(bench.supervisor.apply(load_of(230, 80)));
    bench.script.calls.clear();
    bench.first_gone = true;
    CHECK(bench.make_safe().empty());
    CHECK(bench.script.calls == Calls{"off into the void", "off into the void", "off, emergency"});
    CHECK(bench.renewals == 1);
    CHECK(bench.device.output == LoadPoint::off());
    CHECK_FALSE(bench.supervisor.energised());
    bench.supervisor.rearm();
    CHECK_NOTHROW(bench.loop->run(bench.supervisor.apply(load_of(230, 5))));
    CHECK(bench.device.output == load_of(230, 5));
}

TEST_CASE("a load that fails with its link opens nothing anew; only off does") {
    OverALink bench;
    bench.loop->run(bench.supervisor.apply(load_of(230, 80)));
    bench.first_gone = true;
    CHECK_THROWS_AS(bench.loop->run(bench.supervisor.apply(load_of(230, 5))), LinkError);
    CHECK_THROWS_AS(bench.loop->run(bench.supervisor.switch_off()), LinkError);
    CHECK(bench.renewals == 0);
    CHECK(bench.make_safe().empty());
    CHECK(bench.device.output == LoadPoint::off());
}

TEST_CASE("a source that cannot be reached anew, or not confirmed there, is complained of") {
    OverALink bench;
    bench.loop->run(bench.supervisor.apply(load_of(230, 80)));
    bench.first_gone = true;
    std::string second;
    SECTION("not reached") {
        bench.device_gone = true;
        second = "tcp:192.168.0.9:4001: connection refused";
    }
    SECTION("lost again") {
        bench.second_gone = true;
        second = "tcp:192.168.0.9:4001: closed by the other side";
    }
    SECTION("stays on") {
        bench.device.never_goes_off = true;
        second = "script: off: stays on";
    }
    CHECK(bench.make_safe() ==
          "THE SOURCE COULD NOT BE CONFIRMED OFF: tcp:192.168.0.9:4001: closed by the other side; "
          "over a fresh link: " +
              second);
    CHECK(bench.renewals == 1);
    CHECK(bench.supervisor.energised());
}

TEST_CASE("a source that answers and stays on needs no other link") {
    OverALink bench;
    bench.loop->run(bench.supervisor.apply(load_of(230, 80)));
    bench.device.never_goes_off = true;
    CHECK_THAT(bench.make_safe(), Contains("script: off: stays on"));
    CHECK(bench.renewals == 0);
}

// -- over sockets
// ----------------------------------------------------------------------------------------------

namespace {

// Carries bytes between its own port and a device, until it is cut; who connects next is carried
// again.
class Wire {
  public:
    explicit Wire(std::string device) : device_(std::move(device)) {
        listener_ = instruments::io::listen_tcp(loop_->context(), loop_->clock(), 0);
        address_ = listener_->address();
        loop_->set_interrupt([this] { look(); });
        thread_ = std::thread([this] { serve(); });
    }
    ~Wire() {
        stop_ = true;
        thread_.join();
        links_.clear();
        listener_.reset();
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    const std::string& address() const { return address_; }
    void cut() { cut_ = true; }
    int connections() const { return connections_.load(); }

  private:
    struct Over {};
    std::string device_, address_;
    std::unique_ptr<Loop> loop_ = Loop::with_real_time();
    std::unique_ptr<instruments::io::Listener> listener_;
    std::vector<std::shared_ptr<ByteLink>> links_;
    std::atomic<bool> stop_{false}, cut_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;

    void look() {
        if (cut_.exchange(false)) {
            for (const auto& link : links_) {
                link->close();
            }
        }
        if (stop_) {
            throw Over{};
        }
    }
    void serve() {
        try {
            loop_->run(accept());
        } catch (const Over&) {
        }
    }
    Task<void> accept() {
        for (;;) {
            const std::shared_ptr<ByteLink> host = co_await listener_->accept();
            const std::shared_ptr<ByteLink> device =
                co_await instruments::io::open_link(loop_->context(), loop_->clock(), device_);
            ++connections_;
            links_.push_back(host);
            links_.push_back(device);
            loop_->spawn(carry(host, device));
            loop_->spawn(carry(device, host));
        }
    }
    static Task<void> carry(std::shared_ptr<ByteLink> from, std::shared_ptr<ByteLink> to) {
        try {
            for (;;) {
                const auto bytes = co_await from->read(instruments::io::never);
                co_await to->write(bytes);
            }
        } catch (const LinkError&) {
            from->close();
            to->close();
        }
    }
};

// An emulated bench in a thread of its own.
class Served {
  public:
    Served() : thread_([this] { emulation_.serve([this] { return stop_.load(); }); }) {}
    ~Served() {
        stop_ = true;
        thread_.join();
    }
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    rig::BenchFile file() const { return rig::parse_bench_file(text_, "emulated.toml"); }

  private:
    rig::Emulation emulation_{twin_bench(1), meter_type("countis-e28"), 1};
    std::string text_ = emulation_.bench_file_text();
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace

TEST_CASE("a bench whose source is cut off while it drives switches it off over a fresh link") {
    const Served served;
    rig::BenchFile file = served.file();
    Wire wire(file.source.link);
    file.source.link = wire.address();
    const auto bench = rig::Bench::assemble(file, meter_type("countis-e28"), {});
    rig::Supervisor& supervisor = bench->supervisor();
    bench->loop().run(supervisor.apply(load_of(230, 5)));
    REQUIRE(wire.connections() == 1);
    wire.cut();
    bench->loop().run(bench->clock().sleep_for(300ms));
    CHECK_THROWS_AS(bench->loop().run(supervisor.observe()), LinkError);
    CHECK(bench->loop().run(supervisor.make_safe()).empty());
    CHECK(wire.connections() == 2);
    CHECK_FALSE(supervisor.energised());
    // Confirmed, and true: the reference sees the current fall.
    bench->loop().run(bench->clock().sleep_for(500ms));
    const auto seen = bench->loop().run(supervisor.observe());
    CHECK(seen.reading.load.phases[0].current.value() < 1);
}
