// JSON batches of the demo tenant's Graph: several requests in one, answered in another order than
// they were asked in.
#pragma once

#include <functional>

#include "demo/http.h"

namespace assay::demo {

/// Whether `request` is a batch. [any thread]
bool IsBatch(const Request& request);

/// What answers it: 400 when it is not one object with up to 20 requests of different ids, else 200
/// with the answer of `one` to each, the last one first. A token that is refused is refused for the
/// whole. [any thread]
Answer AnswerBatch(const Request& request, const std::function<Answer(Request)>& one);

}  // namespace assay::demo
