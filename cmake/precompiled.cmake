# Headers of others that nearly every source includes, parsed once instead of a thousand times (ASSAY_PCH): on in the presets
# of sanitizers, off where people build and in tests of what ships, so that a missing #include is found there. Headers of ours are
# never among them: each change of one would compile everything again.
set(ASSAY_PCH_HEADERS <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <cstring> <deque> <filesystem> <functional>
  <future> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread> <utility> <variant> <vector>
  <fmt/format.h> <tl/expected.hpp>)

# assay_precompiled(TARGET engine|tests|verify [libraries that it is linked with...]): TARGET uses those of its kind, which the
# first of a kind makes. engine: static libraries, tests: programs with Catch2, verify: programs with fmt's headers alone.
# Poco's definitions change headers of the system, so that its users are kinds of their own.
function(assay_precompiled target kind)
  if(NOT ASSAY_PCH)
    return()
  endif()
  set(pch assay_pch_${kind})
  if("${ARGN}" MATCHES "Poco::")
    set(pch ${pch}_poco)
  endif()
  if(NOT TARGET ${pch})
    set(source ${CMAKE_BINARY_DIR}/${pch}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "// Nothing: its headers are precompiled.\n")
    add_library(${pch} OBJECT ${source})
    if(pch MATCHES poco)
      target_link_libraries(${pch} PRIVATE Poco::Foundation)
    endif()
    if(kind STREQUAL verify)
      target_compile_definitions(${pch} PRIVATE FMT_HEADER_ONLY)
    else()
      target_link_libraries(${pch} PRIVATE fmt::fmt)
    endif()
    set(headers ${ASSAY_PCH_HEADERS})
    if(kind STREQUAL tests)
      list(APPEND headers <fstream> <catch2/catch.hpp>)
    endif()
    if(NOT kind STREQUAL engine)  # as programs are compiled
      set_target_properties(${pch} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${pch} PRIVATE -fPIE ${ASSAY_TEST_OPTIONS})
    endif()
    target_precompile_headers(${pch} PRIVATE ${headers})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${pch})
endfunction()
