// The plugin of every framework package. Controls and mapping are data beside it and the roll-up is
// the SDK's: this file is the same for all packages.
#include "assay/framework_plugin.h"

namespace {

class DataFramework : public assay::Framework {};

}  // namespace

ASSAY_PLUGIN(DataFramework);
