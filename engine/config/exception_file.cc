#include "config/exception_file.h"

#include "config/schema.h"

namespace assay::config {
namespace {

const Schema& ExceptionSchema() {
  static const Schema schema{.title = "[[exception]]",
                             .keys = {{.name = "check", .type = &kId, .required = true},
                                      {.name = "subject", .required = true},
                                      {.name = "reason", .required = true},
                                      {.name = "compensating"},
                                      {.name = "compensating_check", .type = &kId},
                                      {.name = "expires", .type = &kDate, .required = true}}};
  return schema;
}

const Schema& FileSchema() {
  static const Schema schema{
      .title = "a file of exceptions",
      .keys = {
          {.name = "exception", .type = &kTables, .required = true, .table = ExceptionSchema}}};
  return schema;
}

}  // namespace

Result<std::vector<ExceptionItem>> ParseExceptions(std::string_view toml, const std::string& file) {
  Report report;
  SyntaxError error;
  const Document document = ParseDocument(toml, file, error);
  if (!document.valid) report.Error("AS-CFG-003", error.place, error.message);
  std::vector<ExceptionItem> out;
  if (document.valid) {
    Walker(report).Walk(document, FileSchema(), true);
    const Fields fields(FileSchema(), {{&document, &document.root}});
    for (const Fields& item : fields.Items("exception")) {
      for (const char* key : {"subject", "reason"})
        if (item.Has(key) && item.Text(key).empty())
          report.Error("AS-CFG-004", item.Where(key), std::string(key) + " is empty");
      out.push_back({item.Text("check"), item.Text("subject"), item.Text("reason"),
                     item.Text("compensating"), item.Text("compensating_check"),
                     item.Text("expires")});
    }
  }
  ASSAY_TRY(report.FirstErrors({&document}));
  return out;
}

}  // namespace assay::config
