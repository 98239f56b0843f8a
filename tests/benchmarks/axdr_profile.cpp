// A-XDR: a load profile of 10 000 entries read token by token, and built as a tree, against a bare
// pass over the same bytes in one run. Budget: 100 MB of APDU per second, told as a ratio because
// the machine is shared.
#include "dut/dlms/axdr.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace {

using namespace dut::dlms;

constexpr int entries = 10'000;
constexpr int fields = 5;
constexpr double budget_megabytes_per_second = 100;
constexpr double least_token_ratio = 0.3;

// Clock, status, and three registers, as meters of this kind capture them.
Bytes profile() {
    Bytes bytes{static_cast<std::uint8_t>(Tag::array)};
    append_length(bytes, entries);
    const CivilTime start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
    for (int entry = 0; entry < entries; ++entry) {
        Bytes time;
        append_date_time(
            time, date_time_at(start + std::chrono::minutes{15 * entry}, std::chrono::minutes{60}));
        const auto count = static_cast<std::uint32_t>(entry);
        append_value(bytes,
                     Structure{{OctetString{std::move(time)},
                                std::uint8_t{0},
                                1'000'000 + count * 7,
                                2'000'000 + count * 3,
                                500'000 + count}});
    }
    return bytes;
}

// What no reader can do without: from tag to tag, believing every length, checking nothing.
std::uint64_t bare_pass(BytesView bytes) {
    constexpr std::array<std::uint8_t, 18> sizes{
        0, 0, 0, 1, 0, 4, 4, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 1};
    std::uint64_t sum = 0;
    for (std::size_t at = 4; at < bytes.size();) {
        const std::uint8_t tag = bytes[at++];
        if (tag == static_cast<std::uint8_t>(Tag::structure)) {
            ++at;
        } else if (tag == static_cast<std::uint8_t>(Tag::octet_string)) {
            sum += bytes[at + 1];
            at += std::size_t{1} + bytes[at];
        } else {
            sum += number_of(bytes.subspan(at, sizes[tag]));
            at += sizes[tag];
        }
    }
    return sum;
}

std::uint64_t by_tokens(BytesView bytes) {
    TokenReader reader{bytes};
    Token token;
    std::uint64_t sum = 0;
    while (reader.next(token)) {
        if (token.is_container()) continue;
        sum += token.tag == Tag::octet_string ? token.bytes[0] : token.unsigned_number();
    }
    return reader.error() ? 0 : sum;
}

std::uint64_t by_tree(BytesView bytes) {
    const auto value = decode_value(bytes);
    std::uint64_t sum = 0;
    for (const Value& entry : *elements_of(*value)) {
        const auto& columns = *elements_of(entry);
        sum += columns[0].as<OctetString>()->bytes[0];
        for (int column = 1; column < fields; ++column)
            sum +=
                static_cast<std::uint64_t>(*integer_of(columns[static_cast<std::size_t>(column)]));
    }
    return sum;
}

// Fastest of several runs: what the machine can do, not what else it did.
template <class Function>
double seconds_of(Function&& function) {
    double best = 1e9;
    for (int round = 0; round < 25; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        function();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        best = std::min(best, taken.count());
    }
    return best;
}

}  // namespace

int main() {
    const Bytes bytes = profile();
    std::uint64_t bare_sum = 0, token_sum = 0, tree_sum = 0;
    const double bare = seconds_of([&] { bare_sum = bare_pass(bytes); });
    const double tokens = seconds_of([&] { token_sum = by_tokens(bytes); });
    const double tree = seconds_of([&] { tree_sum = by_tree(bytes); });
    if (bare_sum != token_sum || token_sum != tree_sum || token_sum == 0) {
        std::printf("wrong: sums %llu, %llu, %llu\n",
                    static_cast<unsigned long long>(bare_sum),
                    static_cast<unsigned long long>(token_sum),
                    static_cast<unsigned long long>(tree_sum));
        return 1;
    }
    const double megabytes = static_cast<double>(bytes.size()) * 1e-6;
    std::printf("%d entries, %.0f kB; bare pass %.0f MB/s, tokens %.0f MB/s, tree %.0f MB/s\n",
                entries,
                megabytes * 1e3,
                megabytes / bare,
                megabytes / tokens,
                megabytes / tree);
    std::printf("ratio %.2f (budget %.2f and %.0f MB/s by tokens)\n",
                bare / tokens,
                least_token_ratio,
                budget_megabytes_per_second);
    return bare / tokens >= least_token_ratio && megabytes / tokens >= budget_megabytes_per_second
               ? 0
               : 1;
}
