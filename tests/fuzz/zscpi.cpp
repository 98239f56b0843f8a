// Fuzz target: zSCPI from both sides. Answers are read or refused, lines may come in pieces, the
// emulated comparator survives any client, and the driver any instrument.
#include "instruments/zera_zscpi/commands.hpp"
#include "instruments/zera_zscpi/driver.hpp"
#include "instruments/zera_zscpi/emulator.hpp"
#include "instruments/zera_zscpi/reading.hpp"
#include "instruments/zera_zscpi/wire.hpp"
#include "tests/fuzz/conversation.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace {

using namespace instruments::zera_zscpi;
using namespace std::chrono_literals;
using fuzz::BytesView;
using fuzz::property;
namespace io = instruments::io;

void check_plain(std::string_view text) {
    if (const auto number = parse_number(text)) {
        std::string again;
        append_number(again, *number, 17);
        property(std::isfinite(*number) && parse_number(again) == number, "a number comes back");
    }
    if (const auto value = parse_register(text)) {
        std::string again;
        append_register(again, *value);
        property(parse_register(again) == value, "a register comes back");
    }
    if (const auto entry = parse_error(text)) {
        std::string again;
        append_error(again, *entry);
        const auto second = parse_error(again);
        property(second && second->code == entry->code && second->text == entry->text,
                 "an error comes back");
    }
    if (const auto range = parse_range(text)) {
        property(range->value > 0 && std::isfinite(range->value), "a range is above zero");
    }
    const auto flag = parse_flag(text);
    property(!flag || text.size() == 1, "a flag is one digit");
}

void check_group(std::string_view answer) {
    ItemReader items{answer};
    std::size_t count = 0;
    while (!items.at_end()) {
        if (!items.next()) break;
        ++count;
    }
    property(count <= answer.size(), "an item has at least one character");
    std::array<double, 2> vector{};
    double effective = 0;
    const std::array wanted{Wanted{"UL1", "V", vector}, Wanted{"IL1", "A", {&effective, 1}}};
    if (parse_group(answer, "DFT1", wanted)) {
        property(std::isfinite(vector[0]) && std::isfinite(vector[1]) && std::isfinite(effective),
                 "what is read is a number");
    }
}

void check_command(std::string_view text) {
    const Command command = parse_command(text);
    property(command.header.empty() || node_matches(command.header, command.header) ||
                 command.header.find(':') != std::string_view::npos,
             "a header is its own long form");
    const std::string form = short_form(command.header);
    property(form.size() <= command.header.size(), "a short form is shorter");
    header_matches("SENSE:RNG1:UL1:RANGE", command.header);
}

std::vector<std::string> lines_of(BytesView input, fuzz::Feeding feeding) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    const auto feed = [&](BytesView piece) {
        splitter.feed(piece);
        while (auto line = splitter.next()) lines.push_back(*std::move(line));
    };
    feeding == fuzz::Feeding::at_once ? feed(input) : fuzz::in_pieces(input, feed);
    return lines;
}

void check_lines(BytesView input) {
    const auto lines = lines_of(input, fuzz::Feeding::at_once);
    property(lines == lines_of(input, fuzz::Feeding::in_pieces), "lines may come in pieces");
    for (const std::string& line : lines) {
        property(!line.empty() && line.find_first_of("\r\n") == std::string::npos,
                 "a line holds no line end");
        check_plain(line);
        check_group(line);
        check_command(line);
    }
    std::vector<std::string> answers = lines;
    answers.resize(7);  // the exchange sees to it that every question has its answer
    const auto reading = parse_reading(answers, {});
    if (!reading) return;
    for (const auto& phase : reading->load.phases) {
        property(std::isfinite(phase.voltage.value()) && std::isfinite(phase.displacement.value()),
                 "a reading holds numbers");
    }
}

struct Comparator {
    Comparator() { loop->spawn(emulator.serve(*links.second)); }

    std::string answers_to(BytesView input, fuzz::Feeding feeding) {
        return fuzz::answers_to(*loop, *links.first, input, feeding, 1000s);
    }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    calibration::BenchModel bench{1, fuzz::steady_source(), {}, {}};
    Emulator emulator{loop->clock(), bench, {}};
    std::pair<std::unique_ptr<io::ByteLink>, std::unique_ptr<io::ByteLink>> links =
        io::memory_links(loop->clock(), "comparator");
};

void check_emulator(BytesView input) {
    Comparator comparator, other;
    const std::string answers = comparator.answers_to(input, fuzz::Feeding::at_once);
    property(answers == other.answers_to(input, fuzz::Feeding::in_pieces),
             "commands may come in pieces");
    const std::string identity =
        comparator.answers_to(io::bytes_of("\n*IDN?\n"), fuzz::Feeding::at_once);
    property(identity.ends_with("release-1.4\n"), "whatever came before, it tells who it is");
}

template <class Call>
void check_driver(BytesView input, Call call) {
    const auto loop = io::Loop::with_virtual_time();
    const auto reference =
        open(loop->clock(), std::make_unique<fuzz::AnyDevice>(loop->clock(), input), {});
    try {
        call(*loop, *reference);
    } catch (const instruments::DeviceFault& fault) {
        const std::string_view text = fault.what();
        property(text.find('\n') == std::string_view::npos, "a fault is one line");
    } catch (const io::LinkError&) {
        // no lines at all
    }
    property(loop->clock().now() < io::Instant{} + 10min, "nobody waits for ever");
}

void check_drivers(BytesView input) {
    check_driver(input, [](io::Loop& loop, instruments::Reference& reference) {
        const auto identity = loop.run(reference.identify());
        property(!identity.model.empty(), "who is identified has a model");
    });
    check_driver(input, [](io::Loop& loop, instruments::Reference& reference) {
        const auto constant = loop.run(reference.pulse_constant());
        property(constant.value.value() > 0, "a constant is above zero");
    });
    check_driver(input, [](io::Loop& loop, instruments::Reference& reference) {
        loop.run(reference.read());
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    check_lines(input);
    check_emulator(input);
    check_drivers(input);
    return 0;
}
