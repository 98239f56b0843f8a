// The only file that knows libmodbus.
#include "dut/modbus_worker.hpp"

#include "calibration/check.hpp"

#include <boost/asio/post.hpp>
#include <modbus.h>

#include <cerrno>
#include <memory>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace dut {
namespace {

// Calls are ended by the carrier, in bench time; libmodbus's own time-out only guards against a
// carrier that forgot.
constexpr unsigned backstop_s = 30;

struct FreeContext {
    void operator()(modbus_t* context) const { modbus_free(context); }
};
using Context = std::unique_ptr<modbus_t, FreeContext>;

// The address is never connected to: the socket comes from modbus_set_socket().
Context new_context(int unit) {
    Context context{modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT)};
    calibration::check(context != nullptr, "libmodbus makes a context");
    const bool set = modbus_set_slave(context.get(), unit) == 0 &&
                     modbus_set_response_timeout(context.get(), backstop_s, 0) == 0 &&
                     modbus_set_byte_timeout(context.get(), backstop_s, 0) == 0 &&
                     modbus_set_error_recovery(context.get(), MODBUS_ERROR_RECOVERY_NONE) == 0;
    calibration::check(set, "libmodbus takes unit id and time-outs");
    return context;
}

int perform(modbus_t* context, const ModbusRequest& request, Words& words) {
    const int address = request.address;
    switch (request.function) {
        case ModbusFunction::read_holding_registers:
            words.resize(static_cast<std::size_t>(request.count));
            return modbus_read_registers(context, address, request.count, words.data());
        case ModbusFunction::write_single_register:
            return modbus_write_register(context, address, request.values.front());
        case ModbusFunction::write_multiple_registers:
            return modbus_write_registers(
                context, address, static_cast<int>(request.values.size()), request.values.data());
    }
    errno = EINVAL;
    return -1;
}

ModbusOutcome outcome_of(modbus_t* context, int socket, const ModbusRequest& request) {
    modbus_set_socket(context, socket);
    modbus_flush(context);
    ModbusOutcome outcome;
    if (perform(context, request, outcome.words) >= 0) return outcome;
    outcome.error = errno == 0 ? EIO : errno;
    outcome.words.clear();
    shutdown(socket, SHUT_RDWR);
    return outcome;
}

}  // namespace

std::string modbus_error_text(int error) { return modbus_strerror(error); }

std::optional<int> modbus_exception_code(int error) {
    const int code = error - MODBUS_ENOBASE;
    if (code >= 1 && code < MODBUS_EXCEPTION_MAX) return code;
    return std::nullopt;
}

std::optional<int> ModbusWorker::connect() {
    close_socket();
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
    if (ends[0] >= FD_SETSIZE) {
        close(ends[0]);
        close(ends[1]);
        return std::nullopt;
    }
    socket_ = ends[0];
    return ends[1];
}

void ModbusWorker::start(ModbusRequest request, std::function<void(ModbusOutcome)> done) {
    calibration::check(!stopping_ && socket_ >= 0,
                       "a Modbus worker is connected before it is used");
    if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
    {
        const std::lock_guard lock{mutex_};
        calibration::check(!job_, "a Modbus worker runs one call at a time");
        job_.emplace(std::move(request), std::move(done));
    }
    changed_.notify_one();
}

void ModbusWorker::run() {
    const Context context = new_context(unit_);
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return job_ || stopping_; });
        if (!job_) return;
        Job job = *std::move(job_);
        const int socket = socket_;
        lock.unlock();
        // Nothing of the job may die on this thread: it goes whole to the context.
        auto outcome = outcome_of(context.get(), socket, job.request);
        lock.lock();
        job_.reset();
        boost::asio::post(context_,
                          [done = std::move(job.done), result = std::move(outcome)]() mutable {
                              done(std::move(result));
                          });
    }
}

void ModbusWorker::abort() {
    if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

void ModbusWorker::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    abort();
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    close_socket();
}

void ModbusWorker::close_socket() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
}

}  // namespace dut
