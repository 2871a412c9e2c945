#include "config/manifest_schema.h"

namespace assay::config {
namespace {

constexpr const char* kPagingWords = "single|none|odata|arm|odata-post|skiptoken-body|marker-xml";

const Schema& EndpointSchema() {
  static const Schema schema{.title = "[[endpoint]]",
                             .keys = {{.name = "id", .type = &kId, .required = true},
                                      {.name = "host", .required = true, .words = "graph|arm|blob"},
                                      {.name = "version", .words = "v1.0|beta"},
                                      {.name = "api_version"},
                                      {.name = "path", .required = true},
                                      {.name = "params", .type = &kFreeTable},
                                      {.name = "query", .type = &kFreeTable},
                                      {.name = "paging", .required = true, .words = kPagingWords},
                                      {.name = "read_post", .type = &kId},
                                      {.name = "permission", .type = &kId},
                                      {.name = "also", .type = &kIdList},
                                      {.name = "action"},
                                      {.name = "licence", .type = &kId},
                                      {.name = "datasets", .type = &kSqlNameList},
                                      {.name = "optional", .type = &kBool, .fallback = "false"},
                                      {.name = "personal", .type = &kBool, .fallback = "false"},
                                      {.name = "absent", .type = &kBool, .fallback = "false"}},
                             .noun = "endpoint",
                             .identity = "id"};
  return schema;
}

const Schema& ColumnSchema() {
  static const Schema schema{
      .title = "columns",
      .keys = {{.name = "name", .type = &kSqlName, .required = true},
               {.name = "type", .required = true, .words = "text|int|bool|time|json|decimal"},
               {.name = "personal", .type = &kBool, .fallback = "false"},
               {.name = "fields", .type = &kTextList}}};
  return schema;
}

const Schema& DatasetSchema() {
  static const Schema schema{
      .title = "[[dataset]]",
      .keys = {{.name = "id", .type = &kSqlName, .required = true},
               {.name = "columns", .type = &kTables, .required = true, .table = ColumnSchema},
               {.name = "key", .type = &kSqlNameList, .required = true},
               {.name = "subject", .type = &kSqlName},
               {.name = "label", .type = &kSqlName},
               {.name = "subject_type", .type = &kId},
               {.name = "data_class", .type = &kId}},
      .noun = "dataset",
      .identity = "id"};
  return schema;
}

const Schema& LimitsSchema() {
  static const Schema schema{.title = "[limits]",
                             .keys = {{.name = "memory_bytes", .type = &kCount},
                                      {.name = "cpu_seconds", .type = &kCount},
                                      {.name = "wall_seconds", .type = &kCount},
                                      {.name = "rows", .type = &kCount},
                                      {.name = "row_bytes", .type = &kCount},
                                      {.name = "frames", .type = &kCount},
                                      {.name = "reads", .type = &kCount},
                                      {.name = "outstanding", .type = &kCount},
                                      {.name = "log_bytes", .type = &kCount},
                                      {.name = "denied_calls", .type = &kCount},
                                      {.name = "records_per_body", .type = &kCount},
                                      {.name = "threads", .type = &kCount}}};
  return schema;
}

}  // namespace

const Schema& ManifestSchema() {
  static const Schema schema{
      .title = "the manifest",
      .keys = {{.name = "id", .type = &kName, .required = true},
               {.name = "version", .type = &kVersion, .required = true},
               {.name = "kind", .required = true, .words = "collector|framework"},
               {.name = "abi", .required = true},
               {.name = "title", .required = true},
               {.name = "needs", .type = &kTextList},
               {.name = "optional", .type = &kTextList},
               {.name = "endpoint", .type = &kTables, .table = EndpointSchema},
               {.name = "dataset", .type = &kTables, .table = DatasetSchema},
               {.name = "limits", .type = &kTable, .table = LimitsSchema}}};
  return schema;
}

}  // namespace assay::config
