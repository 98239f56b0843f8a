#include "rig/renewable_source.hpp"

#include "instruments/io/link.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace rig {

using instruments::OffMode;
using instruments::Source;
using instruments::Task;
using instruments::io::LinkError;

RenewableSource::RenewableSource(std::unique_ptr<Source> device, Renew renew)
    : device_(std::move(device)), renew_(std::move(renew)) {}

Task<void> RenewableSource::switch_off(OffMode mode) {
    std::string lost_because;
    try {
        co_await device_->switch_off(mode);
    } catch (const LinkError& error) {
        if (mode != OffMode::emergency || !renew_) {
            throw;
        }
        lost_because = error.what();
    }
    if (!lost_because.empty()) {
        co_await off_over_a_fresh_link(std::move(lost_because));
    }
}

Task<void> RenewableSource::off_over_a_fresh_link(std::string lost_because) {
    try {
        std::unique_ptr<Source> fresh = co_await renew_();
        lost_.push_back(std::exchange(device_, std::move(fresh)));
        co_await device_->switch_off(OffMode::emergency);
    } catch (const std::exception& error) {
        throw LinkError(fmt::format("{}; over a fresh link: {}", lost_because, error.what()));
    }
}

}  // namespace rig
