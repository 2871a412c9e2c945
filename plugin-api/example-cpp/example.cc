// A collector in C++: delegated permissions that were consented to, and whether for everyone.
#include "assay/collector.h"
#include "datasets.h"

namespace {

namespace t = assay::example_consent;

class ConsentCollector : public assay::Collector {
 public:
  void Collect(assay::Context& context) override {
    assay::Reader reader(context);
    reader.Add({.endpoint = &assay::endpoint::kGraphOauth2Grants,
                .mapping = &consent_,
                .hook = [](assay::Record& record) { Derive(record); }});
    reader.Drain();
  }

 private:
  /// A hook sees each record before its row goes out. Grants without a scope grant nothing.
  static void Derive(assay::Record& record) {
    if (record.row().TextOf(t::kScope).empty()) record.Drop();
    record.row().Int(t::kForEveryone, record.row().TextOf(t::kConsentType) == "AllPrincipals");
  }

  const assay::Mapping consent_{t::kDataset,
                                {{t::kId, "id"},
                                 {t::kClientId, "clientId", assay::Form::kFold},
                                 {t::kResourceId, "resourceId", assay::Form::kFold},
                                 {t::kConsentType, "consentType"},
                                 {t::kScope, "scope"}}};
};

}  // namespace

ASSAY_PLUGIN(ConsentCollector);
