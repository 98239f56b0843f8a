// The client's GET, SET and ACTION from request to result, block transfer included.
#pragma once

#include "dut/dlms/blocks.hpp"
#include "dut/dlms/conformance.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace dut::dlms {

// What an association allows: the services granted, and the longest APDU the server takes (0: any).
struct Granted {
    Conformance conformance;
    std::size_t longest_apdu = 0;
};

enum class ServiceFault {
    not_granted,   // the association does not allow what this request needs
    undecodable,   // the answer is no APDU
    exception,     // the meter answered with an exception
    wrong_kind,    // the answer belongs to another service, or to another kind of request
    wrong_invoke,  // the answer belongs to another request
    block_number,  // a block out of order
    too_long,      // the blocks do not end within the bounds
    list_size,     // another number of results than was asked for
    refused,       // the transfer as a whole was refused or aborted, with a result
};

struct ServiceError {
    ServiceFault fault;
    std::string detail = {};                            // one line: what was expected, what came
    std::optional<AccessResult> access = std::nullopt;  // with `refused`
    std::optional<ExceptionResponse> exception = std::nullopt;
    friend bool operator==(const ServiceError&, const ServiceError&) = default;
};
std::string_view name(ServiceFault fault);
std::string described(const ServiceError& error);

// Next to be sent; nothing when the transfer is complete.
using NextRequest = std::expected<std::optional<Bytes>, ServiceError>;

// For all three: begin() gives a transfer or says which grant is missing; send request(); give
// every answer to take() and send what it returns until it returns nothing. After a fault the
// transfer is over; the meter may hold on to its half until the next request.

class GetTransfer {
  public:
    // One attribute by itself, several as a list.
    static std::expected<GetTransfer, ServiceError> begin(const Granted& granted,
                                                          std::vector<Attribute> attributes,
                                                          InvokeId invoke = usual_invoke_id,
                                                          TransferLimits limits = {});
    const Bytes& request() const { return request_; }
    NextRequest take(BytesView answer);
    // Data or result of each attribute, in their order.
    const std::vector<DataOrResult>& results() const { return results_; }

  private:
    GetTransfer(InvokeId invoke, std::size_t count, bool may_block, TransferLimits limits)
        : invoke_(invoke), count_(count), may_block_(may_block), blocks_(limits) {}
    NextRequest take_block(const GetBlock& block);
    NextRequest finish(BytesView assembled);

    InvokeId invoke_;
    std::size_t count_;
    bool may_block_;
    Bytes request_;
    BlockReceiver blocks_;
    std::vector<DataOrResult> results_;
};

class SetTransfer {
  public:
    // As many data as attributes. What does not fit into one APDU goes in blocks.
    static std::expected<SetTransfer, ServiceError> begin(const Granted& granted,
                                                          std::vector<Attribute> attributes,
                                                          const std::vector<Bytes>& data,
                                                          InvokeId invoke = usual_invoke_id);
    const Bytes& request() const { return request_; }
    NextRequest take(BytesView answer);
    const std::vector<AccessResult>& results() const { return results_; }

  private:
    SetTransfer(InvokeId invoke, std::size_t count, std::size_t longest)
        : invoke_(invoke), count_(count), longest_(longest) {}
    void write_first_block(std::vector<Attribute> attributes, const std::vector<Bytes>& data);
    NextRequest finish(std::vector<AccessResult> results);

    InvokeId invoke_;
    std::size_t count_;
    std::size_t longest_;
    Bytes request_;
    std::optional<BlockSender> blocks_;
    std::vector<AccessResult> results_;
};

class ActionTransfer {
  public:
    // Without parameters: nothing for a single method, null data in a list.
    static std::expected<ActionTransfer, ServiceError> begin(
        const Granted& granted,
        std::vector<CosemRef> methods,
        const std::vector<std::optional<Bytes>>& parameters,
        InvokeId invoke = usual_invoke_id,
        TransferLimits limits = {});
    const Bytes& request() const { return request_; }
    NextRequest take(BytesView answer);
    const std::vector<ActionOutcome>& results() const { return results_; }

  private:
    ActionTransfer(InvokeId invoke,
                   std::size_t count,
                   const Granted& granted,
                   TransferLimits limits);
    void write_first_block(std::vector<CosemRef> methods,
                           const std::vector<std::optional<Bytes>>& parameters);
    NextRequest take_block(const Block& block);
    NextRequest send_block(std::uint32_t taken);
    NextRequest finish(std::vector<ActionOutcome> outcomes);

    InvokeId invoke_;
    std::size_t count_;
    Granted granted_;
    Bytes request_;
    std::optional<BlockSender> sent_;
    BlockReceiver received_;
    std::vector<ActionOutcome> results_;
};

}  // namespace dut::dlms
