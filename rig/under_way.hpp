// How many tasks are in the middle of something: a count that each of them raises while it lives.
#pragma once

#include <memory>

namespace rig {

// A task that is destroyed with its loop may go after what it worked on: the count is shared.
class UnderWay {
  public:
    class Mark {
      public:
        explicit Mark(const UnderWay& under_way) : count_(under_way.count_) { ++*count_; }
        ~Mark() { --*count_; }
        Mark(const Mark&) = delete;
        Mark& operator=(const Mark&) = delete;

      private:
        std::shared_ptr<int> count_;
    };

    explicit operator bool() const { return *count_ > 0; }

  private:
    std::shared_ptr<int> count_ = std::make_shared<int>(0);
};

}  // namespace rig
