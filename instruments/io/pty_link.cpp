// Pseudo terminals: the client's side by its path, and a listener that is the other side.
#include "instruments/io/stream_link.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace instruments::io {

namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;

    int get() const { return number_; }
    bool open() const { return number_ >= 0; }
    int release() { return std::exchange(number_, -1); }
    void reset() {
        if (open()) {
            ::close(release());
        }
    }

  private:
    int number_;
};

// Bytes pass as they are: no echo, no line editing, no signals.
void make_raw(int descriptor, const std::string& name) {
    termios settings{};
    if (tcgetattr(descriptor, &settings) != 0) {
        throw link_error(name, described(errno) + "; expected a pty");
    }
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    if (tcsetattr(descriptor, TCSANOW, &settings) != 0) {
        throw link_error(name, described(errno) + "; expected a pty");
    }
}

Descriptor open_raw(const std::string& path, const std::string& name) {
    Descriptor descriptor{::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
    if (!descriptor.open()) {
        throw link_error(name, described(errno) + "; expected a pty");
    }
    make_raw(descriptor.get(), name);
    return descriptor;
}

Descriptor open_master() {
    Descriptor master{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
    if (!master.open() || grantpt(master.get()) != 0 || unlockpt(master.get()) != 0) {
        throw link_error("pty", described(errno));
    }
    return master;
}

std::string slave_path(const Descriptor& master) {
    std::array<char, 128> path{};
    const int error = ptsname_r(master.get(), path.data(), path.size());
    if (error != 0) {
        throw link_error("pty", described(error));
    }
    return path.data();
}

// The master side. The system hangs it up while no client has the other side open, and tells nobody
// when one opens.
class Terminal {
  public:
    Terminal() : master_(open_master()), path_(slave_path(master_)) {
        // Opened and closed once: sets the mode, which then lasts, and hangs the master up until a
        // client comes.
        open_raw(path_, address());
    }

    std::string address() const { return "pty:" + path_; }
    Event& closing() { return closing_; }
    bool open() const { return master_.open(); }
    // A client is there, or was and left bytes behind.
    bool client_waits() const {
        pollfd state{master_.get(), POLLIN, 0};
        return ::poll(&state, 1, 0) >= 0 &&
               ((state.revents & POLLIN) != 0 || (state.revents & POLLHUP) == 0);
    }
    bool leased() const { return !lease_.expired(); }
    std::shared_ptr<void> lease() {
        auto lease = std::make_shared<bool>(true);
        lease_ = lease;
        return lease;
    }
    int descriptor() const {
        const int copy = fcntl(master_.get(), F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            throw link_error(address(), described(errno));
        }
        return copy;
    }
    void close() {
        master_.reset();
        closing_.notify();
    }

  private:
    Descriptor master_;
    std::string path_;
    std::weak_ptr<void> lease_;  // of the link that serves the present client
    Event closing_;
};

class PtyListener final : public Listener {
  public:
    PtyListener(boost::asio::io_context& context, Clock& clock)
        : context_(context), clock_(clock), terminal_(std::make_shared<Terminal>()) {}
    ~PtyListener() override { terminal_->close(); }

    Task<std::unique_ptr<ByteLink>> accept() override {
        return accept_on(context_, clock_, terminal_);
    }
    std::string address() const override { return terminal_->address(); }
    void close() override { terminal_->close(); }

  private:
    static Task<std::unique_ptr<ByteLink>> accept_on(boost::asio::io_context& context,
                                                     Clock& clock,
                                                     std::shared_ptr<Terminal> terminal);

    boost::asio::io_context& context_;
    Clock& clock_;
    std::shared_ptr<Terminal> terminal_;
};

Task<std::unique_ptr<ByteLink>> PtyListener::accept_on(boost::asio::io_context& context,
                                                       Clock& clock,
                                                       std::shared_ptr<Terminal> terminal) {
    constexpr Duration look_again = std::chrono::milliseconds{20};
    while (terminal->open() && (terminal->leased() || !terminal->client_waits())) {
        const Instant next_look = clock.now() + look_again;
        co_await clock.wait(terminal->closing(), next_look);
    }
    if (!terminal->open()) {
        throw link_error(terminal->address(), "closed");
    }
    const int descriptor = terminal->descriptor();
    StreamTraits traits{.name = terminal->address(), .lease = terminal->lease()};
    co_return descriptor_link(context, clock, descriptor, std::move(traits));
}

}  // namespace

std::unique_ptr<ByteLink> open_pty(boost::asio::io_context& context,
                                   Clock& clock,
                                   const PtyAddress& address,
                                   std::string name) {
    Descriptor descriptor = open_raw(address.path, name);
    return descriptor_link(context,
                           clock,
                           descriptor.release(),
                           {.name = std::move(name), .patience = write_patience});
}

std::unique_ptr<Listener> listen_pty(boost::asio::io_context& context, Clock& clock) {
    return std::make_unique<PtyListener>(context, clock);
}

}  // namespace instruments::io
