#include "rig/edge_recorder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace rig {

namespace {

using namespace std::chrono_literals;
using instruments::Task;

constexpr auto fence_patience = 5s;
constexpr auto count_patience = 5s;
// Between two calls of forget(): a head under a flickering lamp would fill the evidence with them.
constexpr int most_remarks = 100;

}  // namespace

EdgeRecorder::EdgeRecorder(instruments::io::Loop& loop,
                           instruments::EdgeCapture& capture,
                           std::vector<int> channels,
                           JournalWriter* journal,
                           std::vector<std::optional<int>> output_channels)
    : loop_(loop),
      capture_(capture),
      journal_(journal),
      leds_(channels.size()),
      outputs_(channels.size()) {
    for (std::size_t position = 0; position < channels.size(); ++position) {
        owner_of_[channels[position]] = static_cast<std::uint16_t>(position);
    }
    for (std::size_t position = 0; position < output_channels.size(); ++position) {
        if (output_channels[position]) {
            owner_of_[*output_channels[position]] =
                static_cast<std::uint16_t>(position | output_flag);
        }
    }
}

EdgeRecorder::~EdgeRecorder() = default;

Task<instruments::CaptureIdentity> EdgeRecorder::start() {
    instruments::CaptureIdentity identity = co_await capture_.start();
    for (const auto& [channel, owner] : owner_of_) {
        if (std::ranges::find(identity.channels, channel) == identity.channels.end()) {
            throw instruments::DeviceFault({.device = "capture",
                                            .operation = "start",
                                            .problem = fmt::format("has no channel {}", channel),
                                            .code = ""});
        }
    }
    loop_.spawn(pump());
    co_return identity;
}

Task<void> EdgeRecorder::pump() {
    try {
        while (true) {
            const instruments::CaptureBatch batch =
                co_await capture_.next(loop_.clock().now() + 1s);
            record(batch);
            arrived_.notify();
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
    arrived_.notify();
}

void EdgeRecorder::record(const instruments::CaptureBatch& batch) {
    batch_.clear();
    for (const instruments::CapturedEdge& captured : batch.edges) {
        const auto found = owner_of_.find(captured.channel);
        if (found != owner_of_.end()) {
            batch_.push_back({found->second, captured.edge});
        }
    }
    if (journal_ != nullptr) {
        journal_->edges(batch_);
        for (const std::string& remark : batch.remarks) {
            record_remark(remark);
        }
    }
    for (const PositionEdge& edge : batch_) {
        Track& own = track(edge.position);
        own.edges.push_back(edge.edge);
        ++own.impulses;
    }
    for (const instruments::Loss& loss : batch.losses) {
        record_loss(loss);
    }
    for (std::size_t i = 0; i < batch.fences.size(); ++i) {
        // An echo that nobody waits for is of an earlier session, or the device's own invention.
        if (const auto waiting = fence_ticks_.find(batch.fences[i]);
            waiting != fence_ticks_.end()) {
            waiting->second = batch.fence_ticks[i];
        }
    }
    if (batch.reference_count) {
        reference_count_ = batch.reference_count;
    }
    watermark_ = batch.watermark;
}

EdgeRecorder::Track& EdgeRecorder::track(std::uint16_t owner) {
    return (owner & output_flag) != 0 ? outputs_[owner & ~output_flag & 0xFFFFU] : leds_[owner];
}

void EdgeRecorder::record_remark(const std::string& remark) {
    if (remarks_ > most_remarks) {
        return;
    }
    ++remarks_;
    const std::string text = remarks_ <= most_remarks
                                 ? remark
                                 : "the capture's further remarks at this point are left out";
    journal_->note("remark",
                   nlohmann::json{{"text", text}}.dump(
                       -1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void EdgeRecorder::record_loss(const instruments::Loss& loss) {
    RecordedLoss recorded{.from_tick = loss.from_tick,
                          .to_tick = loss.to_tick,
                          .cause = loss.cause,
                          .everyone = loss.channels.empty(),
                          .edges = loss.edges};
    for (const int channel : loss.channels) {
        const auto found = owner_of_.find(channel);
        if (found != owner_of_.end()) {
            const PositionEdge owner{.position = found->second};
            (owner.of_output() ? recorded.outputs : recorded.positions).push_back(owner.index());
        } else if (loss.edges != 0) {
            recorded.everyone = true;  // the reference's: every phase depends on it
        }
    }
    if (journal_ != nullptr) {
        journal_->note("loss", to_json(recorded));
    }
    losses_.push_back(std::move(recorded));
}

void EdgeRecorder::rethrow_failure() const {
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

Task<void> EdgeRecorder::progress(calibration::Instant deadline) {
    rethrow_failure();
    co_await loop_.clock().wait(arrived_, deadline);
    rethrow_failure();
}

Task<std::int64_t> EdgeRecorder::fence() {
    const std::uint32_t id = next_fence_++;
    fence_ticks_[id] = std::nullopt;
    co_await capture_.send_fence(id);
    const calibration::Instant deadline = loop_.clock().now() + fence_patience;
    while (!fence_ticks_[id]) {
        if (loop_.clock().now() >= deadline) {
            throw instruments::DeviceFault(
                {.device = "capture",
                 .operation = "fence",
                 .problem = fmt::format("no echo within {} s", fence_patience.count()),
                 .code = ""});
        }
        co_await progress(deadline);
    }
    const std::int64_t tick = *fence_ticks_[id];
    fence_ticks_.erase(id);
    co_return tick;
}

Task<instruments::ReferenceCount> EdgeRecorder::reference_count() {
    const calibration::Instant deadline = loop_.clock().now() + count_patience;
    const std::int64_t now = co_await fence();
    while (!reference_count_ || reference_count_->tick < now) {
        if (loop_.clock().now() >= deadline) {
            throw instruments::DeviceFault(
                {.device = "capture",
                 .operation = "count the reference's impulses",
                 .problem = fmt::format("stated no count within {} s", count_patience.count()),
                 .code = ""});
        }
        co_await progress(deadline);
    }
    co_return *reference_count_;
}

void EdgeRecorder::forget() {
    for (auto* tracks : {&leds_, &outputs_}) {
        for (Track& each : *tracks) {
            each.edges.clear();
        }
    }
    losses_.clear();
    remarks_ = 0;
}

}  // namespace rig
