// Where meter types come from: the user's own folder first, then those built in.
#include "sequences/setup.hpp"

#include "calibration/document.hpp"
#include "dut/meter_type.hpp"
#include "sequences/plan.hpp"
#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace {

namespace fs = std::filesystem;

// A folder of its own, gone afterwards.
class Folder {
  public:
    Folder() : path_(scratch_.file()) { fs::create_directories(path_); }
    const fs::path& path() const { return path_; }
    std::string text() const { return path_.string(); }
    void put(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
    }

  private:
    test::Scratch scratch_;
    fs::path path_;
};

// An environment variable, put back afterwards.
class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) {
        if (const char* before = std::getenv(name)) {
            before_ = before;
        }
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (before_) {
            ::setenv(name_, before_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
    std::optional<std::string> before_;
};

std::string renamed(const std::string& built_in, const std::string& id, const std::string& name) {
    std::string text(dut::meter_type_text(built_in).text);
    const std::string old_name = dut::parse_meter_type(text, built_in).name;
    for (const auto& [from, to] :
         {std::pair{"\"" + built_in + "\"", "\"" + id + "\""}, std::pair{old_name, name}}) {
        for (auto at = text.find(from); at != std::string::npos;
             at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
    }
    return text;
}

const sequences::MeterTypeEntry* find(const std::vector<sequences::MeterTypeEntry>& list,
                                      const std::string& id) {
    const auto found = std::ranges::find(list, id, &sequences::MeterTypeEntry::id);
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a meter type of one's own needs one file, and goes before a built-in of its id") {
    const Folder folder;
    folder.put("mine-1.toml", renamed("countis-e28", "mine-1", "MINE 1"));
    folder.put("countis-e48.toml", renamed("countis-e28", "countis-e48", "ANOTHER E48"));
    const auto setup = [&](const std::string& meter) {
        return sequences::load_setup({.programme = "eol-quick",
                                      .meter = meter,
                                      .limits = "",
                                      .meters_folder = folder.text()});
    };
    CHECK(dut::parse_meter_type(setup("mine-1").meter_text, "m").name == "MINE 1");
    CHECK(dut::parse_meter_type(setup("countis-e48").meter_text, "m").name == "ANOTHER E48");
    CHECK(setup("mine-1").meter_name == (folder.path() / "mine-1.toml").string());
    CHECK(dut::parse_meter_type(setup("countis-e27").meter_text, "m").name == "COUNTIS E27");
    CHECK_THROWS_WITH(setup("yours"),
                      Catch::Contains("meter type 'yours'") && Catch::Contains("mine-1") &&
                          Catch::Contains("countis-e28") && Catch::Contains(folder.text()));
}

TEST_CASE("the list of types says where each is from, and which file is broken") {
    const Folder folder;
    folder.put("mine-1.toml", renamed("countis-e28", "mine-1", "MINE 1"));
    folder.put("broken.toml", "id = \"broken\"\nname = 5\n");
    folder.put("countis-e48.toml", renamed("countis-e28", "countis-e48", "ANOTHER E48"));
    folder.put("notes.txt", "not a type");
    const auto list = sequences::known_meter_types(folder.path());
    REQUIRE(find(list, "mine-1") != nullptr);
    CHECK(find(list, "mine-1")->origin == (folder.path() / "mine-1.toml").string());
    CHECK(find(list, "mine-1")->name == "MINE 1");
    CHECK(find(list, "mine-1")->problem.empty());
    REQUIRE(find(list, "broken") != nullptr);
    CHECK(find(list, "broken")->problem.find("broken.toml:2") != std::string::npos);
    CHECK(find(list, "countis-e48")->name == "ANOTHER E48");
    CHECK(find(list, "countis-e27")->origin == "built in");
    CHECK(find(list, "countis-e27")->name == "COUNTIS E27");
    CHECK(find(list, "notes") == nullptr);
    CHECK(std::ranges::is_sorted(list, {}, &sequences::MeterTypeEntry::id));
    CHECK(std::ranges::count(list, "countis-e48", &sequences::MeterTypeEntry::id) == 1);
    CHECK_THROWS_WITH(sequences::load_setup({.programme = "eol-quick",
                                             .meter = "broken",
                                             .limits = "",
                                             .meters_folder = folder.text()}),
                      Catch::Contains("broken.toml:2"));
}

TEST_CASE("the user's folder is the variable's, else the configuration's, else none") {
    const Folder folder;
    const Folder home;
    const Variable config("XDG_CONFIG_HOME", "");
    const Variable at_home("HOME", home.text());
    {
        const Variable given("CALRIG_METERS", folder.text());
        CHECK(sequences::users_meters_folder() == folder.path());
    }
    {
        const Variable given("CALRIG_METERS", "/nowhere/at/all");
        CHECK_THROWS_WITH(sequences::users_meters_folder(),
                          "CALRIG_METERS: expected a folder of meter types, got '/nowhere/at/all'");
    }
    const Variable none("CALRIG_METERS", "");
    CHECK(sequences::users_meters_folder().empty());
    fs::create_directories(home.path() / ".config/calrig/meters");
    CHECK(sequences::users_meters_folder() == home.path() / ".config/calrig/meters");
    fs::create_directories(folder.path() / "calrig/meters");
    const Variable elsewhere("XDG_CONFIG_HOME", folder.text());
    CHECK(sequences::users_meters_folder() == folder.path() / "calrig/meters");
}

TEST_CASE("a whole run takes a type of one's own") {
    const Folder folder;
    folder.put("mine-1.toml", renamed("countis-e28", "mine-1", "MINE 1"));
    auto setup = test::setup_of({.programme = "imax-short", .twins = {""}});
    const auto own = sequences::load_setup({.programme = "imax-short",
                                            .meter = "mine-1",
                                            .limits = "",
                                            .meters_folder = folder.text()});
    setup.meter_text = own.meter_text;
    setup.meter_name = own.meter_name;
    test::Scratch scratch;
    const auto bench = test::assemble(setup);
    const auto result = sequences::run(*bench, setup, {.journal = scratch.file()});
    INFO(test::transcript(result));
    CHECK(result.verdict == calibration::Verdict::pass);
    CHECK(result.plan.meter.name == "MINE 1");
}
