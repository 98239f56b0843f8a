// Reads the link, lets the decoder judge, and watches for silence.
#include "instruments/ctag/driver.hpp"

#include "calibration/check.hpp"
#include "instruments/ctag/decoder.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace instruments::ctag {

namespace {

using calibration::Duration;
using calibration::Instant;

class Driver : public EdgeCapture {
  public:
    Driver(io::Clock& clock, std::unique_ptr<io::ByteLink> link, DriverOptions options)
        : clock_(clock),
          link_(std::move(link)),
          options_(options),
          decoder_({.reference_channel = options.reference_channel}) {}

    Task<CaptureIdentity> start() override;
    Task<CaptureBatch> next(Instant deadline) override;
    Task<void> send_fence(std::uint32_t id) override;

  private:
    Task<bool> receive(Instant deadline);
    std::int64_t divider() const;  // of the reference, by the last HELLO
    [[noreturn]] void fail(const std::string& operation,
                           const std::string& problem,
                           const std::string& code = {}) const;

    io::Clock& clock_;
    std::unique_ptr<io::ByteLink> link_;
    DriverOptions options_;
    StreamDecoder decoder_;
    CaptureBatch batch_;
    std::int64_t divider_ = 1;
    Instant heard_{};
    bool has_early_ = false;  // batch_ came along with HELLO
};

void Driver::fail(const std::string& operation,
                  const std::string& problem,
                  const std::string& code) const {
    throw DeviceFault{{"edge capture ctag at " + link_->name(), operation, problem, code}};
}

// One read into batch_; false when `deadline` came first.
Task<bool> Driver::receive(Instant deadline) {
    const io::Bytes bytes = co_await link_->read(deadline);
    if (bytes.empty()) co_return false;
    const std::uint64_t frames = decoder_.frames();
    batch_ = decoder_.feed(bytes);
    if (decoder_.frames() > frames) heard_ = clock_.now();
    co_return true;
}

std::int64_t Driver::divider() const {
    return std::ranges::find(
               decoder_.hello()->channels, options_.reference_channel, &ChannelInfo::channel)
        ->divider;
}

Task<CaptureIdentity> Driver::start() {
    const Instant deadline = clock_.now() + options_.hello_limit;
    while (!decoder_.hello()) {
        const bool received = co_await receive(deadline);
        if (decoder_.lacks_reference()) {
            fail("wait for HELLO",
                 fmt::format("channel {} is no reference input", options_.reference_channel));
        }
        const bool is_late = !received || clock_.now() >= deadline;
        if (is_late && !decoder_.hello()) {
            fail("wait for HELLO",
                 fmt::format("none within {:g} s", calibration::seconds(options_.hello_limit)));
        }
    }
    has_early_ = true;
    const Hello& hello = *decoder_.hello();
    divider_ = divider();
    co_return CaptureIdentity{.identity = {"calrig", "CTAG/1", hello.device_id, hello.firmware},
                              .boot_id = hello.boot_id,
                              .tick_s = hello.tick_s(),
                              .reference_divider = divider_,
                              .channels = decoder_.ledger().dut_channels()};
}

Task<CaptureBatch> Driver::next(Instant deadline) {
    calibration::check(decoder_.hello().has_value(), "edge capture: start() comes before next()");
    if (const auto error = decoder_.take_device_error())
        fail("capture", "reports an error", *error);
    if (std::exchange(has_early_, false)) co_return std::exchange(batch_, {});
    // A caller that was away may find frames waiting: they prove the device alive, so look once
    // more before judging.
    const Instant limit =
        std::max(heard_ + options_.silence_limit, clock_.now() + std::chrono::milliseconds{20});
    const bool received = co_await receive(std::min(deadline, limit));
    if (clock_.now() >= limit && heard_ + options_.silence_limit < clock_.now() + Duration{1}) {
        fail("capture",
             fmt::format("silent for {:g} s", calibration::seconds(clock_.now() - heard_)));
    }
    // Whoever weighs the phases was told the divider once.
    if (divider() != divider_) {
        fail("capture",
             fmt::format("divides the reference by {}, it began with {}", divider(), divider_));
    }
    if (!received) batch_ = decoder_.feed({});
    co_return std::exchange(batch_, {});
}

Task<void> Driver::send_fence(std::uint32_t id) {
    calibration::check(id <= argument_mask, "a fence id has 27 bits");
    const Bytes command = fence_command(id);
    co_await link_->write(command);
}

}  // namespace

std::unique_ptr<EdgeCapture> open(io::Clock& clock,
                                  std::unique_ptr<io::ByteLink> link,
                                  DriverOptions options) {
    return std::make_unique<Driver>(clock, std::move(link), options);
}

}  // namespace instruments::ctag
