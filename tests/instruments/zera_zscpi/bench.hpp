// A bench in virtual time for the tests: the model, the emulated instrument, links to it, and ways
// to disturb them.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/loop.hpp"
#include "instruments/zera_zscpi/driver.hpp"
#include "instruments/zera_zscpi/emulator.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zera_zscpi_test {

namespace io = instruments::io;
namespace zscpi = instruments::zera_zscpi;
using namespace std::chrono_literals;

inline constexpr calibration::Instant start{};

// What happens to the bytes on their way to the driver: all it will ever be given, by their number.
struct Disturbance {
    std::size_t flip_byte = std::string::npos;  // counted over everything received
    int flip_bit = 0;
    std::size_t lost_from = std::string::npos;  // nothing comes from this byte on
    std::size_t cut_at = std::string::npos;  // the piece that holds this byte arrives in two reads
    calibration::Duration delay{0};          // of the next piece
};

struct Traffic {
    Disturbance disturbance;
    std::size_t received = 0;
    std::vector<std::string> sent;
};

// Lives on the driver's side; `traffic` outlives it.
class DisturbedLink final : public io::ByteLink {
  public:
    DisturbedLink(io::Clock& clock, std::unique_ptr<io::ByteLink> link, Traffic& traffic)
        : clock_(clock), link_(std::move(link)), traffic_(traffic) {}

    io::Task<void> write(io::BytesView bytes) override {
        traffic_.sent.emplace_back(bytes.begin(), bytes.end());
        co_await link_->write(bytes);
    }

    io::Task<io::Bytes> read(io::Instant deadline) override {
        if (kept_.empty()) {
            io::Bytes bytes = co_await link_->read(deadline);
            disturb(bytes);
            const auto delay = std::exchange(traffic_.disturbance.delay, {});
            if (delay == calibration::Duration{0} && !bytes.empty()) co_return bytes;
            held_until_ = clock_.now() + delay;
            kept_ = std::move(bytes);
        }
        co_await clock_.sleep_until(std::min(deadline, kept_.empty() ? deadline : held_until_));
        if (clock_.now() < held_until_) co_return io::Bytes{};
        co_return std::exchange(kept_, {});
    }

    void close() override { link_->close(); }
    std::string name() const override { return link_->name(); }

  private:
    void disturb(io::Bytes& bytes) {
        const Disturbance& how = traffic_.disturbance;
        const std::size_t first =
            std::exchange(traffic_.received, traffic_.received + bytes.size());
        const auto inside = [&](std::size_t at) {
            return at >= first && at < first + bytes.size();
        };
        if (inside(how.flip_byte)) {
            bytes[how.flip_byte - first] ^= static_cast<std::uint8_t>(1U << how.flip_bit);
        }
        if (how.lost_from < first + bytes.size()) {
            bytes.resize(how.lost_from > first ? how.lost_from - first : 0);
        } else if (inside(how.cut_at) && how.cut_at > first) {
            const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(how.cut_at - first);
            kept_.assign(middle, bytes.end());
            bytes.erase(middle, bytes.end());
        }
    }

    io::Clock& clock_;
    std::unique_ptr<io::ByteLink> link_;
    Traffic& traffic_;
    io::Bytes kept_;
    calibration::Instant held_until_{};
};

inline calibration::SourceTraits steady_source() {
    calibration::SourceTraits traits;
    traits.settling_time_constant = 0ms;
    return traits;
}

// One instrument on one bench; the load is on from the start.
struct Bench {
    explicit Bench(const calibration::LoadPoint& load, zscpi::EmulatorOptions options = {})
        : model(7, steady_source(), {.ratio_error_percent = 0.01, .phase_error_minutes = 0.5}, {}),
          emulator(loop->clock(), model, std::move(options)) {
        model.set_output(loop->clock().now(), load);
    }

    // Another client of the instrument.
    std::unique_ptr<io::ByteLink> connect() {
        auto [ours, theirs] = io::memory_links(loop->clock(), "twin reference");
        served.push_back(std::move(theirs));
        loop->spawn(emulator.serve(*served.back()));
        return std::move(ours);
    }

    std::unique_ptr<instruments::Reference> driver(zscpi::Options options = {}) {
        auto link = std::make_unique<DisturbedLink>(loop->clock(), connect(), traffic);
        return zscpi::open(loop->clock(), std::move(link), std::move(options));
    }

    calibration::Instant now() const { return loop->clock().now(); }
    void pass(calibration::Duration time) { loop->run(loop->clock().sleep_for(time)); }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    calibration::BenchModel model;
    zscpi::Emulator emulator;
    std::vector<std::unique_ptr<io::ByteLink>> served;
    Traffic traffic;
};

}  // namespace zera_zscpi_test
