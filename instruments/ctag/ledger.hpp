// What the host counted against what the device counted, and the losses that wait for that proof.
#pragma once

#include "instruments/ctag/wire.hpp"
#include "instruments/edge_capture.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace instruments::ctag {

// A loss stays open until counters latched after it say how many leading edges each channel lost.
class Ledger {
  public:
    static constexpr int every_channel = -1;

    void begin(const Hello& hello, int reference_channel);
    bool knows(int channel) const { return channels_[static_cast<std::size_t>(channel)].known; }
    std::vector<int> dut_channels() const;

    // An edge of a dut channel. Returns where the channel's last edge was when it had the same
    // polarity: one is missing.
    std::optional<std::int64_t> edge(int channel, bool rising, std::int64_t tick) {
        Channel& at = channels_[static_cast<std::size_t>(channel)];
        const bool repeats = at.both_edges && at.level == static_cast<int>(rising);
        const std::int64_t last = at.last_tick;
        at.level = rising;
        at.last_tick = tick;
        (rising ? at.rising : at.falling) += 1;
        return repeats ? std::optional{last} : std::nullopt;
    }

    void open(std::int64_t from, std::int64_t to, std::string cause, int channel = every_channel);
    bool is_open() const { return !open_.empty(); }
    std::int64_t oldest_from() const;
    std::int64_t oldest_to() const;

    // A line of COUNTERS for a dut channel. With no loss open, a difference is one: since the last
    // agreement.
    void settle(const ChannelCount& device, std::int64_t t_end, std::vector<Loss>& losses);
    // The same for the reference channel, of which `missing` edges never came.
    void settle_reference(std::int64_t missing, std::int64_t t_end, std::vector<Loss>& losses);
    bool all_counted() const;
    // Reports the open losses, with numbers where they are proven.
    void close(std::vector<Loss>& losses);

  private:
    struct Channel {
        bool known = false, both_edges = false, is_reference = false;
        bool is_bracketed = false;
        bool based = false;    // the counters were compared once
        bool counted = false;  // and again after the last open loss that concerns this channel
        int level = -1;        // polarity of the last edge; -1 unknown
        std::int64_t rising = 0, falling = 0, last_tick = 0, agreed_tick = 0;
        std::int64_t missing = 0;   // leading edges, over the open losses
        bool beyond_proof = false;  // a loss came before the first comparison
    };
    struct OpenLoss {
        std::int64_t from, to;
        std::string cause;
        int channel;
        bool concerns(int other) const { return channel == every_channel || channel == other; }
    };

    void book(Channel& channel, std::int64_t missing);
    bool is_open_for(int channel) const;
    void report(const OpenLoss& loss, std::vector<Loss>& losses) const;

    std::array<Channel, channel_limit> channels_{};
    std::vector<OpenLoss> open_;
};

}  // namespace instruments::ctag
