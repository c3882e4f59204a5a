#include "rules/speed/known_issue_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "model/hardware/rdma_adapter.h"
#include "rules/situation/package_row.h"
#include "rules/speed/releases_seen.h"

namespace varve {

namespace {
enum class Holds { no, unknown, yes };

Holds holds(bool condition) { return condition ? Holds::yes : Holds::no; }

// Of a fact that is a text: unknown where nobody could look.
Holds is_text(const Analysis& analysis, const char* fact, std::string_view wanted) {
  const std::optional<std::string> text = text_of(analysis, fact);
  if (text) return holds(*text == wanted);
  return fact_of(analysis, fact).is_answer() ? Holds::no : Holds::unknown;
}

Holds has_item(const Analysis& analysis, const char* fact, std::string_view item) {
  const std::vector<std::string> items = list_of(analysis, fact);
  if (std::find(items.begin(), items.end(), item) != items.end()) return Holds::yes;
  return fact_of(analysis, fact).is_answer() ? Holds::no : Holds::unknown;
}

Holds cpu_holds(const Analysis& analysis, const std::string& word) {
  if (word == "amd") return is_text(analysis, "cpu.vendor", "AuthenticAMD");
  if (word == "arm") return is_text(analysis, "os.architecture", "aarch64");
  if (word == "x86") return is_text(analysis, "os.architecture", "x86_64");
  return has_item(analysis, "cpu.isa", word);
}

// A number above one in a setting; unknown where it is not set.
bool is_several(const Analysis& analysis, const char* setting, std::int64_t most) {
  const auto number = parse_integer(trim(setting_of(analysis, setting).value_or("")));
  return number && *number > most;
}

Holds several_nodes(const Analysis& analysis) {
  const auto local = parse_integer(trim(setting_of(analysis, "LOCAL_WORLD_SIZE").value_or("")));
  const bool several = is_several(analysis, "SLURM_NNODES", 1) || (local && is_several(analysis, "WORLD_SIZE", *local));
  return several ? Holds::yes : Holds::unknown;
}

Holds in_container(const Analysis& analysis) {
  const Holds host = is_text(analysis, "container.kind", "none");
  return host == Holds::unknown ? host : holds(host == Holds::no);
}

Holds has_mig(const Analysis& analysis) {
  const bool on =
      std::any_of(analysis.gpus.begin(), analysis.gpus.end(), [](const Gpu& gpu) { return gpu.mig && gpu.mig->on; });
  if (on || !list_of(analysis, "gpu.mig.instances").empty()) return Holds::yes;
  return fact_of(analysis, "gpu.mig").is_answer() ? Holds::no : Holds::unknown;
}

Holds platform_holds(const Analysis& analysis, const std::string& word) {
  if (word == "container") return in_container(analysis);
  if (word == "jetson") return holds(text_of(analysis, "os.jetson_linux").has_value());
  if (word == "mig") return has_mig(analysis);
  if (word == "nodes") return several_nodes(analysis);
  return is_text(analysis, "driver.kernel_mode.flavour", "proprietary");
}

// Files show all adapters of a machine; a text those that there are at least.
Holds adapters_hold(const Analysis& analysis, const std::string& word) {
  const Fact& fact = fact_of(analysis, kRdmaAdapters);
  if (!fact.is_known()) {  // a capture of an older release did not look
    return fact.is_answer() && !fact.source.empty() ? Holds::no : Holds::unknown;
  }
  std::size_t up = 0, roce = 0, untold = 0;
  for (const std::string& text : list_of(analysis, kRdmaAdapters)) {
    const RdmaAdapter adapter = rdma_adapter_from(text);
    if (adapter.is_down) continue;
    ++up;
    if (adapter.link_layer == "Ethernet") ++roce;
    if (adapter.link_layer.empty()) ++untold;
  }
  const bool all_seen = fact.standing == Standing::recorded;
  const Holds otherwise = all_seen ? Holds::no : Holds::unknown;
  if (word == "rdma") return up > 0 ? Holds::yes : otherwise;
  if (word == "roce") return roce > 0 ? Holds::yes : untold > 0 ? Holds::unknown : otherwise;
  if (word == "several") return up > 1 ? Holds::yes : otherwise;
  // As many as GPUs: which of them is beside which GPU is not known.
  return up < analysis.gpus.size() ? otherwise : Holds::unknown;
}

std::string adapters_text(const std::string& word) {
  if (word == "roce") return "an adapter of RoCE";
  if (word == "several") return "several adapters of InfiniBand or RoCE";
  return word == "rdma" ? "an adapter of InfiniBand or RoCE" : "one adapter of InfiniBand or RoCE for each GPU";
}

// "NAME", "NAME=VALUE", "NAME|OTHER". One that is not set is no condition that might hold.
Holds setting_holds(const Analysis& analysis, const std::string& condition) {
  for (const std::string_view one : split(condition, '|')) {
    const std::size_t sign = one.find('=');
    const std::optional<std::string> value = setting_of(analysis, one.substr(0, sign));
    if (!value || trim(*value).empty()) continue;
    if (sign == std::string_view::npos || to_lower(trim(*value)) == to_lower(one.substr(sign + 1))) return Holds::yes;
  }
  return Holds::no;
}

Holds module_holds(const Analysis& analysis, const std::string& condition) {
  const bool wanted = !condition.starts_with('!');
  const Holds loaded = has_item(analysis, "driver.kernel_mode.modules", condition.substr(wanted ? 0 : 1));
  return loaded == Holds::unknown || wanted ? loaded : holds(loaded == Holds::no);
}

Holds log_holds(const Analysis& analysis, const std::string& words) {
  const std::vector<std::string> rows = list_of(analysis, "kernel.log.nvidia");
  return holds(std::any_of(rows.begin(), rows.end(),
                           [&](const std::string& row) { return row.find(words) != std::string::npos; }));
}

const Gpu* model_of(const Analysis& analysis, const std::string& part) {
  const auto at = std::find_if(analysis.gpus.begin(), analysis.gpus.end(),
                               [&](const Gpu& gpu) { return gpu.model.find(part) != std::string::npos; });
  return at == analysis.gpus.end() ? nullptr : &*at;
}

Holds gpu_holds(const Analysis& analysis, const KnownIssue& issue) {
  if (!issue.gpus.empty() && !is_within({.parts = {static_cast<int>(analysis.gpus.size())}}, issue.gpus)) {
    return Holds::no;
  }
  if (!issue.gpu_model.empty() && model_of(analysis, issue.gpu_model) == nullptr) return Holds::no;
  if (issue.gpu.empty() || gpu_within(analysis, issue.gpu) != nullptr) return Holds::yes;
  const bool unread = std::any_of(analysis.gpus.begin(), analysis.gpus.end(),
                                  [](const Gpu& gpu) { return !gpu.capability.has_value(); });
  return unread ? Holds::unknown : Holds::no;
}

Holds driver_holds(const Analysis& analysis, const std::string& range) {
  return analysis.kernel_driver ? holds(is_within(*analysis.kernel_driver, range)) : Holds::unknown;
}

// Systems with an old one are few: like a setting that is not set, one that is not told rules its row out.
Holds libc_holds(const Analysis& analysis, const std::string& range) {
  const std::string text = text_of(analysis, "os.libc").value_or("");  // "glibc 2.17"
  const auto version = text.starts_with("glibc ") ? dotted_version_from(text.substr(6)) : std::nullopt;
  return holds(version && is_within(*version, range));
}

// By the first two numbers: 12.4.131 is not newer than 12.4.
Holds toolkit_above_driver(const Analysis& analysis) {
  const auto toolkit = dotted_version_from(text_of(analysis, "toolkit.nvcc.version").value_or(""));
  if (!toolkit || !analysis.api_level) return Holds::unknown;
  const DottedVersion release{.parts = {toolkit->major(), toolkit->minor()}};
  return holds(*analysis.api_level < release);
}

// Rules about GPU code read files: of a list that somebody wrote down they tell nothing, and the row does.
bool is_told_elsewhere(const Analysis& analysis, const KnownIssue& issue, const ReleaseSeen& release) {
  if (issue.told_by.empty()) return false;
  if (!issue.told_by.starts_with("VRV-CODE-") || !issue.workload.empty()) return true;
  if (release.is_untold) return false;  // a name in a text
  const auto& environments = analysis.subject.environments;
  return std::none_of(environments.begin(), environments.end(), [&](const Environment& environment) {
    return environment.path == release.environment && is_a_list(environment);
  });
}

bool has_release(const ReleasesSeen& seen, const KnownIssue::With& other, const std::string& environment) {
  const auto found = seen.find(other.component);
  if (found == seen.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const ReleaseSeen& one) {
    // A toolkit or a driver is of no environment.
    const bool is_there = one.environment == environment || one.environment.empty();
    return is_there && (one.is_untold ? other.version.empty() : is_within(one.version, other.version));
  });
}

// Of what is named without a release only rows hold that hold of every one.
bool is_of_row(const ReleaseSeen& release, const KnownIssue& issue) {
  return release.is_untold ? issue.version == ">=0" : is_within(release.version, issue.version);
}

// Where a release is seen that the row is about, beside all that it asks for.
std::vector<const ReleaseSeen*> releases_of(const Analysis& analysis, const ReleasesSeen& seen,
                                            const KnownIssue& issue) {
  std::vector<const ReleaseSeen*> releases;
  for (const std::string& component : issue.components) {
    const auto found = seen.find(component);
    if (found == seen.end()) continue;
    for (const ReleaseSeen& one : found->second) {
      const bool beside = std::all_of(issue.with.begin(), issue.with.end(), [&](const KnownIssue::With& other) {
        return has_release(seen, other, one.environment);
      });
      if (!issue.libc.empty() && one.is_of_conda) continue;  // conda builds for glibc 2.17
      if (!beside || !is_of_row(one, issue) || is_told_elsewhere(analysis, issue, one)) continue;
      releases.push_back(&one);
    }
  }
  return releases;
}

// Whether the text quotes what asks for the feature that the workload is.
bool is_asked_for(const Analysis& analysis, const KnownIssue& issue) {
  return !issue.asks.empty() && fact_of(analysis, "asks." + issue.asks).is_known();
}

// Whether what a text tells is of a GPU, whichever it is: a build of torch's for a CUDA, or what it asks of one.
bool is_of_cuda(const Analysis& analysis, const KnownIssue& issue) {
  const bool beside_cuda = std::any_of(issue.with.begin(), issue.with.end(),
                                       [](const auto& other) { return other.component == "torch-cuda"; });
  return is_a_text(analysis) && (beside_cuda || is_asked_for(analysis, issue));
}

std::string where_text(const Analysis& analysis, const KnownIssue& issue,
                       const std::vector<const ReleaseSeen*>& releases) {
  std::set<std::string> places;
  for (const ReleaseSeen* one : releases) {
    places.insert(one->text + (one->environment.empty() ? "" : " in " + one->environment));
  }
  const std::string found = and_more({places.begin(), places.end()}, 2);
  if (!issue.gpu_model.empty()) return found + " on " + model_of(analysis, issue.gpu_model)->model;
  const Gpu* gpu = issue.gpu.empty() ? nullptr : gpu_within(analysis, issue.gpu);
  return found + (gpu == nullptr ? "" : " on " + gpu_text(*gpu));
}

// Whether no condition of the facts fails; those that nobody could look at are added to `unknown`.
bool may_hold(const Analysis& analysis, const KnownIssue& issue, std::vector<std::string>& unknown) {
  std::vector<std::pair<Holds, std::string>> conditions;
  const auto ask = [&](Holds answer, std::string what) { conditions.emplace_back(answer, std::move(what)); };
  ask(gpu_holds(analysis, issue), "a GPU of compute capability " + issue.gpu);
  if (!issue.driver.empty()) ask(driver_holds(analysis, issue.driver), "a driver " + issue.driver);
  if (!issue.libc.empty()) ask(libc_holds(analysis, issue.libc), "glibc " + issue.libc);
  if (issue.toolkit_above_driver) ask(toolkit_above_driver(analysis), "a toolkit that is newer than the driver");
  for (const auto& word : issue.cpu) ask(cpu_holds(analysis, word), "a processor with " + word);
  for (const auto& word : issue.platform) {
    ask(platform_holds(analysis, word), word == "nodes" ? "several nodes" : word);
  }
  for (const auto& word : issue.adapters) ask(adapters_hold(analysis, word), adapters_text(word));
  for (const auto& one : issue.settings) ask(setting_holds(analysis, one), one);
  for (const auto& one : issue.modules) ask(module_holds(analysis, one), "kernel module " + one);
  if (!issue.kernel_log.empty()) ask(log_holds(analysis, issue.kernel_log), issue.kernel_log);
  for (auto& [answer, what] : conditions) {
    if (answer == Holds::no) return false;
    if (answer == Holds::unknown) unknown.push_back(std::move(what));
  }
  if (!issue.workload.empty() && !is_asked_for(analysis, issue)) unknown.push_back(issue.workload);
  return true;
}
}  // namespace

