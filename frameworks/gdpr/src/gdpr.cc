// The GDPR package: data beside it, and one rule of its own.
#include "gdpr/rules.h"

ASSAY_PLUGIN(assay::Gdpr);
