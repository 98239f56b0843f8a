// What is said of many positions stands once.
#include "reports/remarks.hpp"

#include <catch2/catch.hpp>

namespace {

using Texts = std::vector<std::string>;
using reports::gathered_remarks;

}  // namespace

TEST_CASE("the same remark of many positions is one remark, where the first stood") {
    CHECK(gathered_remarks({"position 1, tariff: tariff was 1, is 2",
                            "a loss of 3 edges",
                            "position 2, tariff: tariff was 1, is 2",
                            "position 3, tariff: tariff was 4, is 2"}) ==
          Texts{"positions 1, 2, tariff: tariff was 1, is 2",
                "a loss of 3 edges",
                "position 3, tariff: tariff was 4, is 2"});
}

TEST_CASE("what happened twice to one position is said twice") {
    CHECK(gathered_remarks({"position 1: a glitch", "position 1: a glitch"}) ==
          Texts{"position 1: a glitch", "position 1: a glitch"});
}

TEST_CASE("remarks that look alike stay apart") {
    const Texts apart{"position switch silent",
                      "position 1: late",
                      "position 1, late",
                      ": late",
                      "",
                      "position "};
    CHECK(gathered_remarks(apart) == apart);
    CHECK(gathered_remarks({}).empty());
}
