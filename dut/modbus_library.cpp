// The only file that knows libmodbus.
#include "dut/modbus_library.hpp"

#include "calibration/check.hpp"

#include <fmt/format.h>
#include <modbus.h>

#include <array>
#include <cerrno>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dut {
namespace {

// Guards against a reply that is not there, which would be a programmer's error.
constexpr unsigned backstop_s = 1;

struct FreeContext {
    void operator()(modbus_t* context) const { modbus_free(context); }
};
using Context = std::unique_ptr<modbus_t, FreeContext>;

// Neither address nor device is ever opened, and the rate never used: the descriptor comes from
// modbus_set_socket(). In RTU mode libmodbus 3.1.6 reads and writes a socket as it would a
// terminal; only modbus_flush() fails on it, and nothing is ever left in it to flush.
Context new_context(ModbusTransport transport) {
    Context context{transport == ModbusTransport::rtu
                        ? modbus_new_rtu("/dev/null", 9600, 'N', 8, 1)
                        : modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT)};
    calibration::check(context != nullptr, "libmodbus makes a context");
    const bool set = modbus_set_response_timeout(context.get(), backstop_s, 0) == 0 &&
                     modbus_set_byte_timeout(context.get(), backstop_s, 0) == 0 &&
                     modbus_set_error_recovery(context.get(), MODBUS_ERROR_RECOVERY_NONE) == 0;
    calibration::check(set, "libmodbus takes its time-outs");
    return context;
}

// Unit, function and data: libmodbus puts header or checksum around them.
Bytes raw_request(const ModbusRequest& request) {
    Bytes raw{static_cast<std::uint8_t>(request.unit), static_cast<std::uint8_t>(request.function)};
    append_word(raw, request.address);
    if (request.function == ModbusFunction::read_holding_registers) {
        append_word(raw, static_cast<std::uint16_t>(request.count));
    } else if (request.function == ModbusFunction::write_single_register) {
        append_word(raw, request.values.front());
    } else {
        append_word(raw, static_cast<std::uint16_t>(request.values.size()));
        raw.push_back(static_cast<std::uint8_t>(2 * request.values.size()));
        for (const std::uint16_t word : request.values) append_word(raw, word);
    }
    return raw;
}

// Two local ends; libmodbus's own is below FD_SETSIZE, because select() breaks above.
class SocketPair {
  public:
    SocketPair() {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0) {
            ends_ = {-1, -1};
        }
    }
    ~SocketPair() {
        for (const int end : ends_) {
            if (end >= 0) close(end);
        }
    }
    SocketPair(const SocketPair&) = delete;
    SocketPair& operator=(const SocketPair&) = delete;

    bool usable() const { return library() >= 0 && library() < FD_SETSIZE; }
    int library() const { return ends_[0]; }
    int ours() const { return ends_[1]; }

  private:
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace

struct ModbusLibrary::State {
    ModbusTransport transport;
    Context context;
    std::unique_ptr<SocketPair> sockets;
    std::uint16_t transaction = 0;

    bool connect();
    Bytes written_by_library();
};

// Lazily, and anew after whatever libmodbus did not like: nothing old is left in it then.
bool ModbusLibrary::State::connect() {
    if (sockets) return true;
    auto fresh = std::make_unique<SocketPair>();
    if (!fresh->usable()) return false;
    sockets = std::move(fresh);
    if (!context) context = new_context(transport);
    modbus_set_socket(context.get(), sockets->library());
    return true;
}

Bytes ModbusLibrary::State::written_by_library() {
    Bytes frame(MODBUS_TCP_MAX_ADU_LENGTH);
    const auto size = recv(sockets->ours(), frame.data(), frame.size(), MSG_DONTWAIT);
    calibration::check(size > 0, "libmodbus writes its request at once");
    frame.resize(static_cast<std::size_t>(size));
    return frame;
}

ModbusLibrary::ModbusLibrary(ModbusTransport transport)
    : state_(new State{transport, nullptr, nullptr}) {}
ModbusLibrary::~ModbusLibrary() = default;

std::expected<Bytes, ModbusFailure> ModbusLibrary::request(const ModbusRequest& request) {
    if (!state_->connect()) {
        return std::unexpected(
            ModbusFailure{ModbusFault::no_descriptor, "no file descriptor below 1024 is left", ""});
    }
    modbus_set_slave(state_->context.get(), request.unit);  // of whom it takes a reply
    Bytes raw = raw_request(request);
    const int sent =
        modbus_send_raw_request(state_->context.get(), raw.data(), static_cast<int>(raw.size()));
    calibration::check(sent > 0, "libmodbus sends what it is given");
    Bytes frame = state_->written_by_library();
    if (state_->transport == ModbusTransport::tcp) {  // libmodbus leaves it at 0
        ++state_->transaction;
        frame[0] = static_cast<std::uint8_t>(state_->transaction >> 8);
        frame[1] = static_cast<std::uint8_t>(state_->transaction);
    }
    return frame;
}

ModbusReply ModbusLibrary::reply(BytesView frame) {
    calibration::check(state_->sockets != nullptr, "a reply follows a request");
    const auto put = send(state_->sockets->ours(), frame.data(), frame.size(), MSG_NOSIGNAL);
    Bytes read(MODBUS_TCP_MAX_ADU_LENGTH);
    const int size = put == static_cast<ssize_t>(frame.size())
                         ? modbus_receive_confirmation(state_->context.get(), read.data())
                         : -1;
    const int header = modbus_get_header_length(state_->context.get());
    if (size != static_cast<int>(frame.size()) || size < header + 2) {
        const std::string why = size < 0 ? modbus_strerror(errno) : "its length";
        state_->sockets.reset();
        return std::unexpected(
            ModbusFailure{ModbusFault::bad_reply,
                          fmt::format("the reply does not answer the request ({})", why),
                          ""});
    }
    const BytesView pdu = BytesView{read}.subspan(static_cast<std::size_t>(header));
    if (pdu[0] & exception_flag) {
        return std::unexpected(ModbusFailure{ModbusFault::exception,
                                             fmt::format("refused: {}", exception_name(pdu[1])),
                                             fmt::format("exception {}", pdu[1])});
    }
    Words words;
    if (pdu[0] == static_cast<std::uint8_t>(ModbusFunction::read_holding_registers)) {
        for (std::size_t at = 2; at + 1 < 2 + std::size_t{pdu[1]}; at += 2) {
            words.push_back(word_at(pdu, at));
        }
    }
    return words;
}

}  // namespace dut
