#include "instruments/io/stream_link.hpp"

#include "instruments/io/inbox.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

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
    StreamState(Stream stream, std::string name, std::shared_ptr<void> lease)
        : stream_(std::move(stream)), name_(std::move(name)), lease_(std::move(lease)) {}

    const std::string& name() const { return name_; }
    const std::shared_ptr<Inbox>& inbox() const { return inbox_; }

    // A read stays pending through time-outs, so nothing is cancelled and no byte is lost; nothing
    // is taken from the operating system unless somebody reads.
    void start_reading();
    static Task<void> write(std::shared_ptr<StreamState> self, BytesView bytes);
    void close();

  private:
    std::string reason(const boost::system::error_code& error) const {
        return name_ + ": " +
               (other_side_gone(error) ? "closed by the other side" : described(error));
    }

    Stream stream_;
    std::string name_;
    std::shared_ptr<void> lease_;
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

template <class Stream>
Task<void> StreamState<Stream>::write(std::shared_ptr<StreamState> self, BytesView bytes) {
    if (self->closed_) {
        throw LinkError(self->name_ + ": closed");
    }
    const auto [error, count] =
        co_await boost::asio::async_write(self->stream_,
                                          boost::asio::buffer(bytes.data(), bytes.size()),
                                          boost::asio::as_tuple(boost::asio::use_awaitable));
    if (error) {
        throw LinkError(self->closed_ ? self->name_ + ": closed" : self->reason(error));
    }
}

template <class Stream>
void StreamState<Stream>::close() {
    closed_ = true;
    inbox_->close(name_ + ": closed");
    boost::system::error_code ignored;  // the descriptor is gone in any case
    stream_.close(ignored);
    lease_.reset();
}

template <class Stream>
class StreamLink final : public ByteLink {
  public:
    StreamLink(Clock& clock, Stream stream, std::string name, std::shared_ptr<void> lease)
        : clock_(clock),
          state_(std::make_shared<StreamState<Stream>>(
              std::move(stream), std::move(name), std::move(lease))) {}
    ~StreamLink() override { state_->close(); }

    Task<void> write(BytesView bytes) override { return StreamState<Stream>::write(state_, bytes); }
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
                                    std::string name,
                                    std::shared_ptr<void> lease,
                                    Protocol... protocol) {
    Stream stream{context};
    boost::system::error_code error;
    stream.assign(protocol..., descriptor, error);
    if (error) {
        ::close(descriptor);
        throw link_error(name, described(error));
    }
    return std::make_unique<StreamLink<Stream>>(
        clock, std::move(stream), std::move(name), std::move(lease));
}

}  // namespace

std::unique_ptr<ByteLink> descriptor_link(boost::asio::io_context& context,
                                          Clock& clock,
                                          int descriptor,
                                          std::string name,
                                          std::shared_ptr<void> lease) {
    using Stream = boost::asio::posix::stream_descriptor;
    return link_over<Stream>(context, clock, descriptor, std::move(name), std::move(lease));
}

std::unique_ptr<ByteLink> stream_socket_link(
    boost::asio::io_context& context, Clock& clock, int family, int descriptor, std::string name) {
    using Protocol = boost::asio::generic::stream_protocol;
    return link_over<Protocol::socket>(
        context, clock, descriptor, std::move(name), nullptr, Protocol{family, 0});
}

}  // namespace instruments::io
