#include "backup/ages.h"

#include "backup/instance_log.h"
#include "backup/target.h"
#include "ledger/line.h"

namespace assay::backup {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

// A copy whose ledger was replaced meanwhile by a shorter one saves nothing of it: then all counts.
Status MeasureUnsaved(const Source& source, uint64_t saved, Timestamp now, Ages& out) {
  auto ledger = ledger::Ledger::OpenReadOnly(source.ledger);
  if (!ledger && ledger.error().code == Code::kNotFound) return {};
  if (!ledger) return Fail(std::move(ledger.error()));
  ASSAY_ASSIGN(const ledger::Head head, (*ledger)->ReadHead());
  const uint64_t size = ToNumber(head.size);
  if (size <= saved) return {};
  out.unsaved_entries = size - saved;
  ASSAY_ASSIGN(const std::string line, (*ledger)->ReadLine(LeafIndex{saved}));
  ASSAY_ASSIGN(const ledger::LineFacts facts, ledger::ParseLine(line));
  out.unsaved = std::max(seconds(0), duration_cast<seconds>(now - facts.time));
  return {};
}

Status MeasureDrill(const Source& source, const ledger::OpenOptions& instance_log, Timestamp now,
                    Ages& out) {
  ASSAY_ASSIGN(const auto last, NewestEvent(instance_log, "backup.drilled", source.ledger.tenant));
  if (!last) return {};
  out.drill = duration_cast<seconds>(now - last->time);
  if (last->event.took_ms) out.drill_took = std::chrono::milliseconds(*last->event.took_ms);
  if (last->event.age_s) out.drill_gap = seconds(*last->event.age_s);
  return {};
}

}  // namespace

Result<Ages> MeasureAges(const Source& source, const std::filesystem::path& target,
                         const ledger::OpenOptions& instance_log, const Limits& limits) {
  const Timestamp now = source.ledger.clock->Now();
  Ages out;
  uint64_t saved = 0;
  auto newest = NewestBackup(target, source.name);
  if (newest) {
    out.full = duration_cast<seconds>(now - newest->manifest->created);
    saved = newest->manifest->size;
  } else if (newest.error().code != Code::kNotFound) {
    return Fail(std::move(newest.error()));
  }
  ASSAY_TRY(MeasureUnsaved(source, saved, now, out));
  ASSAY_TRY(MeasureDrill(source, instance_log, now, out));
  out.full_late = !out.full || *out.full > limits.full_every;
  out.unsaved_late = out.unsaved_entries > 0 && out.unsaved > kMaxDataGap;
  // A drill that missed its targets is told as late: it has to be done again.
  out.drill_late = !out.drill || *out.drill > limits.drill_every ||
                   out.drill_took.value_or(kMaxRestoreTime) > kMaxRestoreTime ||
                   out.drill_gap.value_or(kMaxDataGap) > kMaxDataGap;
  return out;
}

}  // namespace assay::backup
