// What calrig's Modbus layer costs over bare libmodbus on the same server, and how well forty
// meters are identified at once. Budgets: 1.2 times bare reads where the meter takes 2 ms (real
// ones take longer), and 1.5 times one meter's time for forty that take 20 ms. A server that
// answers at once shows what the layer itself takes.
#include "dut/meter_emulator.hpp"
#include "dut/modbus_client.hpp"
#include "dut/modbus_meter.hpp"
#include "instruments/io/all.hpp"

#include <modbus/modbus.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace dut;
using namespace instruments::io;
using namespace std::chrono_literals;

constexpr int meters = 40;
constexpr int rounds = 15;
constexpr int unit = 5;
constexpr std::uint16_t address = 0xC702;
constexpr int count = 10;

MeterType type_under_test() {
    const auto text = meter_type_text("countis-e48");
    return parse_meter_type(text.text, text.name);
}

// Emulated meters on TCP ports of 127.0.0.1, on a thread and a loop of their own, until it goes.
class Servers {
  public:
    Servers(int how_many, Duration latency) {
        std::promise<std::vector<int>> opened;
        auto ports_opened = opened.get_future();
        thread_ = std::thread{[this, how_many, latency, opened = std::move(opened)]() mutable {
            serve(how_many, latency, opened);
        }};
        ports = ports_opened.get();
    }
    ~Servers() {
        stop_ = true;
        thread_.join();
    }
    std::vector<int> ports;

  private:
    std::atomic<bool> stop_ = false;
    std::thread thread_;

    static Task<void> serve_one(Listener& listener, MeterEmulator& meter) {
        while (true) {
            const auto link = co_await listener.accept();
            co_await meter.serve(*link);
        }
    }
    Task<void> stopped(Clock& clock) {
        while (!stop_) co_await clock.sleep_for(20ms);
    }
    void serve(int how_many, Duration latency, std::promise<std::vector<int>>& opened);
};

void Servers::serve(int how_many, Duration latency, std::promise<std::vector<int>>& opened) {
    const auto loop = Loop::with_real_time();
    const MeterType type = type_under_test();
    calibration::MeterTraits traits;
    traits.ratings = type.ratings;
    calibration::BenchModel model{1, {}, {}, {traits}};
    std::vector<std::unique_ptr<MeterEmulator>> emulators;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::vector<int> own;
    for (int index = 0; index < how_many; ++index) {
        MeterEmulatorOptions options;
        options.unit = unit;
        options.faults.reply_delay = latency;
        options.faults.late_replies = latency > Duration{0} ? 1'000'000'000 : 0;
        emulators.push_back(
            std::make_unique<MeterEmulator>(loop->clock(), model, 0, type, options));
        listeners.push_back(listen_tcp(loop->context(), loop->clock(), 0));
        const std::string listening = listeners.back()->address();
        own.push_back(std::atoi(listening.c_str() + listening.rfind(':') + 1));
        loop->spawn(serve_one(*listeners.back(), *emulators.back()));
    }
    opened.set_value(own);
    loop->run(stopped(loop->clock()));
}

template <class Function>
double seconds_of(Function&& function) {
    const auto begin = std::chrono::steady_clock::now();
    function();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    return taken.count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct FreeContext {
    void operator()(modbus_t* context) const {
        modbus_close(context);
        modbus_free(context);
    }
};

void fail(const char* what) {
    std::printf("wrong: %s\n", what);
    std::exit(1);
}

// Reads by both, in turn, so that what else the machine does meets both.
struct Layer {
    double bare_us = 0, ours_us = 0, ratio = 0;
};

Layer layer_over(Duration latency, int reads) {
    const Servers servers{2, latency};
    const std::unique_ptr<modbus_t, FreeContext> bare{
        modbus_new_tcp("127.0.0.1", servers.ports[0])};
    if (modbus_set_slave(bare.get(), unit) != 0 || modbus_connect(bare.get()) != 0) {
        fail("bare libmodbus cannot connect");
    }
    const auto loop = Loop::with_real_time();
    ModbusTarget target;
    target.name = "benchmark";
    target.unit = unit;
    const std::string server = "tcp:127.0.0.1:" + std::to_string(servers.ports[1]);
    target.connect = [&] { return open_link(loop->context(), loop->clock(), server); };
    ModbusClient client{loop->clock(), std::move(target)};
    Words words(count);
    const auto read_bare = [&] {
        for (int i = 0; i < reads; ++i) {
            if (modbus_read_registers(bare.get(), address, count, words.data()) != count) {
                fail("bare libmodbus cannot read");
            }
        }
    };
    const auto read_ours = [&]() -> Task<void> {
        for (int i = 0; i < reads; ++i) {
            words = co_await client.read(address, count);
        }
    };
    loop->run(read_ours());
    std::vector<double> bare_s, ours_s, ratios;
    for (int round = 0; round < rounds; ++round) {
        bare_s.push_back(seconds_of(read_bare));
        ours_s.push_back(seconds_of([&] { loop->run(read_ours()); }));
        ratios.push_back(ours_s.back() / bare_s.back());
    }
    return {median(bare_s) / reads * 1e6, median(ours_s) / reads * 1e6, median(ratios)};
}

Task<void> identify(MeterPort& port) {
    const MeterIdentity identity = co_await port.identify();
    if (identity.maker != "SOCO") fail("a meter of another maker");
}

// How long the first `how_many` meters take, ports opened and closed with it.
double identify_s(const Servers& servers, int how_many) {
    const auto loop = Loop::with_real_time();
    const MeterType type = type_under_test();
    std::vector<std::unique_ptr<MeterPort>> ports;
    for (int index = 0; index < how_many; ++index) {
        const ModbusAddress meter{
            "127.0.0.1", servers.ports[static_cast<std::size_t>(index)], unit};
        ports.push_back(open_modbus_tcp(loop->context(), loop->clock(), type, meter));
    }
    return seconds_of([&] {
        std::vector<Task<void>> tasks;
        for (const auto& port : ports) tasks.push_back(identify(*port));
        loop->run(all(*loop, std::move(tasks)));
    });
}

double many_to_one() {
    const Servers servers{meters, 20ms};
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
        const double one = identify_s(servers, 1);
        ratios.push_back(identify_s(servers, meters) / one);
    }
    return median(ratios);
}

}  // namespace

int main() {
    struct Case {
        const char* name;
        Duration latency;
        int reads;
    };
    for (const auto& [name, latency, reads] :
         {Case{"at once", 0ms, 200}, Case{"after 2 ms", 2ms, 20}}) {
        const Layer layer = layer_over(latency, reads);
        std::printf("%s: bare %.0f us per read, ours %.0f us, layer %.2f\n",
                    name,
                    layer.bare_us,
                    layer.ours_us,
                    layer.ratio);
    }
    std::printf("forty: %.2f\n", many_to_one());
}
