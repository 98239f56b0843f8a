#include "instruments/io/stream_link.hpp"

#include "instruments/io/inbox.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <unistd.h>
#include <utility>

namespace instruments::io {

namespace {

// EIO is what a pty says when its other end is gone.
bool other_side_gone(const boost::system::error_code& error) {
    return error == boost::asio::error::eof || error == boost::asio::error::connection_reset ||
           error == boost::asio::error::broken_pipe || error == boost::system::errc::io_error;
}

// What the pending operations share with the link, so that each may outlive the other.
template <class Stream>
class StreamState : public std::enable_shared_from_this<StreamState<Stream>> {
  public:
    StreamState(Stream stream, StreamTraits traits)
        : stream_(std::move(stream)), traits_(std::move(traits)) {
        boost::system::error_code ignored;  // then a first try would block, and is not made
        stream_.non_blocking(true, ignored);
    }

    const std::string& name() const { return traits_.name; }
    const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

    // A read stays pending through time-outs, so nothing is cancelled and no byte is lost; nothing
    // is taken from the operating system unless somebody reads.
    void start_reading();
    static Task<void> write(std::shared_ptr<StreamState> self, Clock& clock, BytesView bytes);
    void close(const std::string& reason = "closed");

  private:
    // What is still to be written; a write that was given up may need it longer than its caller.
    struct Writing {
        Bytes rest;
        boost::system::error_code error;
        bool waiting = false;  // for room
        Event progress;
    };
    static void write_rest(std::shared_ptr<StreamState> self, std::shared_ptr<Writing> writing);
    static Task<void> finish(std::shared_ptr<StreamState> self,
                             Clock& clock,
                             std::shared_ptr<Writing> writing);
    static Task<void> wait_for_room(std::shared_ptr<StreamState> self,
                                    Clock& clock,
                                    std::shared_ptr<Writing> writing);
    std::string reason(const boost::system::error_code& error) const {
        if (closed_) return name() + ": closed";
        return name() + ": " +
               (other_side_gone(error) ? "closed by the other side" : described(error));
    }

    Stream stream_;
    StreamTraits traits_;
    std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
    std::array<std::uint8_t, 16384> piece_;
    bool reading_ = false;
    bool closed_ = false;
};

template <class Stream>
void StreamState<Stream>::start_reading() {
    if (reading_ || closed_ || inbox_->ended() || !inbox_->empty()) {
        return;
    }
    reading_ = true;
    stream_.async_read_some(boost::asio::buffer(piece_),
                            [self = this->shared_from_this()](
                                const boost::system::error_code& error, std::size_t count) {
                                self->reading_ = false;
                                if (count > 0 && !self->closed_) {
                                    self->inbox_->put(BytesView{self->piece_}.first(count));
                                }
                                if (error) {
                                    self->inbox_->end(self->reason(error));
                                }
                            });
}

// What there is room for goes at once, which is nearly always all of it.
template <class Stream>
Task<void> StreamState<Stream>::write(std::shared_ptr<StreamState> self,
                                      Clock& clock,
                                      BytesView bytes) {
    if (self->closed_) {
        throw LinkError(self->name() + ": closed");
    }
    boost::system::error_code error;
    const std::size_t count =
        self->stream_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error && error != boost::asio::error::would_block) {
        throw LinkError(self->reason(error));
    }
    if (count < bytes.size()) {
        const auto writing = std::make_shared<Writing>();
        writing->rest.assign(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end());
        co_await finish(self, clock, writing);
    }
}

template <class Stream>
void StreamState<Stream>::write_rest(std::shared_ptr<StreamState> self,
                                     std::shared_ptr<Writing> writing) {
    writing->waiting = true;
    self->stream_.async_write_some(
        boost::asio::buffer(writing->rest),
        [self, writing](const boost::system::error_code& error, std::size_t count) {
            const auto written = writing->rest.begin() + static_cast<std::ptrdiff_t>(count);
            writing->rest.erase(writing->rest.begin(), written);
            writing->error = error;
            writing->waiting = false;
            writing->progress.notify();
        });
}

template <class Stream>
Task<void> StreamState<Stream>::finish(std::shared_ptr<StreamState> self,
                                       Clock& clock,
                                       std::shared_ptr<Writing> writing) {
    // The other side lives in real time: with virtual time the wait ends when it has made room.
    const Clock::Hold hold{clock};
    while (!writing->rest.empty()) {
        write_rest(self, writing);
        co_await wait_for_room(self, clock, writing);
        if (writing->error) {
            throw LinkError(self->reason(writing->error));
        }
    }
}

// A message that went half way is of no use to anybody: the link ends with it.
template <class Stream>
Task<void> StreamState<Stream>::wait_for_room(std::shared_ptr<StreamState> self,
                                              Clock& clock,
                                              std::shared_ptr<Writing> writing) {
    const auto patience = self->traits_.patience;
    const Instant deadline = patience ? clock.now() + *patience : never;
    bool in_time = true;
    while (writing->waiting && in_time) {
        in_time = co_await clock.wait(writing->progress, deadline);
    }
    if (writing->waiting) {
        const std::string problem = fmt::format("the other side takes no bytes for {:g} s",
                                                calibration::seconds(*patience));
        self->close(problem);
        throw LinkError(self->name() + ": " + problem);
    }
}

template <class Stream>
void StreamState<Stream>::close(const std::string& reason) {
    closed_ = true;
    inbox_->close(name() + ": " + reason);
    boost::system::error_code ignored;  // the descriptor is gone in any case
    stream_.close(ignored);
    traits_.lease.reset();
}

template <class Stream>
class StreamLink final : public ByteLink {
  public:
    StreamLink(Clock& clock, Stream stream, StreamTraits traits)
        : clock_(clock),
          state_(std::make_shared<StreamState<Stream>>(std::move(stream), std::move(traits))) {}
    ~StreamLink() override { state_->close(); }

