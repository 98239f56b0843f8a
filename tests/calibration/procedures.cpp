// Times of the no-load and starting tests, against the figures of worked examples.
#include "calibration/procedures.hpp"

#include "calibration/document.hpp"

#include <catch2/catch.hpp>

using namespace calibration;

namespace {

Ratings meter(double constant, int elements, double voltage, double starting) {
    Ratings ratings;
    ratings.constant = ImpulsesPerKilowattHour{constant};
    ratings.measuring_elements = elements;
    ratings.nominal_voltage = Volt{voltage};
    ratings.starting = Ampere{starting};
    return ratings;
}

}  // namespace

TEST_CASE("no-load and starting times of known meters") {
    struct Case {
        const char* name;
        Ratings ratings;
        double no_load_min, tau_s;
    };
    const Case cases[] = {
        {"E48", meter(1000, 3, 230, 0.001), 302.457467, 5217.391304},
        {"E28", meter(1000, 3, 230, 0.02), 15.122873, 260.869565},
        {"E43", meter(10000, 3, 230, 0.01), 3.024575, 52.173913},
        {"20000 imp/kWh, 1 mA", meter(20000, 3, 230, 0.001), 15.122873, 260.869565},
        {"20000 imp/kWh, 3x58/100", meter(20000, 3, 57.735026919, 0.005), 12.049049, 207.846097},
        {"single phase", meter(1000, 1, 230, 0.02), 45.368620, 782.608696},
    };
    for (const Case& c : cases) {
        CAPTURE(c.name);
        const Volt test_voltage = c.ratings.nominal_voltage * 1.15;
        CHECK(seconds(no_load_duration(c.ratings, test_voltage)) / 60 ==
              Approx(c.no_load_min).epsilon(5e-7));
        CHECK(seconds(starting_tau(c.ratings)) == Approx(c.tau_s).epsilon(5e-7));
    }
}

TEST_CASE("an impulse of a 1000 imp/kWh meter at 690 W takes 5.217 s in either direction") {
    const ImpulsesPerKilowattHour constant{1000};
    CHECK(impulse_interval(constant, Watt{690}) == from_seconds(3600.0 / 690.0));
    CHECK(impulse_interval(constant, Watt{-690}) == from_seconds(3600.0 / 690.0));
}

TEST_CASE("without power, or nearly so, no impulse ever comes") {
    CHECK(impulse_interval(ImpulsesPerKilowattHour{1000}, Watt{0}) == Duration::max());
    CHECK(impulse_interval(ImpulsesPerKilowattHour{0}, Watt{690}) == Duration::max());
    CHECK(impulse_interval(ImpulsesPerKilowattHour{1000}, Watt{1e-9}) == Duration::max());
    CHECK(impulse_interval(ImpulsesPerKilowattHour{1000}, Watt{1e-6}) == from_seconds(3.6e9));
}

TEST_CASE("ratings that lack a factor give no test time") {
    const Ratings lacking[] = {meter(0, 3, 230, 0.001),
                               meter(1000, 0, 230, 0.001),
                               meter(1000, 3, 0, 0.001),
                               meter(1000, 3, 230, 0)};
    for (const Ratings& ratings : lacking) {
        CHECK_THROWS_AS(no_load_duration(ratings, ratings.nominal_voltage), DataError);
        CHECK_THROWS_AS(starting_tau(ratings), DataError);
    }
}
