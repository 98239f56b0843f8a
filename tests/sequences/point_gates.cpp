// The gates of one point, fed edge by edge: when a position is done, begins anew, or is given up.
#include "sequences/point_gates.hpp"

#include "tests/sequences/bench_run.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using sequences::PointGates;
using sequences::Restart;

namespace {

constexpr double tick_s = 1e-6;
constexpr double dut_constant = 1000;
constexpr double reference_constant = 1e7;  // 10 000 reference impulses for one of the dut's

std::int64_t ticks(double seconds) { return std::llround(seconds / tick_s); }

// A capture whose stream is what the test says.
class ScriptedCapture : public instruments::EdgeCapture {
  public:
    explicit ScriptedCapture(instruments::io::Clock& clock) : clock_(clock) {}

    instruments::Task<instruments::CaptureIdentity> start() override {
        co_return instruments::CaptureIdentity{
            .identity = {}, .boot_id = 1, .tick_s = tick_s, .channels = {1, 2}};
    }
    instruments::Task<instruments::CaptureBatch> next(calibration::Instant deadline) override {
        if (batches_.empty()) {
            co_await clock_.wait(came_, deadline);
        }
        instruments::CaptureBatch batch{.watermark = watermark_};
        if (!batches_.empty()) {
            batch = std::move(batches_.front());
            batches_.pop_front();
            watermark_ = batch.watermark;
        }
        co_return batch;
    }
    instruments::Task<void> send_fence(std::uint32_t) override { co_return; }

    void give(instruments::CaptureBatch batch) {
        batches_.push_back(std::move(batch));
        came_.notify();
    }

  private:
    instruments::io::Clock& clock_;
    instruments::io::Event came_;
    std::deque<instruments::CaptureBatch> batches_;
    std::int64_t watermark_ = 0;
};

// Two positions under one load, on a bench of which nothing is there but the edge stream.
class Stand {
  public:
    explicit Stand(const std::string& programme_point, const std::string& meter = "countis-e28") {
        test::BenchSpec spec{.meter = meter,
                             .programme =
                                 "\nid = \"p\"\ntitle = \"t\"\nlimits = "
                                 "[\"en50470-3-2006-a1-2018\"]\nattempts = 3\n[[point]]\n" +
                                 programme_point};
        plan_ = sequences::make_plan(test::setup_of(spec));
        loop_ = instruments::io::Loop::with_virtual_time();
        capture_ = std::make_unique<ScriptedCapture>(loop_->clock());
        recorder_ =
            std::make_unique<rig::EdgeRecorder>(*loop_, *capture_, std::vector<int>{1, 2}, nullptr);
        loop_->run(recorder_->start());
        gates_ = std::make_unique<PointGates>(
            sequences::GateContext{.plan = plan_,
                                   .point = plan_.points.at(0),
                                   .reference_constant_imp_per_kwh = reference_constant,
                                   .tick_s = tick_s,
                                   .from_tick = 0,
                                   .repetitions = plan_.programme.attempts},
            std::vector<std::size_t>{0, 1});
    }
    ~Stand() { loop_.reset(); }
    Stand(const Stand&) = delete;
    Stand& operator=(const Stand&) = delete;

    double interval_s() const { return calibration::seconds(plan_.points.at(0).impulse_interval); }
    double required_s() const { return calibration::seconds(plan_.points.at(0).required); }

    // One edge at this time, its reference phase that of the nominal power.
    Stand& edge(int channel, double at_s) {
        const double per_s =
            interval_s() > 0 ? reference_constant / dut_constant / interval_s() : 0;
        const double phase = at_s * per_s;
        calibration::PhasedEdge edge{.tick = ticks(at_s)};
        if (per_s > 0) {
            edge.reference_count = static_cast<std::int64_t>(phase);
            edge.reference_before = ticks(std::floor(phase) / per_s);
            edge.reference_after = ticks((std::floor(phase) + 1) / per_s);
        }
        batch_.edges.push_back({channel, edge});
        return *this;
    }
    // Impulses number `first` to `last`, one interval apart.
    Stand& impulses(int channel, int first, int last) {
        for (int i = first; i <= last; ++i) {
            edge(channel, i * interval_s());
        }
        return *this;
    }
    Stand& loss(double from_s,
                double to_s,
                std::vector<int> channels,
                std::optional<std::int64_t> edges) {
        batch_.losses.push_back({.from_tick = ticks(from_s),
                                 .to_tick = ticks(to_s),
                                 .cause = "crc",
                                 .channels = std::move(channels),
                                 .edges = edges});
        return *this;
    }
    // What was said so far reaches the gates, and with it that nothing else came until `until_s`.
    std::vector<Restart> until(double until_s) {
        batch_.watermark = ticks(until_s);
        capture_->give(std::exchange(batch_, {}));
        loop_->run([](instruments::io::Clock& clock) -> instruments::Task<void> {
            co_await clock.sleep_for(std::chrono::milliseconds{1});
        }(loop_->clock()));
        return gates_->update(*recorder_);
    }
    std::vector<PointGates::Finished> finished() { return gates_->take_finished(); }
    PointGates& gates() { return *gates_; }
    const rig::EdgeRecorder& recorder() const { return *recorder_; }

