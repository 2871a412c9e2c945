# How a plugin is built, inside this tree and outside it: manifest as ELF note, one exported symbol, columns from the
# manifest. Whoever includes it sets ASSAY_PLUGIN_NOTE, ASSAY_PLUGIN_SYMBOLS, ASSAY_GEN_DATASETS and ASSAY_ROLL_UP_SOURCE
# (files), makes the targets assay_plugin_api and assay_plugin_sdk, and defines assay_plugin() on top of
# assay_plugin_module().

# assay_plugin_module(TARGET ID HOME SOURCES...): HOME/ID.so with manifest.toml of the current folder as its note.
function(assay_plugin_module target id home)
  set(note ${CMAKE_CURRENT_BINARY_DIR}/${id}_manifest.S)
  set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.toml)
  configure_file(${ASSAY_PLUGIN_NOTE} ${note} @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifest})
  set_source_files_properties(${note} PROPERTIES LANGUAGE C COMPILE_OPTIONS "-xassembler-with-cpp"
    OBJECT_DEPENDS ${manifest})
  add_library(${target} MODULE ${ARGN} ${note})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${id} LIBRARY_OUTPUT_DIRECTORY ${home}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
  set(cpp ${ARGN})
  list(FILTER cpp INCLUDE REGEX "\\.(cc|cpp|cxx)$")
  if(cpp)
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_link_libraries(${target} PRIVATE assay_plugin_sdk)
    target_link_options(${target} PRIVATE -static-libgcc)
  else()
    target_link_libraries(${target} PRIVATE assay_plugin_api)
  endif()
  target_link_options(${target} PRIVATE -Wl,--version-script=${ASSAY_PLUGIN_SYMBOLS} -Wl,-z,noexecstack -Wl,-z,relro
    -Wl,-z,now -Wl,--exclude-libs,ALL)
endfunction()

# assay_collector(ID SOURCES...): a collector from manifest.toml, with checks/*.toml and views.sql of the current folder.
# C++ sources get datasets.h, which names the manifest's columns and endpoints.
function(assay_collector id)
  set(sources ${ARGN})
  set(cpp ${ARGN})
  list(FILTER cpp INCLUDE REGEX "\\.(cc|cpp|cxx)$")
  if(cpp)
    find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
    set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/manifest.toml)
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/datasets.h)
    add_custom_command(OUTPUT ${generated}
      COMMAND ${Python3_EXECUTABLE} ${ASSAY_GEN_DATASETS} ${manifest} ${generated}
      DEPENDS ${manifest} ${ASSAY_GEN_DATASETS} COMMENT "datasets.h of ${id}" VERBATIM)
    list(APPEND sources ${generated})
  endif()
  file(GLOB data CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/checks/*.toml ${CMAKE_CURRENT_SOURCE_DIR}/views.sql)
  assay_plugin(${id} KIND collector SOURCES ${sources} FILES ${data})
  target_include_directories(plugin_${id} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()

# assay_framework(ID [SOURCES...]): a framework from manifest.toml, controls.toml and mapping.toml. Without SOURCES its
# controls are decided by the kit's roll-up.
function(assay_framework id)
  set(sources ${ARGN})
  if(NOT sources)
    set(sources ${ASSAY_ROLL_UP_SOURCE})
  endif()
  assay_plugin(${id} KIND framework SOURCES ${sources}
    FILES ${CMAKE_CURRENT_SOURCE_DIR}/controls.toml ${CMAKE_CURRENT_SOURCE_DIR}/mapping.toml)
endfunction()
