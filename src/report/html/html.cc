#include "report/html/html.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/embedded.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"
#include "model/json/documents.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
// Nothing is fetched and nothing is executed, whatever a document contains.
constexpr const char* kPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

}  // namespace

std::string make_page(const PageFrame& frame, const std::string& body) {
  HtmlWriter out;
  out.raw("<!DOCTYPE html>\n");
  out.open("html", {{"lang", "en"}});
  {
    Element head(out, "head");
    out.empty("meta", {{"charset", "utf-8"}});
    out.empty("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", kPolicy}});
    out.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
    out.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
    out.leaf("title", {}, frame.title + " – Varve");
    Element style(out, "style");
    out.raw(embedded_file("src/report/html/page.css"));
  }
  out.open("body");
  {
    Element header(out, "header", {{"class", "page-head"}});
    out.raw(varve_strip(frame.digest));
    Element text(out, "div", {{"class", "wide"}});
    out.leaf("p", {{"class", "kind"}}, "Varve · " + frame.kind);
    {
      Element heading(out, "h1");
      out.breakable(frame.title);
    }
    out.leaf("p", {{"class", "when"}}, frame.subtitle);
  }
  {
    Element main(out, "main", {{"class", "wide"}});
    out.raw(body);
  }
  {
    Element footer(out, "footer", {{"class", "wide"}});
    write_remarks(out, frame.footer);
    out.leaf(
        "p", {},
        fmt::format("Written by Varve {}. Needs no network and no script. A digest of a document is the SHA-256 of "
                    "the JSON file that Varve writes; the strata above are drawn from it.",
                    tool_version()));
  }
  return out.take();
}

Section::Section(HtmlWriter& writer, const std::string& name, const std::string& title)
    : element_(writer, "section", {{"class", name}}) {
  writer.leaf("h2", {}, title);
}

ScrollTable::ScrollTable(HtmlWriter& writer, const std::string& kind, const std::vector<std::string>& titles)
    : scroll_(writer, "div", {{"class", "scroll"}, {"tabindex", "0"}}), table_(writer, "table", {{"class", kind}}) {
  Element head(writer, "thead");
  Element row(writer, "tr");
  for (const std::string& title : titles) writer.leaf("th", {{"scope", "col"}}, title);
}

void write_side(HtmlWriter& out, SideMark side, const std::string& label) {
  if (side == SideMark::none) return out.text(label);
  out.raw(side_mark(side));
  out.text(" " + label);
}

SideMark side_of(const Run& run, const std::string& variant) {
  if (run.variants.size() < 2) return SideMark::none;
  return variant == "A" ? SideMark::a : SideMark::b;
}

void write_remarks(HtmlWriter& out, const std::vector<Remark>& remarks) {
  if (remarks.empty()) return;
  Element list(out, "dl", {{"class", "remarks"}});
  for (const Remark& remark : remarks) {
    out.leaf("dt", {}, remark.name);
    out.leaf("dd", {}, remark.text);
  }
}

namespace {
void write_finding(HtmlWriter& out, const Finding& finding) {
  Element article(out, "article", {{"class", "finding " + std::string(to_string(finding.severity))}});
  {
    Element head(out, "h3");
    out.leaf("span", {{"class", "severity"}}, to_string(finding.severity));
    out.text(" ");
    out.leaf("code", {}, finding.id);
  }
  out.leaf("p", {}, finding.evidence);
  if (!finding.consequence.empty()) out.leaf("p", {}, finding.consequence);
  if (!finding.fix.empty()) {
    Element fix(out, "p", {{"class", "fix"}});
    out.leaf("b", {}, "What to do: ");
    out.text(finding.fix);
  }
  std::string small = fmt::format("Layer: {}. To mend: {}.", layer_title(finding.layer), to_string(finding.mender));
  if (!finding.source.empty()) small += " Source: " + finding.source;
  out.leaf("p", {{"class", "note"}}, small);
}
}  // namespace

void write_findings(HtmlWriter& out, const std::vector<Finding>& findings, bool fold_notes) {
  if (findings.empty()) return;
  Section section(out, "findings", "Findings");
  std::size_t notes = 0;
  for (const Finding& finding : findings) {
    const bool folded = fold_notes && finding.severity == Severity::note;
    if (folded) ++notes;
    if (!folded) write_finding(out, finding);
  }
  if (notes == 0) return;
  Element details(out, "details");
  out.leaf("summary", {}, count_text(notes, "note that accounts", "notes that account") + " for no error of the log");
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::note) write_finding(out, finding);
  }
}

void write_changes(HtmlWriter& out, const std::vector<FactChange>& changes) {
  if (changes.empty()) return;
  Section section(out, "changes", "The stack changed while it was measured");
  ScrollTable table(out, "facts", {"what", "before", "after"});
  Element body(out, "tbody");
  for (const FactChange& change : changes) {
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, fact_title(change.id));
    out.leaf("td", {}, shown_fact(change.id, change.before));
    out.leaf("td", {}, shown_fact(change.id, change.after));
  }
}

void write_measurement(HtmlWriter& out, const Run& run) {
  Section section(out, "measurement", "How it was measured");
  std::string text;
  for (const std::string& sentence : protocol_sentences(run)) text += (text.empty() ? "" : " ") + sentence;
  out.leaf("p", {{"class", "prose"}}, text);
  write_remarks(out, measurement_remarks(run));
}

std::string digest_of_document(const Stack& stack) { return sha256_hex(pretty_json(to_json(stack))); }
std::string digest_of_document(const Run& run) { return sha256_hex(pretty_json(to_json(run))); }
std::string digest_of_document(const Comparison& comparison) { return sha256_hex(pretty_json(to_json(comparison))); }
std::string digest_of_document(const Check& check) { return sha256_hex(pretty_json(to_json(check))); }
std::string digest_of_document(const TraceComparison& comparison) {
  return sha256_hex(pretty_json(to_json(comparison)));
}
std::string digest_of_document(const StackComparison& comparison) {
  return sha256_hex(pretty_json(to_json(comparison)));
}
std::string digest_of_document(const KernelsRecord& record) { return sha256_hex(pretty_json(to_json(record))); }

}  // namespace varve
