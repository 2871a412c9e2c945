#include "assess/dataset_board.h"

#include "support/matchers.h"

using namespace assay;
using assess::DatasetBoard;

namespace {

DatasetSpec Spec(const char* id) {
  DatasetSpec spec;
  spec.id = id;
  return spec;
}

}  // namespace

TEST_CASE("DatasetBoard: calls nothing complete that nobody read", "[assess][R5]") {
  DatasetBoard board;
  const uint32_t n = board.Add("graph", Spec("entra_user"));
  CHECK(board.Conclude(n).completeness == Completeness::kUnavailable);
  CHECK(board.Conclude(n).detail == "not collected");
}

TEST_CASE("DatasetBoard: lets a plugin lower but never raise what the reads show", "[assess]") {
  DatasetBoard board;
  const uint32_t failed = board.Add("graph", Spec("a")), mixed = board.Add("graph", Spec("b")),
                 lowered = board.Add("graph", Spec("c")), good = board.Add("graph", Spec("d"));
  board.ReadFailed(failed, Reason::kPermission, "graph-users: needs User.Read.All");
  board.PluginSaid(failed, Completeness::kComplete, Reason::kNone, "");
  board.ReadSucceeded(mixed);
  board.ReadFailed(mixed, Reason::kThrottled, "second page");
  board.PluginSaid(mixed, Completeness::kComplete, Reason::kNone, "");
  board.ReadSucceeded(lowered);
  board.PluginSaid(lowered, Completeness::kPartial, Reason::kPartial, "row 3: unexpected type");
  board.PluginSaid(lowered, Completeness::kComplete, Reason::kNone, "");
  board.ReadSucceeded(good);

  CHECK(board.Conclude(failed).completeness == Completeness::kUnavailable);
  CHECK(board.Conclude(failed).reason == Reason::kPermission);
  CHECK(board.Conclude(mixed).completeness == Completeness::kPartial);
  CHECK(board.Conclude(mixed).reason == Reason::kThrottled);
  CHECK(board.Conclude(lowered).completeness == Completeness::kPartial);
  CHECK(board.Conclude(lowered).detail == "row 3: unexpected type");
  CHECK(board.Conclude(good).completeness == Completeness::kComplete);
}

TEST_CASE("DatasetBoard: takes the plugin's word for the kind of refusal", "[assess]") {
  DatasetBoard board;
  const uint32_t n = board.Add("graph", Spec("entra_user_activity"));
  board.ReadFailed(n, Reason::kPermission, "HTTP 403");
  board.PluginSaid(n, Completeness::kUnavailable, Reason::kLicence, "tenant has no P1 licence");
  CHECK(board.Conclude(n).reason == Reason::kLicence);
  CHECK(board.Conclude(n).detail == "tenant has no P1 licence");
}

TEST_CASE("DatasetBoard: keeps its own reason for what it refused itself", "[assess][R5]") {
  DatasetBoard board;
  const uint32_t n = board.Add("intune", Spec("intune_compliance_policy"));
  board.ReadFailed(n, Reason::kPermission, "intune-compliance-policies: needs X.Read.All");
  board.PluginSaid(n, Completeness::kUnavailable, Reason::kPartial, "refused");
  CHECK(board.Conclude(n).reason == Reason::kPermission);
  CHECK(board.Conclude(n).detail == "intune-compliance-policies: needs X.Read.All");
}

TEST_CASE("DatasetBoard: names why an optional read was refused, when its plugin says incomplete",
          "[assess][R5]") {
  DatasetBoard board;
  const uint32_t whole = board.Add("intune", Spec("a")), gone = board.Add("intune", Spec("b"));
  for (const uint32_t n : {whole, gone})
    board.OptionalReadRefused(n, Reason::kPermission, "intune-ndes-connectors: needs X.Read.All");
  board.PluginSaid(whole, Completeness::kComplete, Reason::kNone, "");
  board.PluginSaid(gone, Completeness::kUnavailable, Reason::kPartial, "refused");
  CHECK(board.Conclude(whole).completeness == Completeness::kComplete);
  CHECK(board.Conclude(gone).completeness == Completeness::kUnavailable);
  CHECK(board.Conclude(gone).reason == Reason::kPermission);
  CHECK(board.Conclude(gone).detail == "intune-ndes-connectors: needs X.Read.All");
}

TEST_CASE("DatasetBoard: trusts nothing of a plugin that failed", "[assess]") {
  DatasetBoard board;
  const uint32_t bad = board.Add("bad", Spec("a")), other = board.Add("good", Spec("b"));
  board.ReadSucceeded(bad);
  board.RowsAdded(bad, 7);
  board.ReadSucceeded(other);
  board.PluginFailed("bad", "crashed: signal 6");
  CHECK(board.Conclude(bad).completeness == Completeness::kUnavailable);
  CHECK(board.Conclude(bad).reason == Reason::kPluginFault);
  CHECK(board.Conclude(other).completeness == Completeness::kComplete);
}

TEST_CASE("DatasetBoard: holds what was read against what the service counts", "[assess][CL-10]") {
  DatasetBoard board;
  const uint32_t equal = board.Add("graph", Spec("a")), short_of = board.Add("graph", Spec("b")),
                 silent = board.Add("graph", Spec("c"));
  for (const uint32_t n : {equal, short_of, silent}) board.ReadSucceeded(n);
  board.Counted({equal, 5, 700, 700});
  board.Counted({short_of, 0, 699, 700});
  board.Counted({silent, 0, 700, 0});
  CHECK(board.Conclude(equal).completeness == Completeness::kComplete);
  CHECK(board.Conclude(equal).counted.dropped == 5);
  CHECK(board.Conclude(equal).pages == 1);
  CHECK(board.Conclude(short_of).completeness == Completeness::kPartial);
  CHECK(board.Conclude(short_of).detail == "the service counts 700 records, 699 were read");
  CHECK(board.Conclude(silent).completeness == Completeness::kComplete);
}
