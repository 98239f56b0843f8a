// A source whose link may go while it drives: "off" is then said once more, over a fresh link.
#pragma once

#include "instruments/source.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rig {

class RenewableSource final : public instruments::Source {
  public:
    // Closes the lost link, opens another to the same device, and gives a driver on it. Throws
    // io::LinkError.
    using Renew = std::function<instruments::Task<std::unique_ptr<instruments::Source>>()>;

    RenewableSource(std::unique_ptr<instruments::Source> device, Renew renew);

    const instruments::SourceCapabilities& capabilities() const override {
        return device_->capabilities();
    }
    instruments::Task<instruments::Identity> identify() override { return device_->identify(); }
    instruments::Task<void> stage(calibration::LoadPoint load) override {
        return device_->stage(std::move(load));
    }
    instruments::Task<void> commit() override { return device_->commit(); }
    // An emergency over a link that is gone opens a fresh one; what else goes wrong is the
    // caller's.
    instruments::Task<void> switch_off(instruments::OffMode mode) override;
    instruments::Task<std::vector<std::string>> faults() override { return device_->faults(); }

  private:
    std::unique_ptr<instruments::Source> device_;
    Renew renew_;
    // Calls on a lost link may still be on their way to their end.
    std::vector<std::unique_ptr<instruments::Source>> lost_;

    instruments::Task<void> off_over_a_fresh_link(std::string lost_because);
};

}  // namespace rig
