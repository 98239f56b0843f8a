// Serial ports: libserialport sets them up, Asio reads and writes.
#include "instruments/io/stream_link.hpp"

#include <fmt/format.h>
#include <libserialport.h>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace instruments::io {

namespace {

// An open port of libserialport, which owns a descriptor of its own.
class Port {
  public:
    Port(const SerialAddress& address, std::string name) : name_(std::move(name)) {
        check(sp_get_port_by_name(address.device.c_str(), &port_), "expected a serial port");
        const sp_return opened = sp_open(port_, SP_MODE_READ_WRITE);
        if (opened != SP_OK) {
            const LinkError error = failure(opened, "expected a serial port that nobody else uses");
            sp_free_port(port_);
            throw error;
        }
    }
    ~Port() {
        sp_close(port_);
        sp_free_port(port_);
    }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    void configure(const SerialAddress& address);
    // A second descriptor of the same open port, which stays open when this object goes.
    int descriptor() const;

  private:
    void check(sp_return result, std::string_view expected) const {
        if (result != SP_OK) {
            throw failure(result, expected);
        }
    }
    LinkError failure(sp_return result, std::string_view expected) const;

    sp_port* port_ = nullptr;
    std::string name_;
};

LinkError Port::failure(sp_return result, std::string_view expected) const {
    const std::string problem = result == SP_ERR_FAIL   ? described(sp_last_error_code())
                                : result == SP_ERR_ARG  ? "no such port"
                                : result == SP_ERR_SUPP ? "not supported by this port"
                                                        : "out of memory";
    return link_error(name_, fmt::format("{}; {}", problem, expected));
}

sp_parity parity_of(Parity parity) {
    switch (parity) {
        case Parity::none:
            return SP_PARITY_NONE;
        case Parity::even:
            return SP_PARITY_EVEN;
        case Parity::odd:
            return SP_PARITY_ODD;
    }
    return SP_PARITY_INVALID;
}

struct Settings {
    Settings() { sp_new_config(&config); }
    ~Settings() { sp_free_config(config); }
    Settings(const Settings&) = delete;
    Settings& operator=(const Settings&) = delete;
    sp_port_config* config = nullptr;
};

void Port::configure(const SerialAddress& address) {
    check(sp_set_baudrate(port_, address.baud), fmt::format("{} baud", address.baud));
    check(sp_set_bits(port_, address.data_bits), fmt::format("{} data bits", address.data_bits));
    check(sp_set_parity(port_, parity_of(address.parity)), "this parity");
    check(sp_set_stopbits(port_, address.stop_bits),
          fmt::format("{} stop bits", address.stop_bits));
    check(sp_set_flowcontrol(port_, SP_FLOWCONTROL_NONE), "no flow control");

    // Some drivers take another rate without a word.
    const Settings settings;
    check(sp_get_config(port_, settings.config), "settings that can be read back");
    int baud = 0;
    check(sp_get_config_baudrate(settings.config, &baud), "a baud rate that can be read back");
    if (baud != address.baud) {
        throw link_error(name_, fmt::format("set to {} baud; expected {}", baud, address.baud));
    }
    check(sp_flush(port_, SP_BUF_BOTH), "buffers that can be emptied");
}

int Port::descriptor() const {
    int own = -1;
    check(sp_get_port_handle(port_, &own), "a descriptor");
    const int copy = fcntl(own, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        throw link_error(name_, described(errno));
    }
    return copy;
}

}  // namespace

std::unique_ptr<ByteLink> open_serial(boost::asio::io_context& context,
                                      Clock& clock,
                                      const SerialAddress& address,
                                      std::string name) {
    Port port{address, name};
    port.configure(address);
    return descriptor_link(
        context, clock, port.descriptor(), {.name = std::move(name), .patience = write_patience});
}

}  // namespace instruments::io
