#include "reports/remarks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace reports {
namespace {

constexpr std::string_view prefix = "position ";

struct Gathered {
    std::string rest;                    // with the mark that ends the position's name
    std::vector<std::string> positions;  // none: a remark of no position
};

Gathered taken_apart(const std::string& remark) {
    const auto end = remark.find_first_of(",:", prefix.size());
    if (!remark.starts_with(prefix) || end == std::string::npos) {
        return {.rest = remark};
    }
    return {.rest = remark.substr(end),
            .positions = {remark.substr(prefix.size(), end - prefix.size())}};
}

std::string text_of(const Gathered& remark) {
    if (remark.positions.empty()) {
        return remark.rest;
    }
    return fmt::format("position{} {}{}",
                       remark.positions.size() == 1 ? "" : "s",
                       fmt::join(remark.positions, ", "),
                       remark.rest);
}

}  // namespace

std::vector<std::string> gathered_remarks(const std::vector<std::string>& remarks) {
    std::vector<Gathered> all;
    for (const std::string& remark : remarks) {
        Gathered one = taken_apart(remark);
        const auto same = std::ranges::find_if(all, [&](const Gathered& other) {
            return other.rest == one.rest && !one.positions.empty() && !other.positions.empty();
        });
        if (same == all.end()) {
            all.push_back(std::move(one));
        } else if (std::ranges::find(same->positions, one.positions.front()) ==
                   same->positions.end()) {
            same->positions.push_back(one.positions.front());
        } else {
            all.push_back(std::move(one));  // said twice of the same position: it happened twice
        }
    }
    std::vector<std::string> texts;
    std::ranges::transform(all, std::back_inserter(texts), text_of);
    return texts;
}

}  // namespace reports
