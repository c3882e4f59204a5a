#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "report/check_summary.h"
#include "report/html/html.h"
#include "report/html/html_parts.h"
#include "report/wording.h"

namespace varve {

namespace {
// For the class of an element: "cannot-tell".
std::string class_of(CheckState state) {
  std::string name(to_string(state));
  for (char& c : name) c = c == ' ' ? '-' : c;
  return name;
}

void write_state(HtmlWriter& out, CheckState state) {
  out.leaf("span", {{"class", "state " + class_of(state)}}, state_sign(state) + (" " + std::string(to_string(state))));
}

// "No link is broken; cannot tell: kernel driver, handshake"
std::string unbroken_text(const Check& check) {
  std::string text = "No link is broken";
  for (const CheckState state : {CheckState::degraded, CheckState::cannot_tell}) {
    std::vector<std::string> links;
    for (const ChainLink& link : check.chain) {
      if (link.state == state) links.push_back(link_title(link.layer));
    }
    if (!links.empty()) text += "; " + std::string(to_string(state)) + ": " + join(links, ", ");
  }
  return text;
}

void write_headline(HtmlWriter& out, const Check& check) {
  const std::string line = headline(check);
  Element section(out, "section", {{"class", "verdict"}});
  out.leaf("p", {{"class", "verdict-sentence"}},
           (line.empty() ? unbroken_text(check) : line) + "." +
               (check.first_broken ? " Mend it first: what follows it cannot work before." : ""));
}

// The picture: the links from the hardware to a running kernel, the first broken one marked.
void write_chain(HtmlWriter& out, const Check& check) {
  Section section(out, "chain-part", "The chain");
  {
    Element list(out, "ol", {{"class", "chain"}});
    for (const ChainLink& link : check.chain) {
      const bool first = check.first_broken && *check.first_broken == link.layer;
      Element item(out, "li", {{"class", "link " + class_of(link.state) + (first ? " first-broken" : "")}});
      out.leaf("h3", {}, link_title(link.layer));
      write_state(out, link.state);
      Element detail(out, "p");
      out.breakable(link.detail);
    }
  }
}

void write_consumers(HtmlWriter& out, const Check& check) {
  if (check.consumers.empty()) return;
  Section section(out, "consumers", "What would run here");
  for (const ConsumerVerdict& consumer : check.consumers) {
    Element article(out, "article", {{"class", "consumer"}});
    {
      Element head(out, "h3");
      out.text(consumer.name + " ");
      write_state(out, consumer.state);
    }
    if (!consumer.environment.empty()) {
      Element place(out, "p", {{"class", "note"}});
      out.breakable(consumer.environment);
    }
    if (const std::string why = nothing_to_judge(consumer); !why.empty()) {
      out.leaf("p", {{"class", "note"}}, why);
      continue;
    }
    ScrollTable table(out, "answers", {"question", "answer"});
    Element body(out, "tbody");
    for (const ConsumerAnswer& answer : consumer.answers) {
      Element row(out, "tr");
      out.leaf("th", {{"scope", "row"}}, std::string(to_string(answer.question)));
      Element cell(out, "td");
      write_state(out, answer.state);
      out.text(" ");
      out.breakable(answer.detail);
    }
  }
}

void write_errors(HtmlWriter& out, const Check& check) {
  const std::vector<std::string> lines = log_lines(check);
  if (check.errors.empty() && lines.empty()) return;
  Section section(out, "errors", "What the log says");
  for (const std::string& line : lines) out.leaf("p", {{"class", "prose"}}, line);
  for (const ExplainedError& error : check.errors) {
    Element article(out, "article", {{"class", "finding warning"}});
    const std::string times = error.times > 1 ? fmt::format(", {} times", error.times) : "";
    out.leaf("h3", {}, fmt::format("line {}{}", error.line, times));
    out.leaf("p", {}, error.text);
    if (!error.correction.empty()) out.leaf("p", {}, error.correction);
    const std::string standing = standing_line(error);
    const bool is_told = error.follows == 0 && error.standing != CauseStanding::refuted;
    if (is_told) out.leaf("p", {}, "Cause: " + error.cause);
    if (!standing.empty()) out.leaf("p", {{"class", "note"}}, standing);
    if (!error.explained_by.empty()) out.leaf("p", {}, "Here: " + error.explained_by);
    const bool has_fix = is_told && !error.fix.empty() && error.explained_by.empty();
    if (has_fix) out.leaf("p", {{"class", "fix"}}, "What to do: " + error.fix);
    for (const std::string& line : other_causes(error)) out.leaf("p", {{"class", "note"}}, line);
  }
}

void write_drift(HtmlWriter& out, const Check& check) {
  if (check.drift.empty()) return;
  Section section(out, "drift", "Since the lock was made");
  ScrollTable table(out, "facts", {"what moved", "in the lock", "now", ""});
  Element body(out, "tbody");
  for (const Drift& drift : check.drift) {
    const std::string& id = drift.change.id;
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, fact_title(id));
    out.leaf("td", {}, shown_fact(id, drift.change.before));
    out.leaf("td", {}, shown_fact(id, drift.change.after));
    out.leaf("td", {}, drift.matters ? "matters" : "control only");
  }
}

void write_proofs(HtmlWriter& out, const Check& check) {
  if (check.proofs.empty()) return;
  Section section(out, "proofs", "Compiled by the driver's own compiler");
  ScrollTable table(out, "facts", {"PTX", "for", "compiled", "seconds"});
  Element body(out, "tbody");
  for (const JitProof& proof : check.proofs) {
    Element row(out, "tr");
    out.leaf("th", {{"scope", "row"}}, proof.path + ": " + proof.entry);
    out.leaf("td", {}, proof.gpu);
    out.leaf("td", {}, proof.compiled ? "yes" : "no: " + proof.log);
    out.leaf("td", {}, fmt::format("{:.2f}", proof.seconds));
  }
}

void write_lines(HtmlWriter& out, const std::string& name, const std::string& title,
                 const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  Section section(out, name, title);
  Element list(out, "ul");
  for (const std::string& line : lines) out.leaf("li", {}, line);
}

std::vector<std::string> untold_lines(const Check& check) {
  std::vector<std::string> lines;
  for (const UntoldRule& rule : check.untold) lines.push_back(rule.rule + ": " + rule.fact + " is " + rule.reason);
  return lines;
}
std::vector<std::string> unstated_lines(const TextAccount& text) {
  std::vector<std::string> lines;
  for (const TextQuestion& question : text.unstated) lines.push_back(question.what + ": " + question.command);
  return lines;
}

std::string check_title(const Check& check) {
  return "Check of " + check.subject + (check.machine.empty() ? "" : " on " + check.machine);
}

void write_reading(HtmlWriter& out, const Check& check) {
  if (!check.text) return;
  out.leaf("p", {{"class", "note"}}, read_line(*check.text));
  for (const std::string& line : reading_remarks(*check.text)) out.leaf("p", {{"class", "prose"}}, line);
}

// Of a text most rules lack a fact: what would tell it stands above, the rules are there to be opened.
void write_untold(HtmlWriter& out, const Check& check) {
  if (!check.text || check.untold.empty()) {
    write_lines(out, "untold", "What could not be told", untold_lines(check));
    return;
  }
  Section section(out, "untold", "What could not be told");
  Element details(out, "details");
  out.leaf("summary", {}, count_text(check.untold.size(), "rule", "rules") + " without a fact");
  Element list(out, "ul");
  for (const std::string& line : untold_lines(check)) out.leaf("li", {}, line);
}

void write_check(HtmlWriter& out, const Check& check) {
  write_reading(out, check);
  write_headline(out, check);
  const bool failure_first = tells_of_failure(check);
  if (failure_first) write_errors(out, check);
  write_chain(out, check);
  if (!failure_first) write_errors(out, check);
  write_findings(out, findings_beside_log(check), failure_first);
  write_consumers(out, check);
  write_drift(out, check);
  write_proofs(out, check);
  write_lines(out, "advice", "What fits", check.advice);
  if (check.text) write_lines(out, "unstated", "What the text does not tell", unstated_lines(*check.text));
  write_untold(out, check);
}
}  // namespace

