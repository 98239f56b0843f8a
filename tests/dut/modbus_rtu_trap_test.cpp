// What libmodbus 3.1.6 does by itself on a serial line, and what calrig's client makes of the same
// peer: the reasons for the carrier, kept as tests.
#include "tests/dut/modbus_rtu_bench.hpp"

#include <catch2/catch.hpp>
#include <modbus/modbus.h>

#include <array>
#include <memory>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace dut;
using namespace dut_test;

namespace {

struct FreeContext {
    void operator()(modbus_t* context) const { modbus_free(context); }
};

// libmodbus in RTU mode on one end of a socketpair; the test is the meter on the other.
struct BareLibmodbus {
    BareLibmodbus() : context(modbus_new_rtu("/dev/null", 9600, 'N', 8, 1)) {
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        REQUIRE(modbus_set_socket(context.get(), ends[0]) == 0);
        REQUIRE(modbus_set_slave(context.get(), 5) == 0);
    }
    ~BareLibmodbus() {
        close(ends[0]);
        close(ends[1]);
    }
    std::unique_ptr<modbus_t, FreeContext> context;
    std::array<int, 2> ends{};
};

Bytes next_request(int descriptor) {
    Bytes request(8);
    REQUIRE(recv(descriptor, request.data(), request.size(), MSG_WAITALL) == 8);
    return request;
}

Bytes reply_to(const Bytes& request) {
    FarEnd far;
    const RtuFrame frame = decode_rtu(request).value();
    return encode_rtu({frame.unit, far.pdu_for(frame.unit, frame.pdu)});
}

void send_all(int descriptor, const Bytes& bytes) {
    REQUIRE(send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
}

}  // namespace

TEST_CASE("bare libmodbus reads and writes a socketpair in RTU mode, but cannot flush it") {
    BareLibmodbus bare;
    CHECK(modbus_flush(bare.context.get()) == -1);
    std::thread meter{[&] { send_all(bare.ends[1], reply_to(next_request(bare.ends[1]))); }};
    Words words(8);
    CHECK(modbus_read_registers(bare.context.get(), 0xC702, 8, words.data()) == 8);
    meter.join();
    CHECK(words == right());
}

TEST_CASE("bare libmodbus takes a late reply for the next request's, and says it succeeded") {
    BareLibmodbus bare;
    modbus_set_response_timeout(bare.context.get(), 0, 20000);
    // The meter answers the first request when it hears the second, and so on.
    std::thread meter{[&] {
        const Bytes first = next_request(bare.ends[1]);
        const Bytes second = next_request(bare.ends[1]);
        send_all(bare.ends[1], reply_to(first));
        send_all(bare.ends[1], reply_to(second));
    }};
    Words words(8);
    CHECK(modbus_read_registers(bare.context.get(), 0xC702, 8, words.data()) == -1);
    modbus_set_response_timeout(bare.context.get(), 10, 0);
    CHECK(modbus_read_registers(bare.context.get(), 0xC802, 8, words.data()) == 8);
    meter.join();
    CHECK(words == right(5, 0xC702));  // the values of another register
}

TEST_CASE("calrig's client never takes it for that") {
    RtuBench bench;
    const auto meter = bench.client();
    Bytes kept;
    bench.far.tampers.push_back([&kept](const Bytes&, Bytes reply) {
        kept = std::move(reply);
        return std::vector<RtuPiece>{};
    });
    bench.far.tampers.push_back([&kept](const Bytes&, Bytes reply) {
        return std::vector<RtuPiece>{{0, kept}, {0, std::move(reply)}};
    });
    bench.fault(*meter);
    const std::string second = bench.fault(*meter, 0xC802);
    CHECK(second != "no fault");
    CHECK(bench.read(*meter, 0xC802) == right(5, 0xC802));
}

TEST_CASE("bare libmodbus believes any confirmation of a single write, calrig does not") {
    BareLibmodbus bare;
    std::thread meter{[&] {
        next_request(bare.ends[1]);
        send_all(bare.ends[1], encode_rtu({5, {0x06, 0x12, 0x34, 0x56, 0x78}}));
    }};
    CHECK(modbus_write_register(bare.context.get(), 0xC6A1, 2) == 1);
    meter.join();
    RtuBench bench;
    const auto client = bench.client();
    bench.far.tampers.push_back(answers_with(encode_rtu({5, {0x06, 0x12, 0x34, 0x56, 0x78}})));
    CHECK_THROWS_AS(bench.loop->run(client->write(0xC6A1, {2})), instruments::DeviceFault);
}
