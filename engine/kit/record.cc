#include "kit/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "assay/types.h"
#include "base/files.h"
#include "base/text.h"
#include "broker/url_policy.h"
#include "ipc/row.h"
#include "kit/body_shape.h"
#include "kit/fixture.h"
#include "kit/page_reads.h"
#include "kit/scrub.h"

namespace assay::kit {
namespace {

namespace fs = std::filesystem;

/// Teaches the scrubber what stands in the columns of the rows that the plugin made.
void Learn(const Manifest& manifest, const Trace& trace, Scrubber& scrubber) {
  for (const bool personal : {true, false})
    for (const DatasetSpec& dataset : manifest.datasets) {
      const auto emitted = trace.rows.find(dataset.id);
      if (emitted == trace.rows.end()) continue;
      ipc::Reader in(emitted->second.bytes);
      ipc::Row row;
      for (uint64_t n = 0;
           n < emitted->second.count && ipc::ParseRow(in, dataset.columns.size(), row); ++n)
        for (size_t i = 0; i < row.values.size(); ++i) {
          const ipc::RowValue& value = row.values[i];
          // Two digits are a count or a flag, whatever column they stand in.
          const bool number = value.kind == ASSAY_INT && std::abs(value.integer) >= 100;
          if (dataset.columns[i].personal != personal || (value.text.empty() && !number)) continue;
          const std::string text = number ? std::to_string(value.integer) : std::string(value.text);
          if (personal)
            scrubber.AddPersonal(text);
          else
            scrubber.AddPlain(text);
        }
    }
}

bool IsTime(const EndpointSpec& endpoint, const std::string& name) {
  return std::any_of(endpoint.params.begin(), endpoint.params.end(), [&](const ParamSpec& param) {
    return param.name == name && param.type == ParamType::kTime;
  });
}

/// The pages of one read as they will be answered, links made anew on the public cloud.
Status Rewrite(const ReadPages& read, bool redact, Scrubber& scrubber, FixtureAnswer& answer) {
  const EndpointSpec& endpoint = *read.endpoint;
  answer.endpoint = endpoint.id;
  broker::Params params;
  for (const auto& [name, value] : read.params) params.emplace_back(name, scrubber.Text(value));
  ASSAY_ASSIGN(const broker::Plan plan,
               broker::BuildPlan(*broker::BuiltInCloud("global"), endpoint, params));
  // A window of time is another one in every run: its answer stands for all of them.
  for (auto& param : params)
    if (!IsTime(endpoint, param.first)) answer.params.push_back(std::move(param));
  const std::string first = plan.url.ToString();
  for (size_t page = 0; page < read.pages.size(); ++page) {
    const KeptPage& kept = *read.pages[page];
    answer.status = kept.status == 0 ? 503 : kept.status;
    std::string body = scrubber.Body(AsText(kept.body), redact || endpoint.personal);
    const std::string_view key = PagingKeyOf(endpoint.paging);
    if (page + 1 < read.pages.size() && !key.empty())
      body = Continued(body, key, LinkTo(endpoint.paging, first, fmt::format("p{}", page + 2)));
    answer.pages.push_back(std::move(body));
  }
  return {};
}

std::string Expectations(const Trace& trace) {
  std::string out;
  for (const auto& [dataset, standing] : trace.standings) {
    const auto rows = trace.rows.find(dataset);
    out +=
        fmt::format("\n[expect.{}]\nrows = {}\nstate = \"{}\"\n", dataset,
                    rows == trace.rows.end() ? 0 : rows->second.count, Name(standing.completeness));
  }
  return out;
}

}  // namespace

Result<Recording> Record(const Bench& bench, broker::Broker& broker,
                         const std::vector<std::string>& roles, bool arm_available,
                         const fs::path& folder, bool redact) {
  if (fs::exists(fs::symlink_status(folder)))
    return Fail(
        Error{Code::kAlreadyExists, folder.string() + ": is already there", {}, {}, {}, {}}.Hint(
            "choose another place with --to"));
  const Trace trace = bench.CollectFrom(broker, roles, arm_available);
  Recording out;
  if (!trace.report.ok) out.detail = trace.report.detail;
  if (trace.pages.empty())
    return Fail(
        Code::kUnavailable,
        "nothing was read: " + (out.detail.empty() ? "the plugin asked for nothing" : out.detail));
  const Manifest& manifest = bench.plugin().manifest;
  Scrubber scrubber;
  Learn(manifest, trace, scrubber);
  Fixture fixture;
  for (const ReadPages& read : ReadsOf(manifest, trace)) {
    ASSAY_TRY(Rewrite(read, redact, scrubber, fixture.answers.emplace_back()));
    out.pages += fixture.answers.back().pages.size();
  }
  ASSAY_ASSIGN(out.files, SaveFixture(folder, std::move(fixture),
                                      "# Recorded by assay plugin record; names, ids and tokens "
                                      "are invented.\n",
                                      Expectations(trace)));
  return out;
}

}  // namespace assay::kit
