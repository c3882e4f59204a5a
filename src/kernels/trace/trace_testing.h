#pragma once
// For tests, fuzzing and benchmarks only: a sink that keeps everything, and where real traces lie.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/test_sources.h"
#include "kernels/trace/trace.h"
#include "kernels/trace/trace_input.h"

namespace varve::test {

// Something of which only the sum was told.
struct RecordedTotal {
  TraceEvent event;
  Extra extra;
  Durations time;
  std::int64_t nested_ns = 0;
};

struct RecordedEvent {
  TraceEvent event;
  std::optional<Extra> extra;
};

// Where a name's code is from.
struct CodeOfName {
  std::string library, build_id, architecture;
};

// What a reader wrote, in the order in which it did.
struct RecordedTrace final : TraceSink {
  std::map<NameId, std::string> names;
  std::map<TrackId, std::pair<Place, TrackKind>> tracks;
  std::vector<RecordedEvent> events;
  std::map<std::string, Fact> facts;
  std::set<std::string> not_seen;
  std::vector<std::pair<std::uint64_t, std::string>> damage;
  std::set<Activity> kinds_traced;
  std::optional<std::int32_t> of_rank;
  std::uint64_t environments = 0;
  std::vector<RecordedTotal> sums;
  std::uint64_t lost_records = 0;
  bool lost_some = false;
  std::vector<std::string> no_evidence_for;
  std::map<NameId, CodeOfName> code;

  void name(NameId id, const TraceName& name) override {
    names[id] = std::string(name.text);
    code[id] = {std::string(name.library), std::string(name.build_id), std::string(name.architecture)};
  }
  void track(TrackId id, const Place& place, TrackKind kind) override { tracks[id] = {place, kind}; }
  void event(const TraceEvent& event, const Extra* extra) override {
    events.push_back({event, extra == nullptr ? std::nullopt : std::optional(*extra)});
  }
  void fact(std::string_view id, Fact fact) override { facts[std::string(id)] = std::move(fact); }
  void unseen(std::string_view what) override { not_seen.emplace(what); }
  void damaged(std::uint64_t at, std::string_view what) override { damage.emplace_back(at, what); }
  void total(const TraceEvent& event, const Extra* extra, const Durations& time, std::int64_t nested_ns) override {
    sums.push_back({event, extra == nullptr ? Extra{} : *extra, time, nested_ns});
  }
  void lost(TrackKind, std::uint64_t records) override {
    lost_records += records;
    lost_some = true;
  }
  void no_evidence(std::string_view why) override { no_evidence_for.emplace_back(why); }
  void traced(Activity activity) override { kinds_traced.insert(activity); }
  void rank(std::int32_t rank, std::int32_t) override { of_rank = rank; }
  void holds_environments(std::uint64_t blocks) override { environments += blocks; }

  std::string name_of(NameId id) const { return names.contains(id) ? names.at(id) : "(no name)"; }
  std::uint64_t count(Activity activity) const {
    std::uint64_t found = 0;
    for (const RecordedEvent& one : events) found += one.event.activity == activity ? 1 : 0;
    for (const auto& one : sums) found += one.event.activity == activity ? one.time.count : 0;
    return found;
  }
  std::int64_t total_ns(Activity activity) const {
    std::int64_t sum = 0;
    for (const RecordedEvent& one : events) sum += one.event.activity == activity ? one.event.duration_ns : 0;
    for (const auto& one : sums) sum += one.event.activity == activity ? one.time.total_ns : 0;
    return sum;
  }
};

// A real trace of the collection that lies beside the sources, or where VARVE_TRACES points:
// real_trace("kineto/moe-b300-02.json.gz"). Nothing when there is none here: then skip.
inline std::optional<std::string> real_trace(const std::string& name) {
  const char* chosen = std::getenv("VARVE_TRACES");
  const std::string folder = chosen != nullptr ? chosen : source_path("../shared/corpus/traces");
  const std::string path = folder + "/" + name;
  return std::filesystem::exists(path) ? std::optional(path) : std::nullopt;
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace varve::test
