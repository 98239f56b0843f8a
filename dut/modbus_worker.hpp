// The thread on which libmodbus blocks, and the local socket through which it is fed.
#pragma once

#include "dut/modbus_frame.hpp"
#include "dut/register_map.hpp"

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace dut {

struct ModbusRequest {
    ModbusFunction function = ModbusFunction::read_holding_registers;
    std::uint16_t address = 0;
    int count = 1;  // registers to read
    Words values;   // registers to write
};

// What libmodbus says: the words read, or its errno.
struct ModbusOutcome {
    Words words;
    int error = 0;
};

// One call at a time. libmodbus never sees the meter's own connection: it writes to one end of a
// socketpair and waits there; whoever owns the other end carries the frames, checks what libmodbus
// does not, and can end a call at once.
class ModbusWorker {
  public:
    ModbusWorker(boost::asio::io_context& context, int unit) : context_(context), unit_(unit) {}
    ~ModbusWorker() { stop(); }
    ModbusWorker(const ModbusWorker&) = delete;
    ModbusWorker& operator=(const ModbusWorker&) = delete;

    // A fresh socketpair for the next calls, while none is running: the descriptor of the carrier's
    // end, which the caller closes. Nothing when the process has no descriptor left that select()
    // can watch (below 1024).
    std::optional<int> connect();

    // Starts the thread with the first call. `done` runs on the context. After an error, exceptions
    // included, the socketpair is shut down, so that the carrier never waits for a frame that will
    // not come.
    void start(ModbusRequest request, std::function<void(ModbusOutcome)> done);
    void abort();  // the running call ends at once
    void stop();   // the same, and ends the thread; nothing can be started any more

  private:
    struct Job {
        ModbusRequest request;
        std::function<void(ModbusOutcome)> done;
    };

    boost::asio::io_context& context_;
    int unit_;
    int socket_ = -1;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Job> job_;
    bool stopping_ = false;
    std::thread thread_;

    void run();
    void close_socket();
};

// "illegal data address", "no reply", "invalid data": errno of libmodbus in words.
std::string modbus_error_text(int error);
// The exception code behind an errno of libmodbus; nothing when it is none.
std::optional<int> modbus_exception_code(int error);

}  // namespace dut
