// Matchers for Result and Status: a negative test names the code and the telling words.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "base/result.h"

/// REQUIRE that a Status or Result holds a value; prints the error otherwise.
#define REQUIRE_OK(expr)                                \
  do {                                                  \
    auto&& assay_ok_ = (expr);                          \
    if (!assay_ok_) FAIL(assay_ok_.error().ToString()); \
    SUCCEED();                                          \
  } while (false)

/// REQUIRE_OK_AND_ASSIGN(auto x, F()): x from the value, or the test fails with the error.
#define REQUIRE_OK_AND_ASSIGN(lhs, expr) \
  REQUIRE_OK_AND_ASSIGN_(ASSAY_CONCAT(assay_test_, __LINE__), lhs, expr)
#define REQUIRE_OK_AND_ASSIGN_(tmp, lhs, expr) \
  auto tmp = (expr);                           \
  if (!tmp) FAIL(tmp.error().ToString());      \
  lhs = std::move(*tmp)

/// CHECK that it failed with `code` and that the message or its context holds `words`.
#define CHECK_FAILS(expr, want, words)                                             \
  do {                                                                             \
    auto&& assay_fail_ = (expr);                                                   \
    if (assay_fail_) FAIL("expected a failure, got a value");                      \
    CHECK(::assay::CodeName(assay_fail_.error().code) == ::assay::CodeName(want)); \
    CHECK_THAT(assay_fail_.error().ToString(), Catch::Matchers::Contains(words));  \
  } while (false)
