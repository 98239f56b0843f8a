// GET, SET and ACTION from request to result, client against meter, in one APDU and in blocks.
#include "dut/dlms/axdr.hpp"
#include "dut/dlms/service_server.hpp"
#include "dut/dlms/transfers.hpp"
#include "tests/dut/dlms/hex.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace dut::dlms;

namespace {

// An attribute for each number from 1 on; 9 cannot be written, methods give back what they are
// given.
class Objects : public CosemObjects {
  public:
    DataOrResult get(const Attribute& attribute) override {
        const auto found = data.find(attribute.ref.index);
        if (found == data.end()) return std::unexpected(AccessResult::object_undefined);
        if (attribute.selection) return attribute.selection->parameters;
        return found->second;
    }
    AccessResult set(const Attribute& attribute, BytesView value) override {
        ++written;
        if (attribute.ref.index == 9) return AccessResult::read_write_denied;
        data[attribute.ref.index] = Bytes(value.begin(), value.end());
        return AccessResult::success;
    }
    ActionOutcome act(const CosemRef& method, const std::optional<Bytes>& parameters) override {
        ++executed;
        if (method.index == 9) return {ActionResult::object_undefined, std::nullopt};
        if (!parameters) return {ActionResult::success, std::nullopt};
        return {ActionResult::success, DataOrResult{*parameters}};
    }
    std::map<int, Bytes> data;
    int written = 0, executed = 0;
};

const Conformance everything{0x007E1D};

CosemRef ref(int index) {
    return {1, obis_from("0.0.96.1.0.255").value(), static_cast<std::int8_t>(index)};
}
Attribute attribute(int index) { return {ref(index), std::nullopt}; }

Bytes octets(std::uint64_t seed, std::size_t count) {
    return encode_value(OctetString{random_bytes(seed, count)});
}

// Both ends with APDUs of at most `longest` bytes.
struct Ends {
    explicit Ends(std::size_t longest, Conformance conformance = everything)
        : granted{conformance, longest}, server{objects, granted, {}} {}

    template <class Transfer>
    std::optional<ServiceError> run(Transfer& transfer) {
        Bytes request = transfer.request();
        for (;;) {
            ++apdus;
            CHECK((granted.longest_apdu == 0 || request.size() <= granted.longest_apdu));
            const Bytes answer = server.answer(request);
            CHECK((granted.longest_apdu == 0 || answer.size() <= granted.longest_apdu));
            const auto next = transfer.take(answer);
            if (!next) return next.error();
            if (!*next) return std::nullopt;
            request = **next;
        }
    }

    Objects objects;
    Granted granted;
    ServiceServer server;
    int apdus = 0;
};

ServiceFault fault_of(const NextRequest& next) { return next.error().fault; }

GetTransfer getting(std::vector<Attribute> attributes, TransferLimits limits = {}) {
    return GetTransfer::begin({everything, 0}, std::move(attributes), usual_invoke_id, limits)
        .value();
}

}  // namespace

