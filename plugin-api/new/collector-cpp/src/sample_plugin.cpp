// The sample-plugin collector: domains of the directory.
#include "assay/collector.h"
#include "datasets.h"  // made from manifest.toml: columns and endpoints by name

namespace {

namespace t = assay::sample_plugin_domain;

class SamplePlugin : public assay::Collector {
 public:
  void Collect(assay::Context& context) override {
    assay::Reader reader(context);
    reader.Add({.endpoint = &assay::endpoint::kGraphDomains, .mapping = &domain_});
    reader.Drain();
  }

 private:
  const assay::Mapping domain_{t::kDataset,
                               {{t::kId, "id", assay::Form::kFold},
                                {t::kIsVerified, "isVerified"},
                                {t::kAuthenticationType, "authenticationType"}}};
};

}  // namespace

ASSAY_PLUGIN(SamplePlugin);
