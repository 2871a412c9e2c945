#include "cli/parse.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/result.h"
#include "base/text.h"
#include "cli/command_tree.h"

namespace assay::cli {
namespace {

// Binds one row of the tables to CLI11.
void AddFlag(CLI::App& app, const Flag& flag, Options& options) {
  const bool positional = flag.names[0] != '-';
  const auto* text = std::get_if<std::string Options::*>(&flag.target);
  const bool second = text != nullptr && *text == &Options::second;
  const std::string names = !positional ? std::string(flag.names) : second ? "second" : "argument";
  const std::string help(flag.help);
  CLI::Option* option = std::visit(
      [&](auto member) -> CLI::Option* {
        using Value = std::remove_reference_t<decltype(options.*member)>;
        if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, int>)
          return app.add_flag(names, options.*member, help);
        else
          return app.add_option(names, options.*member, help);
      },
      flag.target);
  if (std::holds_alternative<std::vector<std::string> Options::*>(flag.target))
    option->expected(1)->take_all();
  if (positional) option->required(flag.required)->option_text(std::string(flag.names));
  if (flag.words.empty()) return;
  std::vector<std::string> words;
  for (std::string_view word : Split(flag.words, '|')) words.emplace_back(word);
  option->check([words](const std::string& given) {
    if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
    const std::string near = NearestWord(given, words);
    return Quote(given) + " is none of " + Join(words, ", ") +
           (near.empty() ? "" : "; did you mean " + near + "?");
  });
}

CLI::App* Parent(CLI::App& root, std::string_view path) {
  CLI::App* app = &root;
  const auto words = Split(path, ' ');
  for (size_t i = 0; i + 1 < words.size(); ++i) app = app->get_subcommand(std::string(words[i]));
  return app;
}

void Build(CLI::App& root, Options& options) {
  root.set_help_flag("-h", "short help");
  root.set_help_all_flag("--help", "full help with examples");
  root.fallthrough();
  for (const Flag& flag : GlobalFlags()) AddFlag(root, flag, options);
  for (const Command& command : Commands()) {
    const std::string name(Split(command.path, ' ').back());
    CLI::App* app = Parent(root, command.path)->add_subcommand(name, std::string(command.help));
    app->fallthrough();
    for (std::string_view flag : command.flags) AddFlag(*app, FindCommandFlag(flag), options);
  }
}

// Words of the deepest command that was recognised.
std::vector<std::string> Recognised(CLI::App& root) {
  std::vector<std::string> words;
  for (CLI::App* app = &root;;) {
    const std::vector<CLI::App*> next = app->get_subcommands();
    if (next.empty()) return words;
    app = next.front();
    words.push_back(app->get_name());
  }
}

ParseOutcome Usage(std::string id, std::string message, std::string hint) {
  ParseOutcome outcome;
  outcome.done = true;
  outcome.exit = ExitCode::kUsage;
  outcome.err = fmt::format("error[{}]: {}\n      = help: {}\n", id, message, hint);
  return outcome;
}

std::vector<std::string> NearestThree(const std::string& word,
                                      std::vector<std::string> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const std::string& a, const std::string& b) {
                     return EditDistance(word, a) < EditDistance(word, b);
                   });
  candidates.resize(std::min<size_t>(3, candidates.size()));
  return candidates;
}

std::string HelpCommand(const std::string& path) {
  return "assay " + (path.empty() ? "" : path + " ") + "--help";
}

ParseOutcome UnknownWord(const std::string& path, const std::string& word) {
  if (!word.empty() && word[0] == '-') {
    std::vector<std::string> flags;
    const auto add = [&](const Flag& flag) {
      for (std::string_view name : Split(flag.names, ','))
        if (name.substr(0, 2) == "--") flags.emplace_back(name);
    };
    for (const Flag& flag : GlobalFlags()) add(flag);
    if (const Command* command = FindCommand(path))
      for (std::string_view name : command->flags) add(FindCommandFlag(name));
    const std::string near = NearestWord(word.substr(0, word.find('=')), flags);
    return Usage(
        "AS-CLI-002", "unknown flag " + Quote(word, 60),
        near.empty() ? HelpCommand(path) + " lists the flags" : "did you mean " + near + "?");
  }
  const std::vector<std::string> children = ChildrenOf(path);
  if (children.empty())
    return Usage("AS-CLI-003", "unexpected argument " + Quote(word, 60), HelpCommand(path));
  return Usage("AS-CLI-001",
               "unknown command " + Quote(path.empty() ? word : path + " " + word, 60),
               "nearest: " + Join(NearestThree(word, children), ", "));
}

ParseOutcome Help(CLI::App& root, bool full) {
  ParseOutcome outcome;
  outcome.done = true;
  outcome.out = HelpText(Join(Recognised(root), " "), full);
  return outcome;
}

// The library's message without its class name, in our form.
std::string OwnMessage(const CLI::ParseError& error) {
  std::string text = error.what();
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && text.size() > 1 && text[1] >= 'a')
    text[0] = static_cast<char>(text[0] + 32);
  return text;
}

ParseOutcome Check(CLI::App& root, Options options) {
  options.command = Recognised(root);
  const std::string path = Join(options.command, " ");
  const std::vector<std::string> extra = root.remaining(true);
  if (!extra.empty()) return UnknownWord(path, extra.front());
  if (path.empty())
    return Usage("AS-CLI-001", "no command",
                 "assay --help lists them; assay demo shows what it does");
  if (FindCommand(path)->is_group)
    return Usage("AS-CLI-001", fmt::format("{} needs a command", Quote(path)),
                 "one of: " + Join(ChildrenOf(path), ", "));
  if (options.utc && options.local)
    return Usage("AS-CLI-003", "--utc and --local exclude each other", "give one of them");
  if (options.all && !options.tenant.empty())
    return Usage("AS-CLI-003", "--all and --tenant exclude each other", "give one of them");
  ParseOutcome outcome;
  outcome.options = std::move(options);
  return outcome;
}

}  // namespace

ParseOutcome ParseCommandLine(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App root;
  try {
    Build(root, options);
    root.allow_extras();
    for (CLI::App* app : root.get_subcommands({})) {
      app->allow_extras();
      for (CLI::App* child : app->get_subcommands({})) child->allow_extras();
    }
    // CLI11 takes the words in reverse.
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return Help(root, false);
  } catch (const CLI::CallForAllHelp&) {
    return Help(root, true);
  } catch (const CLI::RequiredError&) {
    const std::string path = Join(Recognised(root), " ");
    const Command* command = FindCommand(path);
    std::string wanted;
    for (std::string_view name : command->flags)
      if (name[0] != '-') wanted = name;
    return Usage("AS-CLI-003", fmt::format("assay {}: {} is missing", path, wanted),
                 HelpCommand(path));
  } catch (const CLI::ParseError& error) {
    return Usage("AS-CLI-003", OwnMessage(error), HelpCommand(Join(Recognised(root), " ")));
  } catch (const CLI::Error& error) {
    return Usage("AS-CLI-003", error.what(), "assay --help");
  }
  return Check(root, std::move(options));
}

}  // namespace assay::cli
