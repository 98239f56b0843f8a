// Progress on a terminal: one line that is rewritten; as JSON lines for machines; nothing into a
// pipe.
#pragma once

#include "sequences/runner.hpp"

#include <string>

namespace scripts {

class Progress {
  public:
    Progress(bool quiet, bool json);
    sequences::LiveObserver
    observer();     // empty when there is nobody to see it; must not outlive this
    void finish();  // leaves the terminal clean

  private:
    enum class Mode { silent, terminal, json };
    Mode mode_;
    bool line_open_ = false;
    std::string last_;

    void show_line(const sequences::LivePoint& live);
    static void show_json(const sequences::LivePoint& live);
};

std::string duration_text(double seconds);  // "11 h 48 min", "3 min 20 s"

}  // namespace scripts