TEST_CASE("attributes of any size are read, alone and in lists, in as many blocks as they need") {
    const std::size_t longest = GENERATE(0UL, 40UL, 128UL, 1024UL);
    for (const std::size_t size : {0UL, 1UL, 30UL, 31UL, 100UL, 1000UL, 20'000UL}) {
        INFO("longest " << longest << ", size " << size);
        Ends ends{longest};
        ends.objects.data[2] = octets(size, size);
        ends.objects.data[3] = octets(size + 1, size / 2);
        auto one = GetTransfer::begin(ends.granted, {attribute(2)}).value();
        REQUIRE_FALSE(ends.run(one));
        CHECK(one.results() == std::vector<DataOrResult>{octets(size, size)});
        if (longest == 40) continue;  // the request with a list alone is longer
        auto list =
            GetTransfer::begin(ends.granted, {attribute(3), attribute(7), attribute(2)}).value();
        REQUIRE_FALSE(ends.run(list));
        CHECK(list.results() ==
              std::vector<DataOrResult>{octets(size + 1, size / 2),
                                        std::unexpected(AccessResult::object_undefined),
                                        octets(size, size)});
    }
}

TEST_CASE("a selection reaches the object") {
    Ends ends{0};
    ends.objects.data[2] = hex("00");
    auto transfer =
        GetTransfer::begin(ends.granted, {{ref(2), Selection{1, hex("0600000005")}}}).value();
    REQUIRE_FALSE(ends.run(transfer));
    CHECK(transfer.results().front() == DataOrResult{hex("0600000005")});
}

TEST_CASE("attributes of any size are written, alone and in lists") {
    const std::size_t longest = GENERATE(0UL, 40UL, 128UL, 1024UL);
    for (const std::size_t size : {0UL, 1UL, 30UL, 100UL, 5000UL}) {
        INFO("longest " << longest << ", size " << size);
        Ends ends{longest};
        auto one = SetTransfer::begin(ends.granted, {attribute(2)}, {octets(size, size)}).value();
        REQUIRE_FALSE(ends.run(one));
        CHECK(one.results() == std::vector{AccessResult::success});
        CHECK(ends.objects.data[2] == octets(size, size));
        CHECK(ends.objects.written == 1);
        if (longest == 40) continue;
        auto list =
            SetTransfer::begin(
                ends.granted, {attribute(3), attribute(9)}, {octets(1, size), octets(2, size)})
                .value();
        REQUIRE_FALSE(ends.run(list));
        CHECK(list.results() ==
              std::vector{AccessResult::success, AccessResult::read_write_denied});
        CHECK(ends.objects.data[3] == octets(1, size));
    }
}

TEST_CASE("methods with parameters and results of any size are executed once") {
    const std::size_t longest = GENERATE(0UL, 40UL, 128UL, 1024UL);
    for (const std::size_t size : {0UL, 1UL, 30UL, 100UL, 5000UL}) {
        INFO("longest " << longest << ", size " << size);
        Ends ends{longest};
        auto one = ActionTransfer::begin(ends.granted, {ref(1)}, {octets(size, size)}).value();
        REQUIRE_FALSE(ends.run(one));
        CHECK(one.results() == std::vector<ActionOutcome>{
                                   {ActionResult::success, DataOrResult{octets(size, size)}}});
        CHECK(ends.objects.executed == 1);
        auto bare = ActionTransfer::begin(ends.granted, {ref(1)}, {std::nullopt}).value();
        REQUIRE_FALSE(ends.run(bare));
        CHECK(bare.results().front() == ActionOutcome{});
        if (longest == 40) continue;
        auto list = ActionTransfer::begin(ends.granted,
                                          {ref(1), ref(9), ref(2)},
                                          {octets(1, size), std::nullopt, std::nullopt})
                        .value();
        REQUIRE_FALSE(ends.run(list));
        CHECK(list.results()[0].returned == DataOrResult{octets(1, size)});
        CHECK(list.results()[1].result == ActionResult::object_undefined);
        CHECK(list.results()[2] == ActionOutcome{});
        CHECK(ends.objects.executed == 5);
    }
}

TEST_CASE("only services that the association granted are used") {
    const auto without = [](Grant grant) { return Granted{everything.without(grant), 64}; };
    const auto detail = [](const auto& begun) {
        REQUIRE_FALSE(begun);
        CHECK(begun.error().fault == ServiceFault::not_granted);
        return begun.error().detail;
    };
    const Attribute selective{ref(2), Selection{1, hex("00")}};
    CHECK(detail(GetTransfer::begin(without(Grant::get), {attribute(2)})) == "get");
    CHECK(detail(GetTransfer::begin(without(Grant::multiple_references),
                                    {attribute(2), attribute(3)})) == "multiple references");
    CHECK(detail(GetTransfer::begin(without(Grant::selective_access), {selective})) ==
          "selective access");
    CHECK(detail(SetTransfer::begin(without(Grant::set), {attribute(2)}, {hex("00")})) == "set");
    CHECK(detail(SetTransfer::begin(
              without(Grant::block_transfer_with_set), {attribute(2)}, {octets(1, 100)})) ==
          "block transfer with set");
    CHECK(SetTransfer::begin(
        without(Grant::block_transfer_with_set), {attribute(2)}, {octets(1, 10)}));
    CHECK(detail(ActionTransfer::begin(without(Grant::action), {ref(1)}, {std::nullopt})) ==
          "action");
    CHECK(detail(ActionTransfer::begin(
              without(Grant::block_transfer_with_action), {ref(1)}, {octets(1, 100)})) ==
          "block transfer with action");
}

TEST_CASE("a meter that answers in blocks although they were not granted is not followed") {
    auto transfer =
        GetTransfer::begin({everything.without(Grant::block_transfer_with_get), 0}, {attribute(2)})
            .value();
    const auto next = transfer.take(encode_apdu(GetBlock{0xC1, false, 1, hex("09")}));
    CHECK(described(next.error()) == "service not granted: block transfer with get");
}

TEST_CASE("a meter refuses what it did not grant") {
    const auto answer = [](Grant missing, const Apdu& request) {
        Objects objects;
        ServiceServer server{objects, {everything.without(missing), 0}};
        return decode_apdu(server.answer(encode_apdu(request))).value();
    };
    const Apdu refused = ExceptionResponse{1, 2, std::nullopt};
    const Block block{true, 1, hex("00")};
    CHECK(answer(Grant::get, GetRequest{0xC1, attribute(2)}) == refused);
    CHECK(answer(Grant::get, GetNext{0xC1, 1}) == refused);
    CHECK(answer(Grant::multiple_references, GetListRequest{0xC1, {attribute(2)}}) == refused);
    CHECK(answer(Grant::selective_access, GetRequest{0xC1, {ref(2), Selection{1, hex("00")}}}) ==
          refused);
    CHECK(answer(Grant::set, SetRequest{0xC1, attribute(2), hex("00")}) == refused);
    CHECK(answer(Grant::block_transfer_with_set, SetFirstBlock{0xC1, attribute(2), block}) ==
          refused);
    CHECK(answer(Grant::action, ActionRequest{0xC1, ref(1), std::nullopt}) == refused);
    CHECK(answer(Grant::block_transfer_with_action, ActionFirstBlock{0xC1, ref(1), block}) ==
          refused);
    CHECK(answer(Grant::priority, GetResponse{0xC1, hex("00")}) ==
          Apdu{ExceptionResponse{2, 2, std::nullopt}});
}

TEST_CASE("a meter answers bytes that are no request, and says why") {
    Objects objects;
    ServiceServer server{objects, {everything, 0}};
    CHECK(to_hex(server.answer(hex("FF"))) == "D80202");
    CHECK(to_hex(server.answer({})) == "D80103");
    CHECK(to_hex(server.answer(hex("C001C1"))) == "D80103");
}

TEST_CASE("a reply for another invoke-id is a fault; priority bits may differ") {
    CHECK(fault_of(getting({attribute(2)}).take(encode_apdu(GetResponse{0xC2, hex("00")}))) ==
          ServiceFault::wrong_invoke);
    auto mended = getting({attribute(2)});
    CHECK(mended.take(encode_apdu(GetResponse{0x41, hex("00")})));
    auto list = getting({attribute(2)});
    const auto error = list.take(encode_apdu(GetResponse{0xC7, hex("00")})).error();
    CHECK(described(error) == "answer to another request: invoke-id 7 instead of 1");
}

TEST_CASE("answers to other requests, exceptions and garbage are faults by name") {
    struct Row {
        Bytes answer;
        ServiceFault fault;
    };
    const std::vector<Row> rows{
        {encode_apdu(SetResponse{0xC1}), ServiceFault::wrong_kind},
        {encode_apdu(GetListResponse{0xC1, {hex("00")}}), ServiceFault::wrong_kind},
        {encode_apdu(GetRequest{0xC1, attribute(2)}), ServiceFault::wrong_kind},
        {encode_apdu(DataNotification{1, {}, hex("00")}), ServiceFault::wrong_kind},
        {encode_apdu(ExceptionResponse{1, 1, std::nullopt}), ServiceFault::exception},
        {hex("C401C1000905"), ServiceFault::undecodable},
        {{}, ServiceFault::undecodable},
    };
    for (const Row& row : rows) {
        INFO(to_hex(row.answer));
        CHECK(fault_of(getting({attribute(2)}).take(row.answer)) == row.fault);
    }
    const auto exception = getting({attribute(2)}).take(rows[4].answer).error();
    CHECK(described(exception) ==
          "exception: exception: service not allowed, operation not possible");
    CHECK(exception.exception == ExceptionResponse{1, 1, std::nullopt});
    CHECK(fault_of(getting({attribute(2), attribute(3)})
                       .take(encode_apdu(GetListResponse{0xC1, {hex("00")}}))) ==
          ServiceFault::list_size);
}

TEST_CASE("blocks out of order are a fault wherever they come") {
    for (const std::uint32_t wrong : {0U, 2U, 0xFFFFFFFFU})
        CHECK(fault_of(getting({attribute(2)})
                           .take(encode_apdu(GetBlock{0xC1, false, wrong, hex("09")}))) ==
              ServiceFault::block_number);
    for (const std::uint32_t wrong : {1U, 3U}) {
        auto transfer = getting({attribute(2)});
        const auto next = transfer.take(encode_apdu(GetBlock{0xC1, false, 1, hex("09")}));
        CHECK(**next == encode_apdu(GetNext{0xC1, 1}));
        const auto error =
            transfer.take(encode_apdu(GetBlock{0xC1, true, wrong, hex("00")})).error();
        CHECK(error.fault == ServiceFault::block_number);
        CHECK(error.detail == (wrong == 1 ? "block 1 instead of 2" : "block 3 instead of 2"));
    }
    auto changed = getting({attribute(2)});
    REQUIRE(changed.take(encode_apdu(GetBlock{0xC1, false, 1, hex("09")})));
    CHECK(fault_of(changed.take(encode_apdu(GetResponse{0xC1, hex("00")}))) ==
          ServiceFault::wrong_kind);
}

TEST_CASE("blocks that never end are given up at the bound, in bytes and in blocks") {
    const auto blocks_until_fault = [](TransferLimits limits, const Bytes& raw) {
        auto transfer = getting({attribute(2)}, limits);
        for (std::uint32_t number = 1; number < 10'000; ++number) {
            const auto next = transfer.take(encode_apdu(GetBlock{0xC1, false, number, raw}));
            if (!next) return std::pair{number, next.error().fault};
        }
        return std::pair{0U, ServiceFault::refused};
    };
    CHECK(blocks_until_fault({.longest = 1000, .most_blocks = 5000}, Bytes(100, 0)) ==
          std::pair{11U, ServiceFault::too_long});
    CHECK(blocks_until_fault({.longest = 1 << 20, .most_blocks = 50}, Bytes(1, 0)) ==
          std::pair{51U, ServiceFault::too_long});
    CHECK(blocks_until_fault({}, {}) == std::pair{1U, ServiceFault::too_long});
}

TEST_CASE("blocks whose sum is no value are undecodable") {
    auto transfer = getting({attribute(2)});
    REQUIRE(transfer.take(encode_apdu(GetBlock{0xC1, false, 1, hex("0905")})));
    CHECK(fault_of(transfer.take(encode_apdu(GetBlock{0xC1, true, 2, hex("00")}))) ==
          ServiceFault::undecodable);
}

TEST_CASE("a long GET that the meter aborts ends with its result") {
    auto transfer = getting({attribute(2)});
    REQUIRE(transfer.take(encode_apdu(GetBlock{0xC1, false, 1, hex("09")})));
    const auto error = transfer
                           .take(encode_apdu(GetBlock{
                               0xC1, true, 2, std::unexpected(AccessResult::long_get_aborted)}))
                           .error();
    CHECK(error.fault == ServiceFault::refused);
    CHECK(error.access == AccessResult::long_get_aborted);
    auto at_once = getting({attribute(2)});
    CHECK(at_once.take(encode_apdu(
        GetBlock{0xC1, true, 1, std::unexpected(AccessResult::data_block_unavailable)})));
    CHECK(at_once.results().front() ==
          DataOrResult{std::unexpected(AccessResult::data_block_unavailable)});
}

TEST_CASE("a SET in blocks takes only the acknowledgement of the block it sent") {
    const auto begun = [] {
        return SetTransfer::begin({everything, 64}, {attribute(2)}, {octets(1, 200)}).value();
    };
    CHECK(fault_of(begun().take(encode_apdu(SetBlockTaken{0xC1, 2}))) ==
          ServiceFault::block_number);
    CHECK(fault_of(begun().take(encode_apdu(SetLastBlockTaken{0xC1, AccessResult::success, 1}))) ==
          ServiceFault::wrong_kind);
    CHECK(fault_of(begun().take(encode_apdu(SetResponse{0xC1, AccessResult::success}))) ==
          ServiceFault::wrong_kind);
    const auto refused =
        begun().take(encode_apdu(SetLastBlockTaken{0xC1, AccessResult::type_unmatched, 1}));
    CHECK(refused.error().access == AccessResult::type_unmatched);
    const auto simply = begun().take(encode_apdu(SetResponse{0xC1, AccessResult::type_unmatched}));
    CHECK(simply.error().access == AccessResult::type_unmatched);
}

TEST_CASE("an ACTION in blocks takes only the acknowledgement of the block it sent") {
    const auto begun = [] {
        return ActionTransfer::begin({everything, 64}, {ref(1)}, {octets(1, 200)}).value();
    };
    CHECK(fault_of(begun().take(encode_apdu(ActionBlockTaken{0xC1, 2}))) ==
          ServiceFault::block_number);
    CHECK(fault_of(begun().take(encode_apdu(ActionResponse{0xC1, {}}))) ==
          ServiceFault::wrong_kind);
    auto refused = begun();
    CHECK(refused.take(encode_apdu(ActionResponse{0xC1, {ActionResult::other_reason, {}}})));
    CHECK(refused.results().front().result == ActionResult::other_reason);
    CHECK(fault_of(begun().take(encode_apdu(ActionResponseBlock{0xC1, {false, 2, hex("00")}}))) ==
          ServiceFault::block_number);
}

TEST_CASE("a meter keeps to the order of blocks as well") {
    Objects objects;
    objects.data[2] = octets(1, 500);
    ServiceServer server{objects, {everything, 64}};
    const auto answer = [&](const Apdu& request) {
        return decode_apdu(server.answer(encode_apdu(request))).value();
    };
    const auto refusal = [](std::uint32_t number, AccessResult result) {
        return Apdu{GetBlock{0xC1, true, number, std::unexpected(result)}};
    };
    CHECK(answer(GetNext{0xC1, 1}) == refusal(1, AccessResult::no_long_get));
    REQUIRE(std::holds_alternative<GetBlock>(answer(GetRequest{0xC1, attribute(2)})));
    CHECK(answer(GetNext{0xC1, 2}) == refusal(2, AccessResult::block_number_invalid));
    CHECK(answer(GetNext{0xC1, 1}) == refusal(1, AccessResult::no_long_get));
    const Block first{false, 1, hex("0905")}, third{true, 3, hex("00")};
    CHECK(answer(SetBlock{0xC1, first}) ==
          Apdu{SetLastBlockTaken{0xC1, AccessResult::no_long_set, 1}});
    CHECK(answer(SetFirstBlock{0xC1, attribute(2), first}) == Apdu{SetBlockTaken{0xC1, 1}});
    CHECK(answer(SetBlock{0xC1, third}) ==
          Apdu{SetLastBlockTaken{0xC1, AccessResult::block_number_invalid, 3}});
    CHECK(answer(ActionNext{0xC1, 1}) ==
          Apdu{ActionResponse{0xC1, {ActionResult::no_long_action, {}}}});
    CHECK(answer(ActionBlock{0xC1, first}) ==
          Apdu{ActionResponse{0xC1, {ActionResult::no_long_action, {}}}});
    CHECK(answer(ActionFirstBlock{0xC1, ref(1), first}) == Apdu{ActionBlockTaken{0xC1, 1}});
    CHECK(answer(ActionBlock{0xC1, third}) ==
          Apdu{ActionResponse{0xC1, {ActionResult::long_action_aborted, {}}}});
    CHECK(objects.written == 0);
    CHECK(objects.executed == 0);
}

TEST_CASE("a meter gives up a SET whose blocks do not end or are no value") {
    Objects objects;
    ServiceServer server{objects, {everything, 0}, {.longest = 100, .most_blocks = 10}};
    const auto answer = [&](const Apdu& request) {
        return decode_apdu(server.answer(encode_apdu(request))).value();
    };
    CHECK(answer(SetFirstBlock{0xC1, attribute(2), {false, 1, Bytes(101, 0)}}) ==
          Apdu{SetLastBlockTaken{0xC1, AccessResult::long_set_aborted, 1}});
    CHECK(answer(SetFirstBlock{0xC1, attribute(2), {true, 1, hex("0905")}}) ==
          Apdu{SetLastBlockTaken{0xC1, AccessResult::type_unmatched, 1}});
    CHECK(objects.written == 0);
}