    Task<void> write(BytesView bytes) override {
        return StreamState<Stream>::write(state_, clock_, bytes);
    }
    Task<Bytes> read(Instant deadline) override {
        state_->start_reading();
        return Inbox::read(state_->inbox(), clock_, deadline);
    }
    void close() override { state_->close(); }
    std::string name() const override { return state_->name(); }

  private:
    Clock& clock_;
    std::shared_ptr<StreamState<Stream>> state_;
};

}  // namespace

std::string described(const boost::system::error_code& error) {
    std::string text = error.message();
    if (!text.empty()) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

std::string described(int error_number) {
    return described(boost::system::error_code{error_number, boost::system::system_category()});
}

LinkError link_error(const std::string& name, const std::string& problem) {
    return LinkError(name + ": " + problem);
}

namespace {

// Takes the descriptor over, or closes it and says why it is no stream.
template <class Stream, class... Protocol>
std::unique_ptr<ByteLink> link_over(boost::asio::io_context& context,
                                    Clock& clock,
                                    int descriptor,
                                    StreamTraits traits,
                                    Protocol... protocol) {
    Stream stream{context};
    boost::system::error_code error;
    stream.assign(protocol..., descriptor, error);
    if (error) {
        ::close(descriptor);
        throw link_error(traits.name, described(error));
    }
    return std::make_unique<StreamLink<Stream>>(clock, std::move(stream), std::move(traits));
}

}  // namespace

std::unique_ptr<ByteLink> descriptor_link(boost::asio::io_context& context,
                                          Clock& clock,
                                          int descriptor,
                                          StreamTraits traits) {
    using Stream = boost::asio::posix::stream_descriptor;
    return link_over<Stream>(context, clock, descriptor, std::move(traits));
}

std::unique_ptr<ByteLink> stream_socket_link(boost::asio::io_context& context,
                                             Clock& clock,
                                             int family,
                                             int descriptor,
                                             StreamTraits traits) {
    using Protocol = boost::asio::generic::stream_protocol;
    return link_over<Protocol::socket>(
        context, clock, descriptor, std::move(traits), Protocol{family, 0});
}

}  // namespace instruments::io
