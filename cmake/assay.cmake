# assay_library(NAME [DEPS engine libs...] [LINK third-party targets...])
# A layer of the engine: every .cc of the current folder, headers included as "NAME/file.h".
function(assay_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(assay_${name} STATIC ${sources})
  target_include_directories(assay_${name} PUBLIC ${PROJECT_SOURCE_DIR}/engine)
  list(TRANSFORM ARG_DEPS PREPEND assay_)
  target_link_libraries(assay_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_LINK})
endfunction()

# assay_unit_tests(LIB [DEPS ...] [LINK ...]): every tests/unit/LIB/*_test.cc as one Catch2 binary.
function(assay_unit_tests lib)
  cmake_parse_arguments(ARG "" "" "DEPS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${lib}/*_test.cc)
  if(sources)
    add_executable(${lib}_test ${sources})
    list(TRANSFORM ARG_DEPS PREPEND assay_)
    target_include_directories(${lib}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${lib}_test PRIVATE assay_test_main ${ARG_DEPS} ${ARG_LINK})
    target_compile_definitions(${lib}_test PRIVATE
      ASSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ASSAY_BUILD_DIR="${CMAKE_BINARY_DIR}")
    add_test(NAME ${lib} COMMAND ${lib}_test)
    set_tests_properties(${lib} PROPERTIES LABELS quick TIMEOUT 300)
  endif()
endfunction()

# assay_plugin(ID KIND collector|framework SOURCES ... [FILES checks, views, controls, mapping])
# Builds <build>/lib/assay/{plugins|frameworks}/ID/ID.so with manifest.toml as its ELF note, one
# exported symbol, simdjson static; copies the data files beside it.
function(assay_plugin id)
  cmake_parse_arguments(ARG "EXAMPLE" "KIND" "SOURCES;FILES" ${ARGN})
  if(ARG_EXAMPLE)  # built to keep it true, neither locked nor installed
    set(home lib/assay-example/${id})
  elseif(ARG_KIND STREQUAL "collector")
    set(home lib/assay/plugins/${id})
  else()
    set(home lib/assay/frameworks/${id})
  endif()
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${id}_manifest.S)
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.toml)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/manifest_note.S.in ${note} @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  set_source_files_properties(${note} PROPERTIES LANGUAGE C COMPILE_OPTIONS "-xassembler-with-cpp"
    OBJECT_DEPENDS ${manifest})
  add_library(plugin_${id} MODULE ${ARG_SOURCES} ${note})
  set_target_properties(plugin_${id} PROPERTIES PREFIX "" OUTPUT_NAME ${id}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${home})
  target_link_libraries(plugin_${id} PRIVATE assay_plugin_sdk)
  target_link_options(plugin_${id} PRIVATE
    -Wl,--version-script=${PROJECT_SOURCE_DIR}/plugin-api/plugin.version
    -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--exclude-libs,ALL -static-libgcc)
  if(ARG_EXAMPLE)
    return()
  endif()

  foreach(file ${ARG_FILES})
    get_filename_component(abs ${file} ABSOLUTE)
    file(RELATIVE_PATH rel ${CMAKE_CURRENT_SOURCE_DIR} ${abs})
    configure_file(${abs} ${CMAKE_BINARY_DIR}/${home}/${rel} COPYONLY)
    set_property(GLOBAL APPEND PROPERTY ASSAY_PLUGIN_FILES ${CMAKE_BINARY_DIR}/${home}/${rel})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY ASSAY_PLUGIN_TARGETS plugin_${id})
  install(DIRECTORY ${CMAKE_BINARY_DIR}/${home}/ DESTINATION ${home})
endfunction()
