// The compiled list itself. Adding a row is a security decision: the operation must need only a
// "/read" action and must create nothing, not even a query object.
#include "broker/read_posts.h"

namespace assay::broker {
namespace {

// Both take their options in the query string; the body is empty.
constexpr ReadPost kReadPosts[] = {
    {"policy-states-query", ServiceHost::kArm,
     "/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/latest/queryResults",
     "2019-10-01", ""},
    {"policy-states-summarize", ServiceHost::kArm,
     "/subscriptions/{}/providers/Microsoft.PolicyInsights/policyStates/latest/summarize",
     "2019-10-01", ""},
};

}  // namespace

const ReadPost* FindReadPost(std::string_view id) {
  for (const ReadPost& post : kReadPosts)
    if (post.id == id) return &post;
  return nullptr;
}

}  // namespace assay::broker
