// A source in virtual time: the driver, the emulator behind a memory link, and the bench it powers.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/zera_mt/driver.hpp"
#include "instruments/zera_mt/emulator.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace zera_mt_test {

namespace io = instruments::io;
using namespace std::chrono_literals;

// Passes on what the source answers, byte by byte through `change`: another byte, or none.
class TamperedLink final : public io::ByteLink {
  public:
    using Change = std::function<std::optional<std::uint8_t>(std::size_t index, std::uint8_t byte)>;

    TamperedLink(std::unique_ptr<io::ByteLink> link, Change change)
        : link_(std::move(link)), change_(std::move(change)) {}

    io::Task<void> write(io::BytesView bytes) override { co_await link_->write(bytes); }
    io::Task<io::Bytes> read(io::Instant deadline) override {
        for (;;) {
            const io::Bytes received = co_await link_->read(deadline);
            io::Bytes passed;
            for (const auto byte : received) {
                if (const auto changed = change_(count_++, byte)) passed.push_back(*changed);
            }
            if (received.empty() || !passed.empty()) co_return passed;
        }
    }
    void close() override { link_->close(); }
    std::string name() const override { return link_->name(); }

  private:
    std::unique_ptr<io::ByteLink> link_;
    Change change_;
    std::size_t count_ = 0;
};

inline calibration::SourceTraits steady() {
    calibration::SourceTraits traits;
    traits.stability_percent = 0;
    return traits;
}

struct Bench {
    explicit Bench(instruments::zera_mt::Faults faults = {}, TamperedLink::Change change = {}) {
        emulator.faults = std::move(faults);
        connect(std::move(change));
    }

    // A new link to the same device, which keeps its state; the old one is closed.
    void connect(TamperedLink::Change change = {}) {
        source.reset();
        auto [host, device] = io::memory_links(loop->clock(), "twin source");
        device_ends.push_back(std::move(device));
        loop->spawn(emulator.serve(*device_ends.back()));
        if (change) host = std::make_unique<TamperedLink>(std::move(host), std::move(change));
        source = instruments::zera_mt::open(loop->clock(), std::move(host), {});
    }

    template <class T>
    T run(io::Task<T> task) {
        return loop->run(std::move(task));
    }
    void sleep(io::Duration duration) { run(loop->clock().sleep_for(duration)); }
    io::Instant now() const { return loop->clock().now(); }

    void apply(const calibration::LoadPoint& load) {
        run(source->stage(load));
        run(source->commit());
    }

    // Settled, in watts.
    double power() {
        sleep(20s);
        return active_power(bench.actual_load(now())).value();
    }
    bool is_dead() {
        sleep(20s);
        const auto load = bench.actual_load(now());
        return !load.any_voltage() && !load.any_current();
    }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    calibration::BenchModel bench{1, steady(), {}, {}};
    instruments::zera_mt::Emulator emulator{loop->clock(), bench, {}};
    std::vector<std::unique_ptr<io::ByteLink>> device_ends;
    std::unique_ptr<instruments::Source> source;
};

inline io::Instant at(io::Duration since_start) { return io::Instant{} + since_start; }

}  // namespace zera_mt_test
