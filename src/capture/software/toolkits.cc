#include "capture/software/toolkits.h"

#include <algorithm>
#include <set>

#include "base/redact.h"
#include "base/text.h"
#include "binary/version/library_version.h"
#include "capture/software/collect_software.h"
#include "model/answers/toolkit_survey.h"
#include "tables/libraries.h"
#include "toolkit/toolkit_reader.h"
#include "toolkit/toolkit_search.h"

namespace varve {

namespace {
std::string shown(const Toolkit& toolkit, std::string_view home) {
  return clean_utf8(shorten_home(toolkit.path, home)) + " (" + toolkit_version_text(toolkit) + ")";
}

const Toolkit& toolkit_of(const ToolkitSearch& search, const ToolkitClaim& claim) {
  return *std::find_if(search.toolkits.begin(), search.toolkits.end(),
                       [&](const Toolkit& toolkit) { return toolkit.path == claim.toolkit; });
}

// Who names which toolkit, also where all agree: "PATH → /usr/local/cuda-12.4 (12.4.1)".
Fact claims_fact(const ToolkitSearch& search, std::string_view home) {
  std::vector<std::string> texts;
  std::set<std::string> named;
  for (const ToolkitClaim& claim : search.claims) {
    std::string text = claim.source + " → " + claim.said;
    if (!claim.toolkit.empty()) {
      named.insert(claim.toolkit);
      text += (claim.said.empty() ? "" : ": ") + shown(toolkit_of(search, claim), home);
    }
    texts.push_back(std::move(text));
  }
  const std::string source = "environment, /usr/local/cuda, update-alternatives";
  if (texts.empty()) return missing_fact(Missing::absent, source, "nothing names a CUDA toolkit");
  Fact fact = known_fact(std::move(texts), source);
  if (named.size() > 1) fact.detail = "they do not agree";
  return fact;
}

const ToolkitClaim* first_that_leads(const ToolkitSearch& search) {
  const auto first = std::find_if(search.claims.begin(), search.claims.end(),
                                  [](const ToolkitClaim& claim) { return !claim.toolkit.empty(); });
  return first == search.claims.end() ? nullptr : &*first;
}

void set_active(const Subject& subject, const ToolkitSearch& search, Facts& facts) {
  const ToolkitClaim* first = first_that_leads(search);
  if (first == nullptr) {
    const Fact none =
        missing_fact(Missing::absent, "/usr/local, /opt, CUDA_HOME, PATH",
                     search.toolkits.empty() ? "no CUDA toolkit found" : "nothing names one as the active");
    facts["toolkit.active"] = none;
    facts["toolkit.nvcc.version"] = none;
    return;
  }
  const Toolkit& active = toolkit_of(search, *first);
  Fact& path = facts["toolkit.active"];
  path = known_fact(clean_utf8(shorten_home(active.path, subject.home)), first->source);
  std::set<std::string> told = {active.path};
  for (const ToolkitClaim& claim : search.claims) {
    if (claim.toolkit.empty() || !told.insert(claim.toolkit).second) continue;
    path.detail += (path.detail.empty() ? "but " : ", ") + claim.source + " leads to " +
                   shown(toolkit_of(search, claim), subject.home);
  }
  Fact& version = facts["toolkit.nvcc.version"];
  version = active.version;
  version.source = shorten_home(version.source, subject.home);
  if (version.is_known() && active.nvcc.is_known()) version.detail = "nvcc " + value_text(*active.nvcc.value);
}

// "Cuda compilation tools, release 12.4, V12.4.131" stands in nvcc itself.
void read_compiler(const Files& files, Toolkit& toolkit) {
  const std::string path = toolkit.path + "/bin/nvcc";
  const Looked<FileReader> file = toolkit.nvcc.is_known() ? Looked<FileReader>{} : files.open(path);
  if (!file) return;
  const auto version = library_version(*file, "nvcc", version_rows("nvcc"));
  if (version) toolkit.nvcc = known_fact(clean_utf8(version->value, 64), path + ": " + version->how, version->standing);
}

void complete(const Files& files, const std::string& home, Toolkit& toolkit) {
  read_compiler(files, toolkit);
  toolkit.path = clean_utf8(shorten_home(toolkit.path, home));
  for (Fact* fact : {&toolkit.version, &toolkit.nvcc, &toolkit.installer}) {
    fact->source = clean_utf8(shorten_home(fact->source, home));
  }
}
}  // namespace

void add_toolkit(const Subject& subject, Toolkit toolkit, Stack& stack) {
  complete(subject.files, subject.home, toolkit);
  stack.toolkits.push_back(std::move(toolkit));
}

std::optional<Toolkit> active_toolkit(const Files& files, const std::map<std::string, std::string>& environment,
                                      const std::string& home) {
  const ToolkitSearch search = find_toolkits(files, environment);
  const ToolkitClaim* first = first_that_leads(search);
  if (first == nullptr) return std::nullopt;
  Toolkit toolkit = toolkit_of(search, *first);
  complete(files, home, toolkit);
  for (std::string& name : toolkit.named_by) name = clean_utf8(shorten_home(name, home));
  return toolkit;
}

void collect_toolkits(const Subject& subject, Stack& stack) {
  ToolkitSearch search = find_toolkits(subject.files, subject.environment);
  std::vector<std::string> installed;
  for (const Toolkit& toolkit : search.toolkits) installed.push_back(shown(toolkit, subject.home));
  const std::string places = "/usr/local, /opt, CUDA_HOME, PATH";
  stack.facts["toolkit.installed"] = installed.empty() ? missing_fact(Missing::absent, places, "no CUDA toolkit found")
                                                       : known_fact(std::move(installed), places);
  stack.facts["toolkit.claims"] = claims_fact(search, subject.home);
  stack.facts["toolkit.builds"] = missing_fact(Missing::not_asked, "a log of what failed", "a log tells it");
  set_active(subject, search, stack.facts);
  for (Toolkit& toolkit : search.toolkits) add_toolkit(subject, std::move(toolkit), stack);
}

}  // namespace varve