  private:
    sequences::Plan plan_;
    std::unique_ptr<instruments::io::Loop> loop_;
    std::unique_ptr<ScriptedCapture> capture_;
    std::unique_ptr<rig::EdgeRecorder> recorder_;
    std::unique_ptr<PointGates> gates_;
    instruments::CaptureBatch batch_;
};

std::string accuracy(int least_intervals, double least_time_s, double most_time_s = 1000) {
    return fmt::format(
        "kind = \"accuracy\"\ncurrent = [\"Iref\"]\nleast_intervals = {}\nleast_time_s = "
        "{}\nmost_time_s = {}\n",
        least_intervals,
        least_time_s,
        most_time_s);
}

}  // namespace

TEST_CASE("a gate ends with the edge that completes its intervals") {
    Stand stand(accuracy(4, 0));
    CHECK(stand.impulses(1, 1, 4).until(4.5).empty());
    CHECK(stand.finished().empty());
    stand.impulses(1, 5, 9).until(10);
    const auto done = stand.finished();
    REQUIRE(done.size() == 1);
    CHECK(done[0].position == 0);
    CHECK(done[0].from_tick == 0);
    CHECK(done[0].to_tick == ticks(5 * stand.interval_s()));
    CHECK(stand.finished().empty());
    CHECK_FALSE(stand.gates().all_finished());
}

TEST_CASE("a gate lasts as long as it must, however many impulses came") {
    Stand stand(accuracy(2, 12));
    stand.impulses(1, 1, 30).until(31);
    const auto done = stand.finished();
    REQUIRE(done.size() == 2);  // the other one was silent
    // From the first edge on: the first that is twelve seconds later.
    CHECK(done[0].to_tick == ticks((1 + std::ceil(12 / stand.interval_s())) * stand.interval_s()));
}

TEST_CASE("a gate goes on until its uncertainty is a third of the limit") {
    Stand stand(accuracy(3, 0));
    // Every second impulse 6 % of an interval late: U = 1 % / 3 takes many of them.
    for (int i = 1; i <= 200; ++i) {
        stand.edge(1, (i + (i % 2 == 0 ? 0.06 : 0)) * stand.interval_s());
    }
    stand.until(201 * stand.interval_s());
    const auto done = stand.finished();
    REQUIRE(done.size() == 2);  // the other one was silent
    const auto needed = static_cast<double>(done[0].to_tick) * tick_s / stand.interval_s();
    CHECK(needed > 20);
    CHECK(needed < 60);
}

TEST_CASE("at the cap what is there is what counts") {
    Stand stand(accuracy(50, 0));
    stand.impulses(1, 1, 5).until(6);
    stand.gates().stop_all(stand.recorder());
    CHECK(stand.gates().all_finished());
    const auto done = stand.finished();
    REQUIRE(done.size() == 2);
    CHECK(done[0].to_tick == ticks(6));
    CHECK(done[1].to_tick == ticks(6));
}

TEST_CASE("five silent intervals and ten seconds end a gate, not sooner") {
    Stand stand(accuracy(50, 0));
    const double patience_s = 10 + 5 * stand.interval_s();
    stand.impulses(1, 1, 5).until(5 * stand.interval_s() + patience_s - 0.1);
    const auto silent_from_the_start = stand.finished();
    REQUIRE(silent_from_the_start.size() == 1);
    CHECK(silent_from_the_start[0].position == 1);
    stand.until(5 * stand.interval_s() + patience_s + 0.1);
    CHECK(stand.finished().size() == 1);
}

TEST_CASE("a loss makes the gates it touches begin anew behind it") {
    const bool everyone = GENERATE(true, false);
    Stand stand(accuracy(4, 0));
    stand.impulses(1, 1, 3).impulses(2, 1, 3).until(3.2);
    const auto restarts =
        stand.loss(3.3, 3.4, everyone ? std::vector<int>{} : std::vector<int>{1}, {}).until(3.5);
    REQUIRE(restarts.size() == (everyone ? 2 : 1));
    CHECK(restarts[0].position == 0);
    CHECK(restarts[0].reason == "edges were lost: crc");
    stand.impulses(1, 4, 10).impulses(2, 4, 10).until(11);
    const auto done = stand.finished();
    REQUIRE(done.size() == 2);
    CHECK(done[0].from_tick == ticks(3.4) + 1);
    CHECK(done[0].to_tick == ticks(8 * stand.interval_s()));
    CHECK(done[1].from_tick == (everyone ? ticks(3.4) + 1 : 0));
}

