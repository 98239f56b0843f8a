# The two shapes every folder uses: a library that includes from the repository root, and data built into it.

# calrig_library(NAME LINK <targets> SOURCES <files>)
function(calrig_library name)
  cmake_parse_arguments(ARG "" "" "LINK;PRIVATE_LINK;SOURCES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE fmt::fmt ${ARG_PRIVATE_LINK})
endfunction()

# calrig_embed(TARGET FUNCTION <namespace::function> FILES <files>): the texts become part of the program, so that
# it finds them from any working directory. FUNCTION returns std::span<const calibration::EmbeddedText>, in the order
# of FILES. At least one file; TARGET belongs to the directory that calls.
function(calrig_embed target)
  cmake_parse_arguments(ARG "" "FUNCTION" "FILES" ${ARGN})
  if(NOT ARG_FUNCTION OR NOT ARG_FILES)
    message(FATAL_ERROR "calrig_embed(${target}): FUNCTION and at least one of FILES are needed")
  endif()
  string(REPLACE "::" "_" stem "${ARG_FUNCTION}")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded_${stem}.cpp")
  set(files "")
  foreach(file IN LISTS ARG_FILES)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    list(APPEND files "${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DFUNCTION=${ARG_FUNCTION}" "-DFILES=${files}"
            -P "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    DEPENDS ${files} "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
    COMMENT "Embedding ${ARG_FUNCTION}"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()

# calrig_test(NAME LINK <targets> SOURCES <files>): one Catch2 program per folder, all sharing one main.
function(calrig_test name)
  cmake_parse_arguments(ARG "" "" "LINK;SOURCES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE catch_main fmt::fmt ${ARG_LINK})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()
