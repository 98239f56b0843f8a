// Limits as data: one edition of one standard, every row with source and confidence.
#pragma once

#include "calibration/decision.hpp"
#include "calibration/embedded_text.hpp"
#include "calibration/load_point.hpp"
#include "calibration/ratings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calibration {

enum class LoadKind { balanced, single_phase };

struct LimitQuery {
    std::string accuracy_class;  // "C", "B", "A", "1", "2"
    LoadKind load = LoadKind::balanced;
    Ampere current{0};
    PowerFactor power_factor = PowerFactor::unity();
};

// From `from` over unity to `to`; a single value has both alike.
struct PowerFactorRange {
    PowerFactor from;
    PowerFactor to;
    // "0.5 ind" or "0.5 ind .. 0.8 cap", the most inductive first. Throws DataError.
    static PowerFactorRange parse(std::string_view text);
    bool is_single() const { return from == to; }
    // Compares sides and magnitudes, so that export is as import; tolerates rounding of 1e-9.
    bool contains(const PowerFactor& power_factor) const;
    std::string text() const;
};

class LimitTable {
  public:
    // Throws DataError on any fault of the text.
    static LimitTable parse(std::string_view text, std::string_view name);

    const std::string& id() const { return id_; }        // "en50470-3-2006-a1-2018"
    const std::string& title() const { return title_; }  // "EN 50470-3:2006/A1:2018"
    const std::vector<std::string>& classes() const { return classes_; }
    // What a reader of a verdict by these limits must know; may be empty.
    const std::string& note() const { return note_; }

    // The limits at a load; nothing where the edition has none (say Imin at PF 0.5) and for a class
    // it does not know. Export has the limits of import. Of several matching rows that differ the
    // stricter bounds win, marked disputed; of equal ones a row for that very power factor goes
    // before one for a range. Throws DataError when a row names a current that the ratings do not
    // give.
    std::optional<Limits> find(const LimitQuery& query, const Ratings& ratings) const;

    struct Row {
        std::string accuracy_class;
        std::optional<Connection> connection;  // none: both
        LoadKind load;
        std::string from, to;  // current expressions for current_from_text: "Itr", "0.05 Iref"
        bool to_included;
        std::vector<PowerFactorRange> power_factors;
        Limits limits;
    };

  private:
    std::string id_, title_, note_;
    std::vector<std::string> classes_;
    std::vector<Row> rows_;
};

std::span<const EmbeddedText> limit_texts();  // the editions built in
// The text of a built-in edition by id. Throws DataError listing what exists.
EmbeddedText limit_text(std::string_view id);

}  // namespace calibration