TEST_CASE(
    "a loss in a finished gate that nobody confirmed yet spoils it, one after a confirmed gate "
    "does not") {
    const bool confirmed = GENERATE(true, false);
    Stand stand(accuracy(4, 0));
    stand.impulses(1, 1, 8).until(8.5);
    if (confirmed) {
        CHECK(stand.finished().size() == 1);
    }
    const auto restarts = stand.loss(2.1, 2.2, {1}, {}).until(9);
    CHECK(restarts.size() == (confirmed ? 0 : 1));
    if (!confirmed) {
        // The edges behind the loss were here already: they count.
        const auto done = stand.finished();
        REQUIRE(done.size() == 1);
        CHECK(done[0].from_tick == ticks(2.2) + 1);
        CHECK(done[0].to_tick == ticks(7 * stand.interval_s()));
    }
}

TEST_CASE("a loss that counters prove harmless leaves the gate alone, and so does one before it") {
    Stand stand(accuracy(4, 0));
    CHECK(stand.impulses(1, 1, 3).loss(2.1, 2.2, {1}, 0).loss(-5, -1, {}, {}).until(3.3).empty());
    stand.impulses(1, 4, 5).until(5.5);
    const auto done = stand.finished();
    REQUIRE(done.size() == 1);
    CHECK(done[0].from_tick == 0);
}

TEST_CASE("a stream that keeps losing edges is not waited for for ever") {
    Stand stand(accuracy(400, 0));
    std::size_t restarts = 0;
    for (int i = 1; i <= 20; ++i) {
        stand.impulses(1, i, i).impulses(2, i, i);
        stand.loss((i + 0.3) * stand.interval_s(), (i + 0.4) * stand.interval_s(), {1}, {});
        restarts += stand.until((i + 0.5) * stand.interval_s()).size();
        if (!stand.finished().empty()) {
            break;
        }
    }
    CHECK(restarts == 6);
}

TEST_CASE(
    "a missed or an extra impulse makes the gate begin anew, at most as often as the programme "
    "tries") {
    const bool missed = GENERATE(true, false);
    Stand stand(accuracy(6, 0));
    std::size_t restarts = 0;
    std::size_t done = 0;
    for (int round = 0; round < 12 && done == 0; ++round) {
        const int first = 1 + 10 * round;
        for (int i = first; i < first + 10; ++i) {
            if (!missed || i != first + 4) {
                stand.impulses(1, i, i);
            }
            if (!missed && i == first + 4) {
                stand.edge(1, (i + 0.4) * stand.interval_s());
            }
        }
        for (const Restart& restart : stand.until((first + 9.5) * stand.interval_s())) {
            CHECK(restart.reason ==
                  (missed ? "1 missed and 0 extra impulses" : "0 missed and 1 extra impulses"));
            ++restarts;
        }
        done = stand.finished().size();
    }
    CHECK(restarts >= 1);
    CHECK(restarts <= 3);
    CHECK(done >= 1);
}

TEST_CASE("no-load ends with its time, or with the second impulse") {
    Stand stand("kind = \"no-load\"\nname = \"n\"\n");
    stand.edge(1, 100).edge(1, 300).edge(2, 200).until(400);
    auto done = stand.finished();
    REQUIRE(done.size() == 1);
    CHECK(done[0].to_tick == ticks(300));
    stand.until(stand.required_s() - 1);
    CHECK(stand.finished().empty());
    stand.until(stand.required_s() + 1);
    done = stand.finished();
    REQUIRE(done.size() == 1);
    CHECK(done[0].position == 1);
    CHECK(done[0].to_tick == ticks(stand.required_s() + 1));
}

TEST_CASE("starting ends with the third impulse, or when one did not come in time") {
    Stand stand("kind = \"starting\"\nname = \"s\"\n");
    const double tau = stand.required_s();
    stand.edge(1, 0.5 * tau).edge(1, 1.5 * tau).edge(1, 2.5 * tau);
    stand.edge(2, 1.4 * tau).until(2.6 * tau);
    auto done = stand.finished();
    REQUIRE(done.size() == 1);
    CHECK(done[0].to_tick == ticks(2.5 * tau));
    stand.until(2.85 * tau);
    CHECK(stand.finished().empty());
    stand.until(2.95 * tau);
    CHECK(stand.finished().size() == 1);
}
