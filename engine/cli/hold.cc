// assay hold place|release|list: legal holds over ranges of entries.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/erasing.h"

namespace assay::cli {
namespace {

constexpr uint64_t kOpenEnd = (uint64_t{1} << 53) - 1;

std::optional<OpenedLedger> OpenWithTicket(Context& context, int& exit) {
  if (context.options.ticket.empty()) {
    Report(context, Error{Code::kInvalidInput,
                          "--ticket is missing: why the hold is placed or released",
                          {},
                          "--ticket CASE-7",
                          {},
                          {}});
    exit = ToInt(ExitCode::kUsage);
    return std::nullopt;
  }
  return OpenSelected(context, false, exit);
}

int Done(Context& context, const Result<LeafIndex>& entry, const char* what) {
  if (!entry) return Report(context, entry.error());
  return context.Finish(
      fmt::format("  hold {} {}: entry {}\n", context.options.argument, what, ToNumber(*entry)),
      fmt::format("{{\"hold\":{},\"entry\":{}}}", JsonString(context.options.argument),
                  ToNumber(*entry)));
}

}  // namespace

int RunHoldPlace(Context& context) {
  int exit = 0;
  auto opened = OpenWithTicket(context, exit);
  if (!opened) return exit;
  const Options& options = context.options;
  const std::optional<LeafIndex> last =
      options.last ? std::optional(LeafIndex{*options.last}) : std::nullopt;
  return Done(context,
              assess::PlaceHold(*opened->ledger, options.argument,
                                LeafIndex{options.first.value_or(0)}, last, RequestFrom(context)),
              "placed");
}

int RunHoldRelease(Context& context) {
  int exit = 0;
  auto opened = OpenWithTicket(context, exit);
  if (!opened) return exit;
  return Done(context,
              assess::ReleaseHold(*opened->ledger, context.options.argument, RequestFrom(context)),
              "released");
}

int RunHoldList(Context& context) {
  int exit = 0;
  auto opened = OpenSelected(context, true, exit);
  if (!opened) return exit;
  auto book = opened->ledger->ReadAbsences();
  if (!book) return Report(context, book.error());
  Table table({"HOLD", "PLACED", "ENTRIES", "STATE"});
  std::string items;
  for (const ledger::Hold& hold : book->holds()) {
    const std::string last = hold.last == kOpenEnd ? "" : fmt::format("{}", hold.last);
    table.Row({hold.id, FormatTime(hold.time),
               fmt::format("{} to {}", hold.first, last.empty() ? "all that come" : last),
               hold.released ? fmt::format("released by entry {}", *hold.released) : "in force"});
    items += fmt::format(
        "{}{{\"hold\":{},\"placed\":{},\"entry\":{},\"first\":{},\"last\":{},\"released\":{}}}",
        items.empty() ? "" : ",", JsonString(hold.id), JsonString(FormatTime(hold.time)),
        hold.index, hold.first, last.empty() ? "null" : last,
        hold.released ? fmt::format("{}", *hold.released) : "null");
  }
  return context.Finish(table.Format(context.terminal), "{\"items\":[" + items + "]}");
}

}  // namespace assay::cli
