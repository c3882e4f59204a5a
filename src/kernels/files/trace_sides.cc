#include "kernels/files/trace_sides.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "base/at_once.h"
#include "kernels/analysis/ranks.h"
#include "kernels/files/trace_file.h"
#include "kernels/files/trace_files.h"

namespace varve {

namespace {
using Read = std::vector<std::optional<Result<TraceFile>>>;

Read read_all(const Files& files, const std::vector<std::string>& paths) {
  Read read(paths.size());
  const std::size_t processors = usable_processors(), threads = std::min(processors, paths.size());
  TraceOptions options{.keep_sequence = true};
  if (threads > 0) options.threads = processors / threads;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size(); i = next++) {
      read[i] = read_one_trace(files, paths[i], options, nullptr);
    }
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  others.clear();
  return read;
}

// Whether files can be ranks of one job.
Status check_job(const std::vector<TraceFile>& files, const std::vector<std::string>& paths) {
  std::map<std::int32_t, std::size_t> ranks;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].record.sources.size() != 1) continue;
    const TraceSource& source = files[i].record.sources.front();
    const TraceSource& first = files.front().record.sources.front();
    if (source.rank >= 0) {
      const auto [at, is_new] = ranks.try_emplace(source.rank, i);
      if (!is_new) {
        return Error{"reading the ranks of a side", paths[i],
                     fmt::format("it is of rank {}, as {} is", source.rank, paths[at->second]),
                     "Give each rank of one run once"};
      }
    }
    if (source.ranks != first.ranks) {
      return Error{"reading the ranks of a side", paths[i],
                   fmt::format("it is of a job of {} ranks, and {} of one of {}", source.ranks, paths[0], first.ranks),
                   "Give the ranks of one job"};
    }
    if (!files[i].sequence.empty() && files[i].sequence.of_operations != files.front().sequence.of_operations) {
      return Error{"reading the ranks of a side", paths[i], "some files tell of kernels and others only of operations",
                   "Give traces of one kind"};
    }
  }
  return Done{};
}

// What tells the steps of one trace apart and is the same for one step on all ranks: "ProfilerStep#5", and how often
// that came before.
using StepKey = std::pair<std::string, std::size_t>;
std::vector<StepKey> step_keys(const TraceFile& file) {
  std::vector<StepKey> keys;
  std::map<std::string, std::size_t> times;
  for (const TraceSource& source : file.record.sources) {
    for (const TraceStep& step : source.steps.steps) keys.emplace_back(step.name, times[step.name]++);
  }
  keys.resize(file.sequence.steps.size());
  return keys;
}

// The steps that every file shows, in the order of the first one, with their new numbers.
std::map<StepKey, std::int32_t> common_steps(const std::vector<TraceFile>& files) {
  std::map<StepKey, std::size_t> shown;
  for (const TraceFile& file : files) {
    for (const StepKey& key : step_keys(file)) ++shown[key];
  }
  std::map<StepKey, std::int32_t> numbers;
  for (const StepKey& key : step_keys(files.front())) {
    if (shown[key] == files.size()) numbers.try_emplace(key, static_cast<std::int32_t>(numbers.size()));
  }
  return numbers;
}

void add_window(TraceSequence::Window& into, const TraceSequence::Window& from) {
  into.length_ns = add_ns(into.length_ns, from.length_ns);
  for (const auto& [part, ns] : from.parts) into.parts[part] = add_ns(into.parts[part], ns);
}

// Puts what one rank ran beside what the others did. `kernels` are its ids in the common table.
void add_sequence(TraceFile& file, std::int32_t rank, const KernelIdMap& kernels,
                  const std::map<StepKey, std::int32_t>& steps, TraceSequence& into) {
  TraceSequence& from = file.sequence;
  into.of_operations = from.of_operations;
  std::vector<std::int32_t> numbers;
  for (const StepKey& key : step_keys(file)) {
    const auto at = steps.find(key);
    const TraceSequence::Step& step = from.steps[numbers.size()];
    numbers.push_back(at == steps.end() ? -1 : at->second);
    if (at == steps.end()) continue;
    TraceSequence::Step& sum = into.steps[static_cast<std::size_t>(at->second)];
    add_window(sum.window, step.window);
    sum.complete = sum.complete && step.complete;
  }
  const auto launches = static_cast<std::uint32_t>(into.launches.size());
  into.launches.insert(into.launches.end(), from.launches.begin(), from.launches.end());
  const auto moved = [&](KernelId id) { return id == kNoKernel ? id : kernels[static_cast<std::size_t>(id)]; };
  for (TraceSequence::Stream& stream : from.streams) {
    if (stream.place.rank < 0) stream.place.rank = rank;
    for (TraceSequence::Item& item : stream.items) {
      item.kernel = moved(item.kernel);
      item.operation = moved(item.operation);
      item.launch += launches;
      if (item.step >= 0) item.step = numbers[static_cast<std::size_t>(item.step)];
    }
    into.streams.push_back(std::move(stream));
  }
  for (TraceSequence::DeviceWindow& device : from.devices) {
    if (device.rank < 0) device.rank = rank;
    into.devices.push_back(std::move(device));
  }
  add_window(into.whole, from.whole);
  into.pauses.merge(from.pauses);
  into.launch_latency.merge(from.launch_latency);
}

