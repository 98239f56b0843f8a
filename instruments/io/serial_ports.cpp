#include "instruments/io/serial_ports.hpp"

#include <fmt/format.h>
#include <libserialport.h>

namespace instruments::io {

namespace {

std::string described(const sp_port* port) {
    const char* const description = sp_get_port_description(port);
    std::string text = description != nullptr ? description : "";
    int vendor = 0;
    int product = 0;
    if (sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK) {
        text += fmt::format(", {:04x}:{:04x}", vendor, product);
    }
    if (const char* serial = sp_get_port_usb_serial(port); serial != nullptr) {
        text += fmt::format(", serial {}", serial);
    }
    return text;
}

}  // namespace

std::vector<SerialPort> serial_ports() {
    std::vector<SerialPort> ports;
    sp_port** list = nullptr;
    if (sp_list_ports(&list) != SP_OK) {
        return ports;
    }
    for (sp_port** port = list; *port != nullptr; ++port) {
        ports.push_back({sp_get_port_name(*port), described(*port)});
    }
    sp_free_port_list(list);
    return ports;
}

}  // namespace instruments::io
