// The DORA package: data beside it, and one rule of its own.
#include "dora/rules.h"

ASSAY_PLUGIN(assay::Dora);
