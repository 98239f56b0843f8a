// One meter over Modbus TCP: carries each frame between libmodbus and the meter's own link, and
// checks what libmodbus does not.
#pragma once

#include "dut/modbus_channel.hpp"

#include <functional>
#include <memory>

namespace dut {

class ModbusCarrier final : public ModbusChannel {
  public:
    using Connect =
        std::function<instruments::io::Task<std::unique_ptr<instruments::io::ByteLink>>()>;

    // Over `link` for good, or, when it is null, over what `connect` opens.
    ModbusCarrier(instruments::io::Clock& clock, int unit, std::string name);
    void use(std::unique_ptr<instruments::io::ByteLink> link);
    void use(Connect connect) { connect_ = std::move(connect); }

    instruments::io::Task<void> open() override;
    instruments::io::Task<void> renew() override;
    void distrust() override {}  // renew() leaves nothing late behind
    instruments::io::Task<ModbusReply> exchange(ModbusRequest request) override;
    bool has_others() const override { return false; }
    std::string line() const override { return {}; }
    void close() override;

  private:
    template <class T>
    using Task = instruments::io::Task<T>;

    instruments::io::Clock& clock_;
    int unit_;
    std::string name_;
    Connect connect_;
    ModbusLibrary library_;
    std::shared_ptr<instruments::io::ByteLink> meter_;
    FrameReader from_meter_;
    bool closed_ = false;

    Task<bool> falls_silent();
    Task<std::expected<ModbusFrame, ModbusFailure>> reply_of_meter(std::uint16_t transaction);
    Task<std::expected<Bytes, ModbusFailure>> carry(Bytes sent);
};

}  // namespace dut
