// The meter's end of an HDLC link: answers SNRM and DISC, takes and gives segmented APDUs.
#pragma once

#include "dut/dlms/hdlc_client.hpp"

#include <optional>
#include <variant>

namespace dut::dlms {

struct HdlcServerOptions {
    HdlcAddress server = server_address(1);
    HdlcParameters limits{.transmit_size = 1024, .receive_size = 1024};
    SizeForm size_form = SizeForm::shortest;
    Duration inter_octet = std::chrono::milliseconds{25};
    Duration inactivity = std::chrono::seconds{120};
    std::size_t longest_apdu = 1U << 20;
};

// Bytes in, time-out in, bytes out, next deadline out. Frames for other addresses meet silence, as
// on a line with several meters. Events: LinkUp, ApduArrived (to be answered by reply()), LinkDown
// when the client said DISC, LinkLost by inactivity or after FRMR.
class HdlcServer {
  public:
    explicit HdlcServer(const HdlcServerOptions& options);

    void receive(BytesView bytes, Instant now);
    void time_out(Instant now);
    Instant deadline() const;
    Bytes take_output();
    std::optional<LinkEvent> next_event();

    // The answer to the last ApduArrived. It may come later: until then the client is told to
    // wait. Does nothing when the link is gone.
    void reply(BytesView apdu);
    // A busy server takes no information: RNR.
    void set_busy(bool is_busy) { is_busy_ = is_busy; }
    bool is_up() const { return state_ == State::up; }
    const HdlcAddress& client() const { return client_; }  // of the link that is up

  private:
    enum class State { down, up, rejecting };

    bool is_for_us(const HdlcAddress& destination) const;
    void transmit(HdlcFrame frame);
    void respond(FrameKind kind, Bytes information = {});
    void take(const HdlcFrame& frame);
    void take_stranger(const HdlcFrame& frame);
    void take_frames();
    void connect(const HdlcFrame& frame);
    void hang_up();
    void take_traffic(const HdlcFrame& frame);
    void take_information(const HdlcFrame& frame);
    void speak();
    void reject(std::uint8_t control, HdlcFault fault);
    HdlcEnds ends() const;

    HdlcServerOptions options_;
    HdlcReader reader_;
    HdlcAddress client_;
    HdlcAddress addressed_as_;  // the form of our address the client uses
    HdlcTraffic traffic_;
    HdlcFrame rejection_;
    State state_ = State::down;
    bool is_busy_ = false;
    bool has_turn_ = false;
    bool awaits_reply_ = false;
    Instant last_heard_{}, last_byte_{};
    Bytes output_;
    std::deque<LinkEvent> events_;
};

}  // namespace dut::dlms