bool IssueMatch::is_sure() const { return unknown.empty() && issue->bounds <= IssueBounds::single && !issue->report; }

std::vector<IssueMatch> match_known_issues(const Analysis& analysis) {
  const ReleasesSeen seen = releases_seen(analysis);
  std::vector<IssueMatch> matches;
  for (const KnownIssue& issue : analysis.knowledge.known_issues) {
    // Whether there is a wheel for this C library no GPU tells: of who asks, the text may show none.
    const bool is_of_libc = !issue.libc.empty() && is_a_text(analysis);
    if (!issue.on_cpu && !analysis.has_gpu && !is_of_libc && !is_of_cuda(analysis, issue)) continue;
    const std::vector<const ReleaseSeen*> releases = releases_of(analysis, seen, issue);
    if (releases.empty()) continue;
    IssueMatch match{.issue = &issue, .where = {}, .environment = releases.front()->environment, .unknown = {}};
    if (!may_hold(analysis, issue, match.unknown)) continue;
    match.where = where_text(analysis, issue, releases);
    if (is_asked_for(analysis, issue)) {
      match.where += fmt::format(", and {} asks for {}", fact_of(analysis, "asks." + issue.asks).source, issue.asks);
    }
    matches.push_back(std::move(match));
  }
  const auto order = [](const IssueMatch& match) {
    return std::tuple(!match.is_sure(), match.unknown.size(), match.issue->report, match.issue->bounds,
                      match.issue->effect);
  };
  std::stable_sort(matches.begin(), matches.end(),
                   [&](const IssueMatch& a, const IssueMatch& b) { return order(a) < order(b); });
  return matches;
}

}  // namespace varve
