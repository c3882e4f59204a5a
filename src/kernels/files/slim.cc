#include "kernels/files/slim.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "archive/deflate.h"
#include "base/json.h"
#include "base/redact.h"
#include "model/json/documents.h"

namespace varve {

namespace {
// Facts that a slim file may hold. Whatever is added to the catalogue stays out until it is listed here.
constexpr std::array<std::string_view, 21> kFacts = {"cpu.vendor",
                                                     "cpu.model",
                                                     "cpu.isa",
                                                     "cpu.cores",
                                                     "cpu.threads",
                                                     "gpu.count",
                                                     "gpu.models",
                                                     "gpu.architecture",
                                                     "gpu.compute_capabilities",
                                                     "gpu.memory",
                                                     "os.kernel.release",
                                                     "os.name",
                                                     "os.architecture",
                                                     "os.libc",
                                                     "driver.api_level",
                                                     "driver.kernel_mode.version",
                                                     "driver.user_mode.version",
                                                     "toolkit.nvcc.version",
                                                     "environments.frameworks",
                                                     "environments.runtimes",
                                                     "process.runtimes"};

bool may_stay(const std::string& id, const Fact& fact) {
  const bool of_tracer = id.starts_with("trace.") && id.ends_with("_version");
  const bool listed = of_tracer || std::find(kFacts.begin(), kFacts.end(), id) != kFacts.end();
  return listed && !(fact.is_known() && looks_like_secret(value_text(*fact.value)));
}

// Where a fact was found may name a file or a field: only that it was in the trace is said.
Fact without_source(Fact fact) {
  fact.source = "the trace";
  fact.detail.clear();
  return fact;
}

TraceSource slim_source(const TraceSource& source) {
  TraceSource slim = source;
  slim.file.clear();
  slim.damage.clear();
  slim.facts.clear();
  for (const auto& [id, fact] : source.facts) {
    if (may_stay(id, fact)) slim.facts.emplace(id, without_source(fact));
  }
  // Names are the program's own, and the clock says when it ran.
  if (slim.steps.found == TraceSteps::Found::annotated) slim.steps.detail.clear();
  const std::int64_t first = slim.steps.steps.empty() ? 0 : slim.steps.steps.front().start_ns;
  for (std::size_t i = 0; i < slim.steps.steps.size(); ++i) {
    slim.steps.steps[i].name = std::to_string(i + 1);
    std::int64_t& start = slim.steps.steps[i].start_ns;  // of a document it may be any number
    if (__builtin_sub_overflow(start, first, &start)) start = 0;
  }
  return slim;
}

Kernel slim_kernel(Kernel kernel) {
  kernel.key.name = shorten_home(kernel.key.name, "");
  kernel.key.library = shorten_home(kernel.key.library, "");
  kernel.meaning.base = shorten_home(kernel.meaning.base, "");
  kernel.raw_name.clear();
  return kernel;
}
}  // namespace

KernelsRecord slimmed(const KernelsRecord& record) {
  KernelsRecord slim;
  slim.tool_version = record.tool_version;
  slim.ranks = record.ranks;
  for (const TraceSource& source : record.sources) slim.sources.push_back(slim_source(source));
  Profiles profiles = record.record.profiles;
  for (auto& [kind, profile] : profiles.by_kind) {
    std::vector<ProfileRow> rows = std::move(profile.rows);
    profile.rows.clear();
    std::erase_if(rows, [](const ProfileRow& row) { return row.key.activity == Activity::region; });
    for (ProfileRow& row : rows) row.key.place.stream = -1;
    add_rows(profile, std::move(rows));
  }
  // Only kernels that a row still speaks of.
  KernelIdMap ids(record.record.kernels.size(), kNoKernel);
  const auto keep = [&](KernelId& id) {
    if (id == kNoKernel) return;
    KernelId& kept = ids[static_cast<std::size_t>(id)];
    if (kept == kNoKernel) kept = slim.record.kernels.intern(slim_kernel(record.record.kernels[id]));
  };
  for (auto& [kind, profile] : profiles.by_kind) {
    for (ProfileRow& row : profile.rows) {
      keep(row.key.kernel);
      keep(row.key.operation);
    }
  }
  merge(slim.record.profiles, profiles, ids);
  return slim;
}

std::string slim_bytes(const KernelsRecord& slim, const std::string& file) {
  const std::string json = to_json(slim).dump() + "\n";
  return file.ends_with(".gz") ? gzip_of(json) : json;
}

}  // namespace varve
