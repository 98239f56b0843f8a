// Carries one call's frames between libmodbus and the meter, and checks what libmodbus does not.
#pragma once

#include "dut/modbus_client.hpp"

#include <expected>

namespace dut {

inline constexpr instruments::io::Duration response_timeout = std::chrono::seconds{1};

struct ModbusFailure {
    ModbusFault fault = ModbusFault::silent;
    std::string text;  // what happened: "illegal data address", "the reply is from unit 9"
    std::string code;  // "exception 2"; empty otherwise
};
using ModbusReply = std::expected<Words, ModbusFailure>;

class ModbusCarrier {
  public:
    ModbusCarrier(boost::asio::io_context& context,
                  instruments::io::Clock& clock,
                  int unit,
                  std::string name);

    // Takes a new connection to the meter, or none; what the old one still held is gone.
    void use(std::unique_ptr<instruments::io::ByteLink> link);
    bool connected() const { return meter_ != nullptr; }
    bool closed() const { return closed_; }

    // One request and its reply. What the link received before is discarded.
    static Task<ModbusReply> exchange(std::shared_ptr<ModbusCarrier> self, ModbusRequest request);
    // True when nothing came for a whole response time-out; false when the meter never stops
    // talking.
    static Task<bool> await_silence(std::shared_ptr<ModbusCarrier> self);
    void close();  // a call in flight ends with link_lost

  private:
    struct Call;
    using OptionalFailure = std::optional<ModbusFailure>;

    boost::asio::io_context& context_;
    instruments::io::Clock& clock_;
    int unit_;
    std::string name_;
    ModbusWorker worker_;
    std::unique_ptr<instruments::io::ByteLink>
        library_;  // the carrier's end of libmodbus's socketpair
    std::shared_ptr<instruments::io::ByteLink> meter_;
    FrameReader from_library_, from_meter_;
    bool closed_ = false;

    bool connect_library();
    Task<OptionalFailure> discard_input();
    Task<ModbusFrame> request_of_library();
    Task<std::expected<ModbusFrame, ModbusFailure>> reply_of_meter(std::uint16_t transaction);
    Task<OptionalFailure> carry();
    Task<ModbusOutcome> finished(std::shared_ptr<Call> call);
    Task<ModbusReply> perform(ModbusRequest request);
};

}  // namespace dut
