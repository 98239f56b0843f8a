// The page a reviewer reads: well-formed, self-contained, honest about simulation, numbers as the
// limits ask.
#include "reports/html.hpp"
#include "reports/html_text.hpp"
#include "tests/reports/sample_run.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <locale>
#include <string_view>

namespace {

using calibration::Limits;
using calibration::Percent;
using Catch::Matchers::Contains;

const std::string& page() {
    static const std::string made = reports::render_html(tests::sample_run());
    return made;
}

std::string without_style(const std::string& html) {
    const auto begin = html.find("<style>"), end = html.find("</style>");
    return html.substr(0, begin + 7) + html.substr(end);
}

// The first tag that is closed wrongly, or never; empty if all are in order.
std::string unbalanced(std::string_view html) {
    constexpr std::array<std::string_view, 3> empty_elements{"meta", "br", "!DOCTYPE"};
    std::vector<std::string> open;
    for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
        const auto end = html.find('>', at);
        if (end == std::string_view::npos) {
            return "a tag never ends";
        }
        const std::string_view tag = html.substr(at + 1, end - at - 1);
        const std::string name(tag.substr(0, tag.find_first_of(" \n")));
        if (tag.starts_with('/')) {
            if (open.empty() || open.back() != name.substr(1)) {
                return name + " closes " + (open.empty() ? "nothing" : open.back());
            }
            open.pop_back();
        } else if (!tag.ends_with('/') &&
                   std::ranges::find(empty_elements, name) == empty_elements.end()) {
            open.push_back(name);
        }
    }
    return open.empty() ? "" : open.back() + " is never closed";
}

Limits limits(double lower, double upper) {
    return {.lower = Percent{lower},
            .upper = Percent{upper},
            .row = "",
            .source = "",
            .confidence = ""};
}

struct CommaPunctuation : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEST_CASE("an uncertainty is never rounded in one's own favour") {
    CHECK(reports::rounded_up(0.02001, 2) == "0.021");
    CHECK(reports::rounded_up(0.020, 2) == "0.020");
    CHECK(reports::rounded_up(0.0999, 2) == "0.10");
    CHECK(reports::rounded_up(1.21, 2) == "1.3");
}

TEST_CASE("every tag of the page is closed in order") {
    CHECK(unbalanced(without_style(page())) == "");
    CHECK(unbalanced("<p><b></p></b>") == "/p closes b");
}

TEST_CASE("the page needs no script, no network and no other file") {
    for (const auto* word : {"<script", "http:", "https:", "src=", "<link", "url(", "@import"}) {
        CHECK_THAT(page(), !Contains(word));
    }
}

TEST_CASE("a simulated run says so on the page, on every printed page and in its title") {
    CHECK_THAT(page(), Contains("<title>SIMULATED"));
    CHECK_THAT(page(), Contains("<div class=\"watermark\" aria-hidden=\"true\">SIMULATED</div>"));
    CHECK_THAT(page(), Contains("<span class=\"mark\">SIMULATED</span>"));
    CHECK_THAT(page(), Contains("true error"));
    const auto real = reports::render_html(tests::sample_run({.simulated = false}));
    CHECK_THAT(real, !Contains("SIMULATED"));
    CHECK_THAT(real, !Contains("true error"));
}

