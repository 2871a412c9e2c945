// The evaluator's side of the channel: takes schema, rows, states, views and checks, then judges.
#pragma once

#include "ipc/channel.h"
#include "worker/evaluator_judge.h"

namespace assay::worker {

/// Speaks the evaluator's part of ipc/messages.h from kHello to kDone. What is wrong with one
/// dataset or check becomes its state or result; an error returns only when the channel is gone
/// (kUnavailable, kCorrupt, kIo). May throw std::bad_alloc, which main() turns into an exit code.
/// [one thread]
Status RunEvaluator(ipc::Channel& channel, const ipc::Init& init, const Budget& budget = {});

}  // namespace assay::worker
