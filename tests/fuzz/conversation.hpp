// Emulators and drivers in virtual time, with whatever bytes on the other side of the link.
#pragma once

#include "calibration/bench_model.hpp"
#include "instruments/io/link.hpp"
#include "instruments/io/loop.hpp"
#include "tests/fuzz/property.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fuzz {

namespace io = instruments::io;

enum class Feeding { at_once, in_pieces };

// Everything that comes within `patience` of one another.
inline io::Task<std::string> collect(io::Clock& clock, io::ByteLink& link, io::Duration patience) {
    std::string answers;
    for (;;) {
        const io::Bytes bytes = co_await link.read(clock.now() + patience);
        if (bytes.empty()) co_return answers;
        answers.append(bytes.begin(), bytes.end());
    }
}

inline io::Task<std::string> exchange(io::Clock& clock,
                                      io::ByteLink& link,
                                      std::vector<Bytes> pieces,
                                      io::Duration patience) {
    for (const Bytes& piece : pieces) co_await link.write(piece);
    std::string answers = co_await collect(clock, link, patience);
    co_return answers;
}

// What an emulated device answers to `input`; the pieces lie there before it reads the first.
inline std::string answers_to(
    io::Loop& loop, io::ByteLink& link, BytesView input, Feeding feeding, io::Duration patience) {
    std::vector<Bytes> pieces;
    const auto keep = [&](BytesView piece) { pieces.emplace_back(piece.begin(), piece.end()); };
    feeding == Feeding::at_once ? keep(input) : in_pieces(input, keep);
    return loop.run(exchange(loop.clock(), link, std::move(pieces), patience));
}

// A device that answers what it pleases: every write is followed by the next part of `input`, whose
// parts end with '^', which no dialect knows. Once there is no more it is silent.
class AnyDevice final : public io::ByteLink {
  public:
    AnyDevice(io::Clock& clock, BytesView input) : clock_(clock), rest_(input) {}

    io::Task<void> write(BytesView) override {
        const auto end = std::ranges::find(rest_, std::uint8_t{'^'});
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        ready_.insert(ready_.end(), rest_.begin(), end);
        rest_ = rest_.subspan(std::min(size + 1, rest_.size()));
        co_return;
    }
    io::Task<io::Bytes> read(io::Instant deadline) override {
        if (ready_.empty()) co_await clock_.sleep_until(deadline);
        co_return std::exchange(ready_, {});
    }
    void close() override {}
    std::string name() const override { return "any device"; }

  private:
    io::Clock& clock_;
    BytesView rest_;
    io::Bytes ready_;
};

inline calibration::SourceTraits steady_source() {
    calibration::SourceTraits traits;
    traits.stability_percent = 0;
    return traits;
}

}  // namespace fuzz
