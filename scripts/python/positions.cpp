// calrig.Position: a place on the bench, and what its meter says and takes over its own port.
#include "scripts/python/bindings.hpp"
#include "scripts/python/position_handle.hpp"

#include <fmt/format.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <utility>

namespace scripts::python {

namespace {

namespace py = pybind11;
using dut::QuantityReading;
using dut::SettingOutcome;
using sequences::BenchSession;

std::vector<std::pair<std::string, std::string>> identify(const PositionHandle& position) {
    std::vector<std::pair<std::string, std::string>> fields;
    position.bench->at_work([&](BenchSession& session) {
        for (const dut::IdentityField& field : session.identify(position.index).fields) {
            fields.emplace_back(field.field, field.text);
        }
    });
    return fields;
}

std::vector<QuantityReading> read(const PositionHandle& position,
                                  const std::optional<std::vector<std::string>>& quantities) {
    std::vector<QuantityReading> found;
    if (quantities && quantities->empty()) {
        return found;
    }
    position.bench->at_work([&](BenchSession& session) {
        found = session.read(position.index, quantities.value_or(std::vector<std::string>{}));
    });
    return found;
}

SettingOutcome set(const PositionHandle& position, const std::string& quantity, double value) {
    SettingOutcome outcome;
    position.bench->at_work(
        [&](BenchSession& session) { outcome = session.set(position.index, quantity, value); });
    return outcome;
}

constexpr auto identify_doc = R"(List of (field, text), read from the meter now.

Raises DataError for a position without a port, DeviceFault or LinkError for a meter that does not answer: most are dead
without voltage. The load stays.)";

constexpr auto read_doc =
    R"(Registers of the meter, read over its port now, as a list of Quantity in the order asked.

quantities: names of its register map (`calrig list registers --meter TYPE`); None: all that can be read.
Raises DataError for a name the map has not or a position without a port, DeviceFault or LinkError for a meter that does
not answer. The load stays.)";

constexpr auto set_doc = R"(Writes one setting into the meter, reads it back, and returns a Setting.

quantity: a name of its register map. value: in the map's unit. A meter that refuses in good order, as a sealed one
does, raises nothing: `refusal` says what it said.
Raises DataError for a name the map has not or a position without a port, DeviceFault when the meter does not answer or
reads back something else, LinkError. The load stays.)";

std::string text(const std::optional<double>& value) {
    return value ? fmt::format("{:g}", *value) : "not available";
}

void bind_quantity(py::module_& core) {
    py::class_<QuantityReading>(core, "Quantity", "One value of a meter's register map.")
        .def_readonly("quantity", &QuantityReading::quantity, "Its name in the map.")
        .def_readonly("value", &QuantityReading::value, "In `unit`; None: see `reason`.")
        .def_readonly("step", &QuantityReading::step, "What one count is worth, in `unit`.")
        .def_readonly("unit", &QuantityReading::unit, "\"Wh\", \"V\"; empty for a bare number.")
        .def_readonly("reason", &QuantityReading::reason, "Why there is no value; else empty.")
        .def("__repr__", [](const QuantityReading& q) {
            return fmt::format("<calrig.Quantity {}: {} {}>", q.quantity, text(q.value), q.unit);
        });
}

void bind_setting(py::module_& core) {
    py::class_<SettingOutcome>(core, "Setting", "What came of writing one setting.")
        .def_readonly("quantity", &SettingOutcome::quantity, "Its name in the register map.")
        .def_readonly("before", &SettingOutcome::before, "As read before; None: not available.")
        .def_readonly("after", &SettingOutcome::after, "As read back; None: not available.")
        .def_readonly("refusal", &SettingOutcome::refusal, "What a meter said that refused.")
        .def_property_readonly(
            "accepted",
            [](const SettingOutcome& s) { return s.refusal.empty(); },
            "Whether the meter took it.")
        .def("__repr__", [](const SettingOutcome& s) {
            return fmt::format("<calrig.Setting {}: {} -> {}{}>",
                               s.quantity,
                               text(s.before),
                               text(s.after),
                               s.refusal.empty() ? "" : "; refused: " + s.refusal);
        });
}

}  // namespace

std::vector<PositionHandle> positions_of(const std::shared_ptr<BenchHandle>& bench) {
    std::vector<PositionHandle> positions;
    for (std::size_t index = 0; index < bench->bench().file().positions.size(); ++index) {
        positions.push_back({bench, index});
    }
    return positions;
}

void bind_positions(py::module_& core) {
    using namespace py::literals;
    const auto of_entry = [](auto member) {
        return [member](const PositionHandle& p) { return p.entry().*member; };
    };
    using rig::PositionEntry;
    bind_quantity(core);
    bind_setting(core);
    py::class_<PositionHandle>(core, "Position", "A place on the bench.")
        .def_property_readonly("name", of_entry(&PositionEntry::name), "As the bench file says.")
        .def_property_readonly(
            "serial", of_entry(&PositionEntry::serial), "Of the meter; may be empty.")
        .def_property_readonly(
            "led_channel", of_entry(&PositionEntry::led_channel), "Of the edge capture.")
        .def_property_readonly("output_channel",
                               of_entry(&PositionEntry::output_channel),
                               "Of the edge capture, where the pulse output is wired; else None.")
        .def_property_readonly("bypass_channel",
                               of_entry(&PositionEntry::bypass_channel),
                               "Of the position switch; None: always in the current circuit.")
        .def_property_readonly("port",
                               of_entry(&PositionEntry::port),
                               "As the bench file says: \"modbus-tcp:192.168.0.4:502,5\".")
        .def("identify", identify, identify_doc)
        .def("read", read, read_doc, "quantities"_a = py::none())
        .def("set", set, set_doc, "quantity"_a, "value"_a)
        .def("__repr__", [](const PositionHandle& p) {
            return fmt::format(
                "<calrig.Position '{}', serial '{}'>", p.entry().name, p.entry().serial);
        });
}

}  // namespace scripts::python
