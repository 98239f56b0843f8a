// Fuzz target: the ZERA MT dialect from both sides. Lines come back as they were written, the
// emulated source survives any host, and the driver any source.
#include "instruments/zera_mt/driver.hpp"
#include "instruments/zera_mt/emulator.hpp"
#include "instruments/zera_mt/wire.hpp"
#include "tests/fuzz/conversation.hpp"

#include <string>

namespace {

using namespace instruments::zera_mt;
using namespace std::chrono_literals;
using fuzz::BytesView;
using fuzz::property;
namespace io = instruments::io;

void check_line(std::string_view line) {
    if (const auto command = decode_command(line)) {
        const auto text = encode(*command);
        property(text && *text == line, "a command is written as it was read");
    }
    if (const auto reply = decode_reply(line)) {
        property(decode_reply(encode(*reply)) == reply, "an answer comes back");
        if (const auto* report = std::get_if<StatusReport>(&*reply)) {
            property(report->status.clean() == report->status.faults().empty(),
                     "a status word is clean when it names no fault");
        }
    }
}

struct Source {
    Source() { loop->spawn(emulator.serve(*device)); }

    std::string answers_to(BytesView input, fuzz::Feeding feeding) {
        return fuzz::answers_to(*loop, *host, input, feeding, 5s);
    }

    std::unique_ptr<io::Loop> loop = io::Loop::with_virtual_time();
    calibration::BenchModel bench{1, fuzz::steady_source(), {}, {}};
    Emulator emulator{loop->clock(), bench, {}};
    std::pair<std::unique_ptr<io::ByteLink>, std::unique_ptr<io::ByteLink>> links =
        io::memory_links(loop->clock(), "source");
    std::unique_ptr<io::ByteLink>& host = links.first;
    std::unique_ptr<io::ByteLink>& device = links.second;
};

void check_emulator(BytesView input) {
    Source source, other;
    const std::string answers = source.answers_to(input, fuzz::Feeding::at_once);
    property(answers == other.answers_to(input, fuzz::Feeding::in_pieces),
             "commands may come in pieces");
    property(answers.empty() || answers.back() == '\r', "an answer ends its line");
    const std::string off =
        source.answers_to(io::bytes_of("\rSUIAAAAAAAAA\r"), fuzz::Feeding::at_once);
    property(off.ends_with("SOKUI\r"), "whatever came before, the source can be switched off");
    source.loop->run(source.loop->clock().sleep_for(20s));
    const auto load = source.bench.actual_load(source.loop->clock().now());
    property(!load.any_current() && !load.any_voltage(), "and then it is off");
}

// Whatever the source answers, the driver has what it asked for or says what is wrong.
template <class Call>
void check_driver(BytesView input, Call call) {
    const auto loop = io::Loop::with_virtual_time();
    const auto source =
        open(loop->clock(), std::make_unique<fuzz::AnyDevice>(loop->clock(), input));
    try {
        call(*loop, *source);
    } catch (const instruments::DeviceFault& fault) {
        const std::string_view text = fault.what();
        property(text.find('\n') == std::string_view::npos, "a fault is one line");
    } catch (const io::LinkError&) {
        // no lines at all
    }
    property(loop->clock().now() < io::Instant{} + 10min, "nobody waits for ever");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input{data, size};
    fuzz::for_each_line(fuzz::text_of(input), check_line);
    check_emulator(input);
    check_driver(input, [](io::Loop& loop, instruments::Source& source) {
        const auto identity = loop.run(source.identify());
        property(!identity.model.empty(), "who is identified has a model");
        const auto load = calibration::LoadPoint::balanced(
            calibration::Volt{230}, calibration::Ampere{5}, calibration::PowerFactor::unity());
        loop.run(source.stage(load));
        loop.run(source.commit());
        loop.run(source.faults());
    });
    check_driver(input, [](io::Loop& loop, instruments::Source& source) {
        loop.run(source.switch_off(instruments::OffMode::normal));
    });
    return 0;
}
