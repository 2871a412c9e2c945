#include "cli/completion.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/command_tree.h"

namespace assay::cli {
namespace {

void AddNames(const Flag& flag, std::vector<std::string>& out) {
  if (flag.names[0] != '-') {
    if (!flag.words.empty())
      for (std::string_view word : Split(flag.words, '|')) out.emplace_back(word);
    return;
  }
  for (std::string_view name : Split(flag.names, ','))
    if (name.substr(0, 2) == "--") out.emplace_back(name);
}

// What may follow a command: its commands, its flags, the words of its argument.
std::string WordsAfter(std::string_view path) {
  std::vector<std::string> words = ChildrenOf(path);
  if (const Command* command = FindCommand(path))
    for (std::string_view name : command->flags) AddNames(FindCommandFlag(name), words);
  for (const Flag& flag : GlobalFlags()) AddNames(flag, words);
  words.push_back("--help");
  return Join(words, " ");
}

// One function finds the words typed so far without flags, one case for each command lists what may
// follow.
std::string BashScript() {
  std::string cases;
  for (const Command& command : Commands())
    cases += fmt::format("    '{}') words='{}' ;;\n", command.path, WordsAfter(command.path));
  return fmt::format(R"(_assay() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" path='' word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in -*) ;; *) path="${{path:+$path }}$word" ;; esac
  done
  case "$path" in
{}    '') words='{}' ;;
    *) words='' ;;
  esac
  COMPREPLY=()
  if [ -n "$words" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$cur")
  fi
}}
complete -o default -F _assay assay
)",
                     cases, WordsAfter(""));
}

std::string ZshScript() {
  return "#compdef assay\nautoload -U +X bashcompinit && bashcompinit\n" + BashScript();
}

std::string FishScript() {
  std::string out = "complete -c assay -f\n";
  for (const std::string& child : ChildrenOf(""))
    out += fmt::format("complete -c assay -n __fish_use_subcommand -a {} -d '{}'\n", child,
                       FindCommand(child)->help);
  for (const Command& command : Commands()) {
    const std::string first(Split(command.path, ' ').front());
    if (command.path.find(' ') != std::string_view::npos)
      out += fmt::format("complete -c assay -n '__fish_seen_subcommand_from {}' -a {} -d '{}'\n",
                         first, Split(command.path, ' ').back(), command.help);
    for (std::string_view name : command.flags)
      if (const Flag& flag = FindCommandFlag(name); name.substr(0, 2) == "--")
        out += fmt::format("complete -c assay -n '__fish_seen_subcommand_from {}' -l {} -d '{}'\n",
                           first, flag.names.substr(2), flag.help);
  }
  for (const Flag& flag : GlobalFlags()) {
    std::vector<std::string> words;
    AddNames(flag, words);
    for (const std::string& word : words)
      out += fmt::format("complete -c assay -l {} {}-d '{}'\n", word.substr(2),
                         flag.value.empty() ? "" : "-r ", flag.help);
  }
  return out;
}

}  // namespace

std::string CompletionScript(std::string_view shell) {
  if (shell == "bash") return BashScript();
  if (shell == "zsh") return ZshScript();
  if (shell == "fish") return FishScript();
  return {};
}

int RunCompletion(Context& context) {
  context.Print(CompletionScript(context.options.argument));
  return ToInt(ExitCode::kOk);
}

}  // namespace assay::cli
