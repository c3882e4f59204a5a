#include "kernels/stacks/sample_operations.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "tables/operators/operator_names.h"

namespace varve {

namespace {
constexpr std::uint32_t kNobody = SampleOperation::kNobody;
constexpr std::uint32_t kNoTask = UINT32_MAX;
constexpr std::uint64_t kSameTaskNs = 1'000'000'000;

// What a function means, and its operations' places in the list.
struct Meaning {
  std::uint32_t operation = kNobody, library_call = kNobody, as_caller = kNobody, routine = kNobody;
  bool whole = false, team = false;
};

// What the path from a thread's beginning to a node tells.
struct PathFacts {
  std::uint32_t operation = kNobody, library_call = kNobody;
  std::uint32_t caller = kNobody;   // the innermost function of the program above the node that is not the node's own
  std::uint32_t routine = kNobody;  // the outermost: what it calls in other routines is its own
  std::uint32_t task = kNoTask;     // the innermost function that teams call
  bool whole = false;

  std::uint32_t told() const {
    if (operation != kNobody) return operation;
    if (library_call != kNobody) return library_call;
    return caller != kNobody ? caller : routine;
  }
};

class OperationList {
 public:
  std::uint32_t add(Operation operation) {
    if (operation.name.empty()) return kNobody;
    const auto [place, added] = known_.try_emplace(operation, static_cast<std::uint32_t>(list.size()));
    if (added) list.push_back(std::move(operation));
    return place->second;
  }
  std::vector<Operation> list;

 private:
  std::map<Operation, std::uint32_t> known_;
};

// "project" for "project._omp_fn.0": compilers move the body of a parallel region into a function of its own.
std::string without_region(const std::string& name) {
  std::size_t end = name.size();
  for (const char* mark : {"._omp_fn.", ".omp_outlined"}) end = std::min(end, name.find(mark));
  return name.substr(0, end);
}

Result<std::vector<Meaning>> meanings(const CallerTree& tree, OperationList& operations) {
  std::vector<Meaning> all;
  for (std::uint32_t i = 0; i < tree.functions(); ++i) {
    const CallerFunction& function = tree[i];
    const Result<FunctionRole> role = function_role(function.name, function.library);
    if (!role) return role.error();
    Meaning& meaning = all.emplace_back();
    meaning.operation = operations.add({role->operation, ""});
    meaning.library_call = operations.add({role->library_call, ""});
    meaning.routine = operations.add({role->routine, ""});
    if (role->program) meaning.as_caller = operations.add({without_region(function.name), function.library});
    meaning.whole = role->whole;
    meaning.team = role->team;
  }
  return all;
}

// The functions that teams call somewhere. The thread that opens a region may call its task itself, without the team in
// between (GOMP_parallel_start, which MKL uses), so a task is known by the function and not by who called it.
std::vector<bool> tasks_of(const CallerTree& tree, const std::vector<Meaning>& meanings_of) {
  std::vector<bool> tasks(tree.functions());
  for (std::uint32_t node = 1; node < tree.size(); ++node) {
    const std::uint32_t above = tree.caller_of(node);
    if (above == CallerTree::kNone || !meanings_of[tree.function_of(above)].team) continue;
    const std::uint32_t function = tree.function_of(node);
    tasks[function] = !meanings_of[function].team;
  }
  return tasks;
}

// A caller stands before what it calls in the tree, so one pass suffices.
std::vector<PathFacts> paths(const CallerTree& tree, const std::vector<Meaning>& meanings_of) {
  std::vector<PathFacts> facts(tree.size());
  const std::vector<bool> tasks = tasks_of(tree, meanings_of);
  for (std::uint32_t node = 1; node < tree.size(); ++node) {
    const std::uint32_t above = tree.caller_of(node);
    const Meaning& own = meanings_of[tree.function_of(node)];
    PathFacts path = facts[above];
    const Meaning* caller = above == CallerTree::kNone ? nullptr : &meanings_of[tree.function_of(above)];
    const bool calls_itself = caller != nullptr && tree.function_of(above) == tree.function_of(node);
    if (caller != nullptr && caller->as_caller != kNobody && !calls_itself) path.caller = caller->as_caller;
    if (tasks[tree.function_of(node)]) path.task = tree.function_of(node);
    if (own.operation != kNobody && !path.whole) {
      path.operation = own.operation;
      path.whole = own.whole;
    }
    if (own.library_call != kNobody) path.library_call = own.library_call;
    if (path.routine == kNobody) path.routine = own.routine;
    facts[node] = path;
  }
  return facts;
}

// What samples in tasks of teams got from their own stacks, to be found by time.
class TaskTimes {
 public:
  void add(std::uint32_t process, std::uint32_t task, std::uint64_t time_ns, std::uint32_t operation) {
    by_task_[{process, task}].emplace_back(time_ns, operation);
    by_task_[{process, kNoTask}].emplace_back(time_ns, operation);
  }
  void sort() {
    for (auto& [key, times] : by_task_) std::sort(times.begin(), times.end());
  }
  std::optional<std::uint32_t> nearest(std::uint32_t process, std::uint32_t task, std::uint64_t time_ns,
                                       std::uint64_t within) const {
    const auto found = by_task_.find({process, task});
    if (found == by_task_.end()) return std::nullopt;
    const Times& times = found->second;
    const auto after = std::lower_bound(times.begin(), times.end(), std::pair(time_ns, std::uint32_t{0}));
    const auto away = [&](const auto& one) { return one.first > time_ns ? one.first - time_ns : time_ns - one.first; };
    auto best = after;
    if (after != times.begin() && (after == times.end() || away(*std::prev(after)) <= away(*after))) {
      best = std::prev(after);
    }
    if (best == times.end() || away(*best) > within) return std::nullopt;
    return best->second;
  }

 private:
  using Times = std::vector<std::pair<std::uint64_t, std::uint32_t>>;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Times> by_task_;
};
}  // namespace

Result<SampleOperations> find_operations(const CallerTree& tree, const std::vector<CalledSample>& samples,
                                         std::uint64_t near_ns) {
  OperationList operations;
  const auto meanings_of = meanings(tree, operations);
  if (!meanings_of) return meanings_of.error();
  const std::vector<PathFacts> facts = paths(tree, *meanings_of);
  SampleOperations found;
  TaskTimes tasks;
  for (const CalledSample& sample : samples) {
    const PathFacts& path = facts[sample.callers];
    found.of_samples.push_back({path.told(), false});
    if (path.told() != kNobody && path.task != kNoTask) {
      tasks.add(sample.process, path.task, sample.time_ns, path.told());
    }
  }
  tasks.sort();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const CalledSample& sample = samples[i];
    const PathFacts& path = facts[sample.callers];
    if (path.told() != kNobody || path.task == kNoTask) continue;
    auto operation = tasks.nearest(sample.process, path.task, sample.time_ns, kSameTaskNs);
    if (!operation) operation = tasks.nearest(sample.process, kNoTask, sample.time_ns, near_ns);
    if (operation) found.of_samples[i] = {*operation, true};
  }
  found.operations = std::move(operations.list);
  return found;
}

}  // namespace varve