// Books what collectives waited, where two lists show them.
void book_collectives(const std::vector<RankCollectives>& lists, TraceSide& side) {
  if (lists.size() < 2) return;
  std::vector<TraceSequence::Stream>& streams = side.sequence.streams;
  RankReport report = rank_report(lists, [&](std::size_t list, std::size_t place, std::int64_t waiting_ns) {
    const RankCollectives::One& one = lists[list].all[place];
    if (one.stream >= streams.size() || one.item >= streams[one.stream].items.size()) return;
    TraceSequence::Item& item = streams[one.stream].items[one.item];
    if (item.part == Part::collective) item.waiting_ns = std::clamp<std::int64_t>(waiting_ns, 0, item.duration_ns);
  });
  book_waiting(std::move(report), side.record);
}

TraceSide joined(std::vector<TraceFile>& files) {
  TraceSide side;
  const std::map<StepKey, std::int32_t> steps = common_steps(files);
  side.sequence.steps.resize(steps.size());
  const bool ordered = std::none_of(files.begin(), files.end(), [](const auto& one) { return one.sequence.empty(); });
  std::vector<RankCollectives> lists;
  for (std::size_t i = 0; i < files.size(); ++i) {
    TraceFile& file = files[i];
    const bool has_rank = !file.record.sources.empty() && file.record.sources.front().rank >= 0;
    const auto number = static_cast<std::int32_t>(i);
    const std::int32_t rank = has_rank ? file.record.sources.front().rank : number;
    for (RankCollectives& list : file.collectives) {
      for (RankCollectives::One& one : list.all) {
        one.stream += static_cast<std::uint32_t>(side.sequence.streams.size());
      }
      if (list.rank < 0 && files.size() > 1) list.rank = rank;
      lists.push_back(std::move(list));
    }
    const KernelIdMap kernels = side.record.record.kernels.intern_all(file.record.record.kernels);
    if (ordered) add_sequence(file, files.size() > 1 ? rank : -1, kernels, steps, side.sequence);
    side.record.tool_version = file.record.tool_version;
    merge(side.record, std::move(file.record));
  }
  if (!ordered) side.sequence = {};
  book_collectives(lists, side);
  return side;
}
}  // namespace

Result<std::vector<std::string>> traces_at(const Files& files, const std::string& path) {
  const Looked<FileKind> kind = files.kind(absolute_path(path));
  if (!kind || *kind != FileKind::directory) return std::vector<std::string>{path};
  const Looked<std::vector<std::string>> names = files.list(absolute_path(path));
  if (!names) return Error{"looking for traces", path, names.detail, ""};
  std::vector<std::string> found;
  for (const std::string& name : *names) {
    const std::string one = path + (path.ends_with('/') ? "" : "/") + name;
    if (holds_kernels(files, one)) found.push_back(one);
  }
  if (found.empty()) return Error{"looking for traces", path, "there is none in this folder", "Name the files"};
  return found;
}

Result<TraceSide> read_trace_side(const Files& files, const std::vector<std::string>& paths) {
  Read read = read_all(files, paths);
  std::vector<TraceFile> traces;
  for (std::optional<Result<TraceFile>>& one : read) {
    if (!*one) return one->error();
    traces.push_back(std::move(**one));
  }
  if (traces.size() == 1 && traces.front().collectives.size() < 2) {
    return TraceSide{std::move(traces.front().record), std::move(traces.front().sequence)};
  }
  if (const Status job = check_job(traces, paths); !job) return job.error();
  return joined(traces);
}

}  // namespace varve
