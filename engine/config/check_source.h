// A file of checks with the places of everything in it, for messages that point into it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/diagnostic.h"
#include "model/check.h"

namespace assay::config {

/// One file of checks, read; what is found wrong with it, now and later, is collected. [one thread]
class CheckSource {
 public:
  /// `plugin`: the collector beside which it lies, or kOwnChecks.
  CheckSource(std::string_view toml, const std::string& file, const std::string& plugin);
  ~CheckSource();
  CheckSource(CheckSource&&) noexcept;
  CheckSource& operator=(CheckSource&&) noexcept;

  /// Checks in their order; those with mistakes too, as far as they could be read.
  const std::vector<CheckSpec>& checks() const;
  bool has_errors() const;

  /// Something more about check `index`, shown under the value of `key` (or the table, when that
  /// key is not there); with `item` under that element of its list.
  void Error(size_t index, std::string_view key, std::string_view code, std::string message,
             std::string note = "", size_t item = kWhole);
  void Warning(size_t index, std::string_view key, std::string_view code, std::string message,
               std::string note = "");
  /// The same under line and column (from 1, in bytes) of the check's SQL.
  void ErrorInSql(size_t index, size_t line, size_t column, std::string_view code,
                  std::string message);
  static constexpr size_t kWhole = ~size_t{0};

  /// All that was found, in order of place.
  std::vector<Diagnostic> Finish();
  /// The first errors as kInvalidInput "file:line:col: ...".
  Status FirstErrors();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace assay::config
