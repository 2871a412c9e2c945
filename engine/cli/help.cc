// Texts of -h and --help, made from the tree of commands.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/command_tree.h"

namespace assay::cli {
namespace {

std::string FlagLine(const Flag& flag) {
  std::string names = Join({std::string(flag.names)}, "");
  for (size_t at = names.find(','); at != std::string::npos; at = names.find(',', at + 2))
    names.insert(at + 1, " ");
  if (!flag.value.empty()) names += " " + std::string(flag.value);
  return fmt::format("  {:<26} {}\n", names, flag.help);
}

std::string UsageLine(std::string_view path, const Command* command, bool has_children) {
  std::string out = "usage: assay";
  if (!path.empty()) out += " " + std::string(path);
  if (has_children) out += command == nullptr || command->is_group ? " COMMAND" : " [COMMAND]";
  if (command != nullptr)
    for (std::string_view name : command->flags)
      if (name[0] != '-') out += " " + std::string(name);
  return out + " [flags]\n";
}

std::string Children(std::string_view path) {
  const std::vector<std::string> children = ChildrenOf(path);
  if (children.empty()) return {};
  std::string out = "\ncommands:\n";
  for (const std::string& child : children) {
    const Command* command = FindCommand(path.empty() ? child : std::string(path) + " " + child);
    out += fmt::format("  {:<26} {}\n", child, command->help);
  }
  return out;
}

}  // namespace

std::string HelpText(std::string_view path, bool full) {
  const Command* command = FindCommand(path);
  const std::string children = Children(path);
  std::string out;
  if (full && command != nullptr && !command->examples.empty()) {
    out += "examples:\n";
    for (std::string_view example : command->examples) out += fmt::format("  {}\n", example);
    out += "\n";
  }
  out += UsageLine(path, command, !children.empty());
  out +=
      fmt::format("{}\n", command == nullptr ? "assay collects evidence from a Microsoft tenant, "
                                               "read-only, and proves that it was not changed."
                                             : command->help);
  out += children;
  if (command != nullptr && !command->flags.empty()) {
    out += "\nflags of this command:\n";
    for (std::string_view name : command->flags) out += FlagLine(FindCommandFlag(name));
  }
  if (!full)
    return out + "\nassay " + (path.empty() ? "" : std::string(path) + " ") + "--help tells more\n";
  out += "\nflags of every command:\n";
  for (const Flag& flag : GlobalFlags()) out += FlagLine(flag);
  out +=
      "\nexit codes: 0 done, 1 bug, 2 usage, 3 configuration, 4 findings (--fail-on), 5 "
      "incomplete, 6 credential,\n"
      "  7 not verified, 8 plugin refused, 9 busy, 10 unavailable, 11 not allowed, 12 no such "
      "object\n";
  return out;
}

}  // namespace assay::cli