TEST_CASE("texts from outside cannot become markup") {
    CHECK_THAT(page(), Contains("M. Müller &lt;QA&gt;"));
    CHECK_THAT(page(), Contains("edges &lt;lost&gt; &amp; &quot;counted&quot;"));
    CHECK_THAT(page(), Contains("1.02 &lt;rEL1&gt; &amp; rEL2"));
    CHECK(reports::escaped("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
}

TEST_CASE("hostile names everywhere keep the page well-formed") {
    auto run = tests::sample_run({.positions = 1});
    const std::string hostile = "</td></table><script>alert('&\"')</script>";
    run.identity.run_id = run.identity.started_at = run.identity.operator_name = hostile;
    run.instruments = {hostile, hostile, hostile, 8e-9};
    run.setup.programme_name = run.setup.bench_name = run.plan.programme.title = hostile;
    run.plan.meter.name = run.plan.certificate.number = hostile;
    run.abort_reason = hostile;
    run.aborted = true;
    run.meters.front().serial = run.meters.front().position = run.meters.front().reason = hostile;
    run.meters.front().registers->reason = hostile;
    run.remarks = {hostile};
    for (auto& point : run.points) {
        point.point.programme.name = hostile;
        for (auto& result : point.positions) {
            result.position = result.reason = hostile;
        }
    }
    const auto html = reports::render_html(run);
    CHECK(unbalanced(without_style(html)) == "");
    CHECK_THAT(html, !Contains("<script"));
}

TEST_CASE("every meter, every point and every reason is on the page") {
    const auto run = tests::sample_run();
    for (const auto& meter : run.meters) {
        CHECK_THAT(page(), Contains("Position " + meter.position + ", serial " + meter.serial));
    }
    for (const auto& point : run.points) {
        CHECK_THAT(page(), Contains(">" + point.point.programme.name + "<"));
        for (const auto& result : point.positions) {
            CHECK_THAT(page(), Contains(reports::escaped(result.reason)));
        }
    }
    CHECK_THAT(page(), Contains("0.1 A is printed"));
    CHECK_THAT(page(), Contains(run.plan.certificate.number));
}

TEST_CASE("a verdict on a part of the programme says so") {
    CHECK_THAT(page(), !Contains("Partial:"));
    const auto part = reports::render_html(tests::sample_run({.only_points = {"Itr PF 1"}}));
    CHECK_THAT(part, Contains("Partial: 1 of the programme"));
    CHECK_THAT(part, Contains("no verdict on the whole programme"));
}

TEST_CASE("meters whose registers nobody read are named") {
    auto run = tests::sample_run();
    run.meters.front().registers.reset();
    const auto html = reports::render_html(run);
    CHECK_THAT(html, Contains("Not read, hence not checked: position " + run.meters[0].position));
    CHECK(unbalanced(without_style(html)) == "");
}

TEST_CASE("what did not pass stands first, with what was found and what is permitted") {
    const auto html = reports::render_html(tests::sample_run({.port_tests = true}));
    const auto failures = html.find("What did not pass");
    REQUIRE(failures != std::string::npos);
    CHECK(failures < html.find("All meters, all points"));
    const std::string first = html.substr(failures, html.find("All meters, all points") - failures);
    CHECK_THAT(first, Contains("Heads or ports are not where the bench file says."));
    CHECK_THAT(first, Contains("Position 2: this head sees the meter of position 1"));
    CHECK(first.find("not where") < first.find("<table"));
    CHECK_THAT(first, Contains("<b>tariffs 1 to 4</b>: tariff 2 did not advance"));
    CHECK_THAT(first, Contains("tariff 2 chosen: advance of tariff 2: 0 Wh; permitted 110 to 130"));
    CHECK_THAT(first, Contains("and 8 other points"));
    CHECK_THAT(first, !Contains("#meter-0"));
}

TEST_CASE("a run that passed has nothing that did not pass") {
    auto good = tests::sample_run({.positions = 1, .only_points = {"Itr PF 1"}});
    CHECK_THAT(reports::render_html(good), !Contains("What did not pass"));
}

TEST_CASE("a meter that was given up says so among what did not pass") {
    auto given_up = tests::sample_run({.positions = 1, .only_points = {"Itr PF 1"}});
    given_up.meters.front().reason = "meter <1>: no answer";
    const auto html = reports::render_html(given_up);
    CHECK_THAT(html, Contains("<b>given up</b>: meter &lt;1&gt;: no answer"));
    given_up.points.front().positions.front().verdict = calibration::Verdict::suspect;
    given_up.points.front().positions.front().reason = "meter <1>: no answer";
    CHECK_THAT(reports::render_html(given_up),
               !Contains("<b>Itr PF 1</b>: meter &lt;1&gt;: no answer"));
}

TEST_CASE("every test over the port is a column, and a table of what was looked at in each meter") {
    const auto run = tests::sample_run({.port_tests = true});
    const auto html = reports::render_html(run);
    CHECK(unbalanced(without_style(html)) == "");
    CHECK_THAT(
        html,
        Contains("Tests over the meters&#39; ports") || Contains("Tests over the meters' ports"));
    for (const auto& point : run.points) {
        CHECK_THAT(html, Contains("<span>" + reports::escaped(point.point.programme.name)));
        for (const auto& result : point.positions) {
            for (const auto& line : result.checks) {
                CHECK_THAT(html, Contains(">" + reports::escaped(line.what) + "<"));
                CHECK_THAT(html, Contains(reports::escaped(line.text)));
            }
        }
    }
    CHECK_THAT(html, Contains("at most 23 V"));
    CHECK_THAT(html, Contains("5 -&gt; 100, read back 100"));
    CHECK_THAT(html, Contains("illegal data value &lt;sealed&gt;"));
    CHECK_THAT(html, Contains("given up: no answer"));
    CHECK_THAT(html, Contains("impulses of the pulse output"));
}

TEST_CASE("every mark of the matrix leads to a table that is there") {
    const auto html = reports::render_html(tests::sample_run({.port_tests = true}));
    std::size_t links = 0;
    const std::string_view start = "href=\"#";
    for (auto at = html.find(start); at != std::string::npos; at = html.find(start, at + 1)) {
        const auto begin = at + start.size();
        const std::string target = html.substr(begin, html.find('"', begin) - begin);
        CAPTURE(target);
        CHECK(html.find("id=\"" + target + "\"") != std::string::npos);
        ++links;
    }
    CHECK(links > 3 * 11);
}

TEST_CASE("a run of tests over the port alone has no table of errors") {
    auto run = tests::sample_run({.only_points = {"Itr PF 1"}, .port_tests = true});
    run.points.erase(run.points.begin());
    const auto html = reports::render_html(run);
    CHECK(unbalanced(without_style(html)) == "");
    CHECK_THAT(html, !Contains("All meters, all points") && !Contains("Errors in percent"));
    CHECK_THAT(html, !Contains("<svg"));
}

TEST_CASE("forty meters have a row and a section each") {
    const auto html = reports::render_html(tests::sample_run({.positions = 40}));
    CHECK_THAT(html, Contains("href=\"#meter-39\""));
    CHECK_THAT(html, Contains("id=\"meter-39\" open>"));
    CHECK(unbalanced(without_style(html)) == "");
}

TEST_CASE("a run that measured nothing still has a page") {
    auto run = tests::sample_run({.positions = 1});
    run.points.clear();
    run.meters.front().registers.reset();
    run.aborted = true;
    run.abort_reason = "stopped by the operator";
    const auto html = reports::render_html(run);
    CHECK(unbalanced(without_style(html)) == "");
    CHECK_THAT(html, Contains("The run was aborted: stopped by the operator"));
    CHECK_THAT(html, !Contains("<svg"));
}

TEST_CASE("the page is the same in a locale that writes commas") {
    const std::locale before =
        std::locale::global(std::locale(std::locale::classic(), new CommaPunctuation));
    const auto html = reports::render_html(tests::sample_run());
    std::locale::global(before);
    CHECK(html == page());
}

TEST_CASE("an error is rounded to one digit more than its limit") {
    CHECK(reports::error_text(0.1234, limits(-0.5, 0.5)) == "+0.12");
    CHECK(reports::error_text(-0.1234, limits(-0.25, 0.25)) == "−0.123");
    CHECK(reports::error_text(0.1234, limits(-1, 1)) == "+0.12");
    CHECK(reports::error_text(0.0004, limits(-0.5, 0.5)) == "0.00");
    CHECK(reports::error_text(-0.0004, limits(-0.5, 0.5)) == "0.00");
    CHECK(reports::error_text(0.1234, std::nullopt) == "+0.12");
}

TEST_CASE("rounding never moves an error across its limit") {
    CHECK(reports::error_text(0.5004, limits(-0.5, 0.5)) == "+0.5004");
    CHECK(reports::error_text(-0.50001, limits(-0.5, 0.5)) == "−0.50001");
    CHECK(reports::error_text(0.4996, limits(-0.5, 0.5)) == "+0.50");
    CHECK(reports::error_text(0.5, limits(-0.5, 0.5)) == "+0.50");
}

TEST_CASE("limits stand on the page as a reviewer writes them") {
    CHECK(reports::limits_text(limits(-0.5, 0.5)) == "±0.5");
    CHECK(reports::limits_text(limits(-1, 1)) == "±1.0");
    CHECK(reports::limits_text(limits(-1.5, 2.25)) == "−1.50 … +2.25");
}
