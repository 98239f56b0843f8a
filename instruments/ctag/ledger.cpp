// Comparing counts, and turning open losses into reports that say what is proven.
#include "instruments/ctag/ledger.hpp"

#include <algorithm>
#include <cstdlib>

namespace instruments::ctag {

void Ledger::begin(const Hello& hello, int reference_channel) {
    channels_ = {};
    open_.clear();
    for (const ChannelInfo& info : hello.channels) {
        if (info.role == Role::unused) continue;
        Channel& channel = channels_[static_cast<std::size_t>(info.channel)];
        channel.known = true;
        channel.both_edges = info.both_edges;
        channel.is_reference = info.channel == reference_channel;
        channel.is_bracketed = info.role == Role::reference_bracketed;
    }
}

std::vector<int> Ledger::dut_channels() const {
    std::vector<int> duts;
    for (int channel = 0; channel < channel_limit; ++channel) {
        const Channel& at = channels_[static_cast<std::size_t>(channel)];
        if (at.known && !at.is_reference) duts.push_back(channel);
    }
    return duts;
}

// Losses of one cause that follow each other grow into one: only then can the counters prove a
// number.
void Ledger::open(std::int64_t from, std::int64_t to, std::string cause, int channel) {
    const auto same = std::ranges::find_if(open_, [&](const OpenLoss& loss) {
        return loss.channel == channel && loss.cause == cause;
    });
    if (same != open_.end()) {
        same->to = to;
    } else {
        open_.push_back({from, to, std::move(cause), channel});
    }
    for (int other = 0; other < channel_limit; ++other) {
        Channel& at = channels_[static_cast<std::size_t>(other)];
        if (channel != every_channel && channel != other) continue;
        at.counted = false;
        if (channel == every_channel) at.level = -1;
    }
}

std::int64_t Ledger::oldest_from() const {
    return std::ranges::min(open_, {}, &OpenLoss::from).from;
}
std::int64_t Ledger::oldest_to() const { return std::ranges::min(open_, {}, &OpenLoss::to).to; }

bool Ledger::is_open_for(int channel) const {
    return std::ranges::any_of(open_, [&](const OpenLoss& loss) { return loss.concerns(channel); });
}

void Ledger::book(Channel& channel, std::int64_t missing) {
    channel.missing += missing;
    channel.counted = true;
}

void Ledger::settle(const ChannelCount& device, std::int64_t t_end, std::vector<Loss>& losses) {
    Channel& at = channels_[static_cast<std::size_t>(device.channel)];
    const std::int64_t rising = device.rising - at.rising;
    const std::int64_t falling = at.both_edges ? device.falling - at.falling : 0;
    if (!at.based) {
        at.beyond_proof = is_open_for(device.channel);
        at.counted = true;
    } else if (is_open_for(device.channel)) {
        book(at, rising);
    } else if (rising != 0 || falling != 0) {
        losses.push_back(
            {at.agreed_tick, t_end, "counter mismatch", {device.channel}, std::nullopt});
        if (rising >= 0) losses.back().edges = rising;
    }
    at.based = true;
    at.rising = device.rising;
    at.falling = device.falling;
    at.agreed_tick = t_end;
}

void Ledger::settle_reference(std::int64_t missing, std::int64_t t_end, std::vector<Loss>& losses) {
    const auto reference = std::ranges::find_if(channels_, &Channel::is_reference);
    const auto channel = static_cast<int>(reference - channels_.begin());
    if (is_open_for(channel)) {
        reference->beyond_proof = reference->beyond_proof || !reference->based;
        book(*reference, missing);
    } else if (reference->based && missing != 0) {
        // Every phase since the last agreement may be wrong, whichever the dut: no number repairs
        // that.
        losses.push_back({reference->agreed_tick, t_end, "counter mismatch", {}, std::nullopt});
    }
    reference->based = true;
    reference->agreed_tick = t_end;
}

bool Ledger::all_counted() const {
    for (int channel = 0; channel < channel_limit; ++channel) {
        const Channel& at = channels_[static_cast<std::size_t>(channel)];
        const bool waits = at.known && !at.is_bracketed && is_open_for(channel) && !at.counted;
        if (waits) return false;
    }
    return true;
}

void Ledger::report(const OpenLoss& loss, std::vector<Loss>& losses) const {
    std::vector<int> unharmed, unknown;
    for (int channel = 0; channel < channel_limit; ++channel) {
        const Channel& at = channels_[static_cast<std::size_t>(channel)];
        if (!at.known || at.is_bracketed || !loss.concerns(channel)) continue;
        const auto sharers = std::ranges::count_if(
            open_, [&](const OpenLoss& other) { return other.concerns(channel); });
        const bool is_proven = at.counted && !at.beyond_proof;
        if (is_proven && at.missing == 0) {
            unharmed.push_back(channel);
        } else if (is_proven && at.missing > 0 && sharers == 1) {
            losses.push_back({loss.from, loss.to, loss.cause, {channel}, at.missing});
        } else {
            unknown.push_back(channel);
        }
    }
    if (!unharmed.empty()) losses.push_back({loss.from, loss.to, loss.cause, unharmed, 0});
    if (unknown.empty()) return;
    const bool all = loss.channel == every_channel && unharmed.empty();
    losses.push_back(
        {loss.from, loss.to, loss.cause, all ? std::vector<int>{} : unknown, std::nullopt});
}

void Ledger::close(std::vector<Loss>& losses) {
    for (const OpenLoss& loss : open_) report(loss, losses);
    open_.clear();
    for (Channel& channel : channels_) {
        channel.missing = 0;
        channel.beyond_proof = false;
    }
}

}  // namespace instruments::ctag
