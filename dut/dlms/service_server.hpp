// The meter's side of GET, SET and ACTION: answers each APDU from its objects, in blocks if need
// be.
#pragma once

#include "dut/dlms/blocks.hpp"
#include "dut/dlms/transfers.hpp"

#include <optional>
#include <variant>
#include <vector>

namespace dut::dlms {

// What a meter has inside. Data are A-XDR values.
class CosemObjects {
  public:
    virtual ~CosemObjects() = default;
    virtual DataOrResult get(const Attribute& attribute) = 0;
    virtual AccessResult set(const Attribute& attribute, BytesView data) = 0;
    virtual ActionOutcome act(const CosemRef& method, const std::optional<Bytes>& parameters) = 0;
};

// One association. The objects must outlive it.
class ServiceServer {
  public:
    // `granted` from the view of this side: the longest APDU is what the client takes.
    ServiceServer(CosemObjects& objects, Granted granted, TransferLimits limits = {})
        : objects_(&objects), granted_(granted), limits_(limits) {}

    Bytes answer(BytesView apdu);

  private:
    // A long request that is arriving in blocks.
    struct LongSet {
        std::vector<Attribute> attributes;
        bool is_list = false;
        BlockReceiver blocks;
    };
    struct LongAction {
        std::vector<CosemRef> methods;
        bool is_list = false;
        BlockReceiver blocks;
    };
    // A long answer that is leaving in blocks.
    struct LongAnswer {
        bool is_get = true;
        BlockSender blocks;
    };

    std::optional<Grant> missing_grant(const Apdu& apdu) const;
    Bytes answer_to(const GetRequest& request);
    Bytes answer_to(const GetListRequest& request);
    Bytes answer_to(const GetNext& next);
    Bytes answer_to(const SetRequest& request);
    Bytes answer_to(const SetListRequest& request);
    Bytes answer_to(const SetFirstBlock& request);
    Bytes answer_to(const SetListFirstBlock& request);
    Bytes answer_to(const SetBlock& request);
    Bytes answer_to(const ActionRequest& request);
    Bytes answer_to(const ActionListRequest& request);
    Bytes answer_to(const ActionFirstBlock& request);
    Bytes answer_to(const ActionListFirstBlock& request);
    Bytes answer_to(const ActionBlock& request);
    Bytes answer_to(const ActionNext& next);
    template <class Other>
    Bytes answer_to(const Other&);

    Bytes get_answer(InvokeId invoke, Bytes whole, Bytes raw);
    Bytes next_get_block(InvokeId invoke);
    Bytes action_answer(InvokeId invoke, Bytes whole, Bytes raw);
    Bytes next_action_block(InvokeId invoke);
    Bytes take_set_block(InvokeId invoke, const Block& block);
    Bytes finish_set(InvokeId invoke, LongSet set);
    Bytes refuse_set(InvokeId invoke, std::uint32_t number, AccessResult result) const;
    Bytes take_action_block(InvokeId invoke, const Block& block);
    Bytes finish_action(InvokeId invoke, LongAction action);

    CosemObjects* objects_;
    Granted granted_;
    TransferLimits limits_;
    std::variant<std::monostate, LongSet, LongAction, LongAnswer> transfer_;
    InvokeId transfer_invoke_ = 0;
};

}  // namespace dut::dlms
