# find_package(assay-plugin-api): the C headers, the C++ kit and assay_collector()/assay_framework() of an installed
# assay. docs/plugins/writing-a-collector.md.
get_filename_component(_assay_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(ASSAY_PLUGIN_NOTE ${CMAKE_CURRENT_LIST_DIR}/manifest_note.S.in)
set(ASSAY_PLUGIN_SYMBOLS ${CMAKE_CURRENT_LIST_DIR}/plugin.version)
set(ASSAY_GEN_DATASETS ${CMAKE_CURRENT_LIST_DIR}/gen-datasets.py)
set(ASSAY_ROLL_UP_SOURCE ${CMAKE_CURRENT_LIST_DIR}/framework_plugin.cc)
include(${CMAKE_CURRENT_LIST_DIR}/assay-plugin.cmake)

# The program that tests what is built, for CTest: ${ASSAY_PROGRAM} plugin check ...
find_program(ASSAY_PROGRAM assay HINTS ${_assay_prefix}/bin)

if(NOT TARGET assay_plugin_api)
  add_library(assay_plugin_api INTERFACE)
  target_include_directories(assay_plugin_api SYSTEM INTERFACE ${_assay_prefix}/include)
  add_library(assay::plugin-api ALIAS assay_plugin_api)
  add_library(assay_plugin_sdk INTERFACE)
  target_link_libraries(assay_plugin_sdk INTERFACE assay_plugin_api)
  add_library(assay::plugin-sdk ALIAS assay_plugin_sdk)
endif()

# assay_plugin(ID KIND collector|framework SOURCES ... [FILES ...]): the package <build>/ID, complete as it is installed.
function(assay_plugin id)
  cmake_parse_arguments(ARG "" "KIND" "SOURCES;FILES" ${ARGN})
  set(home ${CMAKE_BINARY_DIR}/${id})
  set(cpp ${ARG_SOURCES})
  list(FILTER cpp INCLUDE REGEX "\\.(cc|cpp|cxx)$")
  if(cpp AND ARG_KIND STREQUAL "collector")
    find_library(SIMDJSON_LIBRARY NAMES libsimdjson.a simdjson REQUIRED)
    target_link_libraries(assay_plugin_sdk INTERFACE ${SIMDJSON_LIBRARY})
  endif()
  assay_plugin_module(plugin_${id} ${id} ${home} ${ARG_SOURCES})
  # What is no longer in the sources must not stay in the package.
  file(REMOVE_RECURSE ${home}/checks ${home}/views.sql ${home}/controls.toml ${home}/mapping.toml)
  foreach(file ${ARG_FILES})
    file(RELATIVE_PATH rel ${CMAKE_CURRENT_SOURCE_DIR} ${file})
    configure_file(${file} ${home}/${rel} COPYONLY)
  endforeach()
endfunction()

# assay_plugin_tests(ID [FIXTURE ...]): ctests that run `assay plugin lint` on the sources, `plugin check` on the package
# and `plugin test` with each fixture, a folder.
function(assay_plugin_tests id)
  cmake_parse_arguments(ARG "" "" "FIXTURE" ${ARGN})
  if(NOT ASSAY_PROGRAM)
    message(FATAL_ERROR "assay_plugin_tests: the program assay was not found; set ASSAY_PROGRAM")
  endif()
  set(package ${CMAKE_BINARY_DIR}/${id})
  set(cases)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/checks/cases)
    set(cases --cases ${CMAKE_CURRENT_SOURCE_DIR}/checks/cases)
  endif()
  add_test(NAME ${id}.lint COMMAND ${ASSAY_PROGRAM} plugin lint ${CMAKE_CURRENT_SOURCE_DIR})
  set(first)
  foreach(fixture ${ARG_FIXTURE})
    get_filename_component(folder ${fixture} ABSOLUTE)
    get_filename_component(name ${folder} NAME)
    add_test(NAME ${id}.test.${name} COMMAND ${ASSAY_PROGRAM} plugin test ${package} --fixture ${folder} ${cases}
      --junit ${CMAKE_BINARY_DIR}/${id}.test.${name}.xml)
    if(NOT first)
      set(first --fixture ${folder})
    endif()
  endforeach()
  add_test(NAME ${id}.check COMMAND ${ASSAY_PROGRAM} plugin check ${package} ${first}
    --junit ${CMAKE_BINARY_DIR}/${id}.check.xml)
endfunction()
