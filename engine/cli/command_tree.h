// The tree of commands as data: parsing, help and completion are made from this one table, so they
// cannot differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/options.h"

namespace assay::cli {

/// Where a flag's value goes.
using Target =
    std::variant<bool Options::*, int Options::*, std::string Options::*,
                 std::vector<std::string> Options::*, std::optional<uint64_t> Options::*>;

struct Flag {
  std::string_view names;  ///< "-C,--config"; without dashes: the positional argument
  std::string_view value;  ///< "FILE", empty for a switch
  std::string_view help;
  Target target;
  std::string_view words{};  ///< accepted words "a|b"
  bool required = false;     ///< positional arguments
  std::string_view key{};    ///< for the lists of commands, where several flags have one name
};

struct Command {
  std::string_view path;                ///< "finding list"
  std::string_view help;                ///< one line
  bool is_group = false;                ///< has commands under it and does nothing by itself
  std::vector<std::string_view> flags;  ///< names of CommandFlags()
  std::vector<std::string_view> examples;
};

/// Flags of every command.
const std::vector<Flag>& GlobalFlags();
/// Flags and arguments of single commands, by first name.
const std::vector<Flag>& CommandFlags();
/// Groups stand before their commands. What runs them: the table in main.cc.
const std::vector<Command>& Commands();

const Command* FindCommand(std::string_view path);
const Flag& FindCommandFlag(std::string_view name);
/// Last words of the commands directly under `path` ("" is the top).
std::vector<std::string> ChildrenOf(std::string_view path);
/// The text of --help (`full`) or -h for a command or group; "" is the top.
std::string HelpText(std::string_view path, bool full);

}  // namespace assay::cli
