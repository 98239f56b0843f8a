#include "rig/recorded_loss.hpp"

#include "rig/journal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rig {

bool RecordedLoss::names(std::size_t position) const {
    return std::ranges::find(positions, position) != positions.end();
}

bool RecordedLoss::spoils(std::size_t position) const {
    return everyone || (names(position) && edges != 0);
}

bool RecordedLoss::spoils_output(std::size_t position) const {
    const bool named = std::ranges::find(outputs, position) != outputs.end();
    return everyone || (named && edges != 0);
}

std::string to_json(const RecordedLoss& loss) {
    nlohmann::json json{{"from_tick", loss.from_tick},
                        {"to_tick", loss.to_tick},
                        {"cause", loss.cause},
                        {"everyone", loss.everyone},
                        {"positions", loss.positions}};
    if (!loss.outputs.empty()) {
        json["outputs"] = loss.outputs;
    }
    if (loss.edges) {
        json["edges"] = *loss.edges;
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

RecordedLoss loss_from_json(std::string_view text) {
    try {
        const auto json = nlohmann::json::parse(text);
        RecordedLoss loss{.from_tick = json.at("from_tick").get<std::int64_t>(),
                          .to_tick = json.at("to_tick").get<std::int64_t>(),
                          .cause = json.at("cause").get<std::string>(),
                          .everyone = json.at("everyone").get<bool>(),
                          .positions = json.at("positions").get<std::vector<std::size_t>>()};
        if (json.contains("outputs")) {
            loss.outputs = json.at("outputs").get<std::vector<std::size_t>>();
        }
        if (json.contains("edges")) {
            loss.edges = json.at("edges").get<std::int64_t>();
        }
        return loss;
    } catch (const nlohmann::json::exception& error) {
        throw JournalError(fmt::format("journal: note 'loss' has another shape: {}", error.what()));
    }
}

}  // namespace rig
