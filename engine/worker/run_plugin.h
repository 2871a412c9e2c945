// The life of one plugin in its worker: create, run, destroy, and what became of it.
#pragma once

#include "assay/plugin.h"
#include "ipc/channel.h"
#include "ipc/messages.h"

namespace assay::worker {

/// Refuses a descriptor that this host cannot serve: kUnsupported or kInvalidInput naming the field
/// that differs.
Status CheckDescriptor(const assay_plugin_v1_t* plugin);

/// Sends kHello, drives the plugin, sends what is held back and kDone. A failing plugin is told in
/// kDone and is not an error here. kLimitExceeded when memory ran out, else the channel's error.
/// [plugin thread, confined]
Status RunPlugin(ipc::Channel& channel, const ipc::Init& init, const assay_plugin_v1_t& plugin);

}  // namespace assay::worker