std::string html_page(const Check& check) {
  HtmlWriter out;
  write_check(out, check);
  const std::string digest = digest_of_document(check);
  return make_page({.kind = "check",
                    .title = check_title(check),
                    .subtitle = when_text(check.checked_at),
                    .digest = digest,
                    .footer = {{"document", "sha256:" + digest}, {"compatibility data", check.data_date}}},
                   out.take());
}

std::string html_page(const std::vector<Check>& checks) {
  if (checks.size() == 1) return html_page(checks.front());
  HtmlWriter out;
  std::string digests;
  std::vector<Remark> footer;
  for (const Check& check : checks) {
    {
      Section head(out, "subject", check_title(check));
      out.leaf("p", {{"class", "note"}}, when_text(check.checked_at));
    }
    write_check(out, check);
    const std::string digest = digest_of_document(check);
    digests += digest;
    footer.push_back({"document of " + check.subject, "sha256:" + digest});
  }
  footer.push_back({"compatibility data", checks.front().data_date});
  return make_page({.kind = "check",
                    .title = "Check of " + count_text(checks.size(), "subject", "subjects"),
                    .subtitle = when_text(checks.front().checked_at),
                    .digest = sha256_hex(digests),
                    .footer = footer},
                   out.take());
}

}  // namespace varve
