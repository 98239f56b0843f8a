# Writes a C++ file that holds the bytes of FILES, each under its file name. The bytes go through hexadecimal, so that
# no content (semicolons, brackets, quotes, backslashes, UTF-8) can meet CMake's list or C++'s literal rules.
set(texts "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ "${file}" bytes HEX)
  get_filename_component(name "${file}" NAME)
  string(LENGTH "${bytes}" digits)
  math(EXPR length "${digits} / 2")
  # In rows of 20 bytes: CMake's regular expressions take quadratic time over a long text.
  string(APPEND texts "constexpr char text_${index}[] = {\n")
  set(offset 0)
  while(offset LESS digits)
    string(SUBSTRING "${bytes}" ${offset} 40 row)
    string(REGEX REPLACE "(..)" "'\\\\x\\1', " row "${row}")
    string(APPEND texts "    ${row}\n")
    math(EXPR offset "${offset} + 40")
  endwhile()
  string(APPEND texts "    '\\0'};\n\n")
  string(APPEND entries "        {\"${name}\", std::string_view{text_${index}, ${length}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(REGEX REPLACE "::[^:]*$" "" namespace "${FUNCTION}")
string(REGEX REPLACE "^.*::" "" function "${FUNCTION}")
file(WRITE "${OUTPUT}"
"#include \"calibration/embedded_text.hpp\"

namespace ${namespace} {

std::span<const calibration::EmbeddedText> ${function}();

namespace {

${texts}}  // namespace

std::span<const calibration::EmbeddedText> ${function}() {
    static constexpr calibration::EmbeddedText all[] = {
${entries}    };
    return all;
}

}  // namespace ${namespace}
")
