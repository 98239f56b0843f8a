// The twin in real time on ports that anyone can connect to: a bench without hardware, for other
// programs and for tests.
#pragma once

#include "instruments/io/link.hpp"
#include "instruments/io/loop.hpp"
#include "rig/bench_file.hpp"
#include "rig/twin.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

class Emulation {
  public:
    // Opens every port on the loopback interface: source, capture, position switch and RS485 lines
    // on TCP and on a pty, the reference and each meter with a line of its own on TCP. Throws
    // calibration::DataError or io::LinkError.
    Emulation(BenchFile bench, const dut::MeterType& meter, std::uint64_t seed);

    // The bench file that connects to it, other addresses as comments.
    std::string bench_file_text() const;
    // Serves until `stop` returns true; looks at it at least every 100 ms.
    void serve(const std::function<bool()>& stop);

  private:
    using Serve = std::function<instruments::io::Task<void>(instruments::io::ByteLink&)>;

    // A device that talks to one client at a time, whichever way that one came; who comes second
    // waits.
    struct Port {
        std::string name;
        Serve serve;
        bool busy = false;
        std::unique_ptr<instruments::io::Event> freed = std::make_unique<instruments::io::Event>();
        std::vector<std::unique_ptr<instruments::io::Listener>> listeners;
        bool many_clients = false;
    };

    BenchFile bench_;
    dut::MeterType meter_;
    std::unique_ptr<instruments::io::Loop> loop_;
    std::unique_ptr<Twin> twin_;
    std::vector<std::unique_ptr<Port>> ports_;

    Port& add_port(std::string name, Serve serve, bool with_pty, bool many_clients);
    instruments::io::Task<void> accept_all(Port& port, instruments::io::Listener& listener);
    instruments::io::Task<void> serve_one(Port& port,
                                          std::unique_ptr<instruments::io::ByteLink> link);
    void add_meters();
    // Of the port of that name: "tcp:127.0.0.1:40123"; empty: it has none of that scheme.
    std::string address(std::string_view port, std::string_view scheme) const;
    std::string devices_text() const;
    std::string bus_text(const BusEntry& bus) const;
    std::string position_text(const PositionEntry& position) const;
};

}  // namespace rig
