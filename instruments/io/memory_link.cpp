// Both ends of a link in one process: what one writes, the other has at once.
#include "instruments/io/inbox.hpp"
#include "instruments/io/link.hpp"

#include <memory>
#include <string>
#include <utility>

namespace instruments::io {

namespace {

class MemoryLink final : public ByteLink {
  public:
    MemoryLink(Clock& clock,
               std::string name,
               std::shared_ptr<Inbox> mine,
               std::shared_ptr<Inbox> theirs)
        : clock_(clock),
          name_(std::move(name)),
          mine_(std::move(mine)),
          theirs_(std::move(theirs)) {}
    ~MemoryLink() override { close(); }

    Task<void> write(BytesView bytes) override {
        // Either side's end is seen in our own inbox.
        if (mine_->ended()) {
            throw LinkError(mine_->reason());
        }
        if (!bytes.empty()) {
            theirs_->put(bytes);
        }
        co_return;
    }
    Task<Bytes> read(Instant deadline) override { return Inbox::read(mine_, clock_, deadline); }
    void close() override {
        mine_->close(name_ + ": closed");
        theirs_->end(name_ + ": closed by the other side");
    }
    std::string name() const override { return name_; }

  private:
    Clock& clock_;
    std::string name_;
    std::shared_ptr<Inbox> mine_, theirs_;
};

}  // namespace

std::pair<std::unique_ptr<ByteLink>, std::unique_ptr<ByteLink>> memory_links(Clock& clock,
                                                                             std::string name) {
    const auto left = std::make_shared<Inbox>();
    const auto right = std::make_shared<Inbox>();
    return {std::make_unique<MemoryLink>(clock, name, left, right),
            std::make_unique<MemoryLink>(clock, name, right, left)};
}

}  // namespace instruments::io
