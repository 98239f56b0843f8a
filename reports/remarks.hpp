// Remarks for a reader: what is said of many positions stands once.
#pragma once

#include <string>
#include <vector>

namespace reports {

// "position 1, tariff: ..." and "position 2, tariff: ..." become "positions 1, 2, tariff: ...", in
// the order of their first; every other remark stays as it is.
std::vector<std::string> gathered_remarks(const std::vector<std::string>& remarks);

}  // namespace reports
