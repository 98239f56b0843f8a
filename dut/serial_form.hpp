// How a maker composes the serial number it prints from the fields of the identification.
#pragma once

#include "dut/register_map.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dut {

using FieldTexts = std::map<std::string, std::string, std::less<>>;

// A form is text with fields in braces: "{year_week}{line}[-{order}]". What stands in brackets is
// left out when its fields are empty or 0.

// What is wrong with a form, in words; nothing when it can be used with this map.
std::optional<std::string> serial_form_fault(std::string_view form, const RegisterMap& map);
std::string compose_serial(std::string_view form, const FieldTexts& fields);
// The fields a serial number is made of. Throws calibration::DataError when it has not this form.
FieldTexts split_serial(std::string_view serial, const RegisterMap& map);
// The fields that the form names, in its order.
std::vector<std::string> serial_fields(std::string_view form);

}  // namespace dut
