#include "scripts/python/bench_handle.hpp"

#include "scripts/python/errors.hpp"

#include <pybind11/pybind11.h>

#include <stdexcept>
#include <utility>

namespace scripts::python {

namespace {

namespace py = pybind11;

// Whoever works on the bench; nobody waits for another, so that nobody is surprised by what the
// other left behind.
class Use {
  public:
    explicit Use(std::atomic<bool>& busy) : busy_(busy) {
        if (busy_.exchange(true)) {
            throw std::runtime_error(
                "the bench is at work: another thread or a signal handler may only stop it");
        }
    }
    ~Use() {
        busy_.store(false);
        busy_.notify_all();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    std::atomic<bool>& busy_;
};

// Runs Python's signal handlers from time to time and keeps what the first of them raised.
class SignalWatch {
  public:
    explicit SignalWatch(sequences::BenchSession& session) : session_(session) {
        session_.bench().loop().set_interrupt([this] { look(); });
    }
    ~SignalWatch() { session_.bench().loop().set_interrupt({}); }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    const std::exception_ptr& raised() const { return raised_; }

    void look() {
        const py::gil_scoped_acquire held;
        if (!raised_ && PyErr_CheckSignals() != 0) {
            raised_ = std::make_exception_ptr(py::error_already_set());
            session_.request_stop();
        }
    }

  private:
    sequences::BenchSession& session_;
    std::exception_ptr raised_;
};

std::vector<std::weak_ptr<BenchHandle>>& open_benches() {
    static std::vector<std::weak_ptr<BenchHandle>> benches;  // guarded by the GIL
    return benches;
}

}  // namespace

BenchHandle::BenchHandle(const BenchRequest& request) : request_(request) {
    const py::gil_scoped_release released;
    const dut::MeterType meter = meter_type(request.meter, request.meters_folder);
    text_ = bench_text(request.bench, request.positions, request.seed, request.faults, meter);
    const rig::BenchFile file = rig::parse_bench_file(text_.text, text_.name);
    session_ = std::make_unique<sequences::BenchSession>(rig::Bench::assemble(
        file, meter, {.seed = request.seed, .transcript = request.transcript}));
}

BenchHandle::~BenchHandle() {
    const py::gil_scoped_release released;
    session_.reset();
}

void BenchHandle::at_work(const std::function<void(sequences::BenchSession&)>& work) {
    const Use use(busy_);
    std::exception_ptr failure;
    std::exception_ptr raised;
    {
        const py::gil_scoped_release released;
        SignalWatch watch(*session_);
        try {
            work(*session_);
            watch.look();  // what came after the last look must not be lost with the result
        } catch (...) {
            failure = std::current_exception();
        }
        raised = watch.raised();
        if (raised) {
            session_->make_safe();
        }
    }
    if (raised || failure) {
        throw Noted{raised ? raised : failure, session_->aftermath()};
    }
}

void BenchHandle::shut_down() {
    {
        const py::gil_scoped_release released;
        while (busy_.load()) {
            session_->request_stop();
            busy_.wait(true);
        }
    }
    at_work([](sequences::BenchSession& session) { session.off(); });
}

void register_at_exit(const std::shared_ptr<BenchHandle>& handle) {
    std::erase_if(open_benches(), [](const auto& bench) { return bench.expired(); });
    open_benches().push_back(handle);
}

void shut_down_all() {
    std::exception_ptr failure;
    for (const std::weak_ptr<BenchHandle>& bench : std::exchange(open_benches(), {})) {
        try {
            if (const auto handle = bench.lock()) {
                handle->shut_down();
            }
        } catch (...) {
            failure = std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace scripts::python
