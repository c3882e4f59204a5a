#include "kernels/callers.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "binary/elf/demangle.h"
#include "kernels/address_spaces.h"
#include "kernels/mapped_files.h"
#include "kernels/stacks/stack_walk.h"

namespace varve {

namespace {
constexpr std::size_t kFewFrames = 4;  // of many KiB each, where these are all that a full copy shows

// Records in the order of time, wherever the rings had them.
template <class Record>
std::vector<const Record*> by_time(const std::vector<Record>& records) {
  std::vector<const Record*> sorted;
  for (const Record& record : records) sorted.push_back(&record);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Record* a, const Record* b) { return a->time_ns < b->time_ns; });
  return sorted;
}

class StackReducer {
 public:
  StackReducer(CpuEvidence& evidence, SymbolCache::Files& files)
      : evidence_(evidence),
        files_(files),
        forks_(by_time(evidence.forks)),
        execs_(by_time(evidence.execs)),
        mappings_(by_time(evidence.mappings)) {}

  void reduce(const CopiedStacks::Stack& copied) {
    CpuSample& sample = evidence_.samples[copied.sample];
    advance(sample.time_ns);
    const auto top = copied.registers.get(kRsp);
    const std::span<const std::byte> bytes(evidence_.stacks.bytes);
    const StackBytes stack{top.value_or(0), bytes.subspan(copied.start, copied.size)};
    process_ = sample.process;
    const WalkedStack walked = walk_stack(copied.registers, stack, find_);
    const bool is_full = copied.size == evidence_.stack_bytes && copied.size > 0;
    const bool is_short = !walked.frames.empty() && walked.frames.size() < kFewFrames;
    if (is_full && !walked.whole && is_short && walked.frames.back().file->stacks_can_be_scanned()) {
      ++evidence_.cut_stacks;
    }
    std::uint32_t node = CallerTree::kNone;
    for (auto frame = walked.frames.rbegin(); frame != walked.frames.rend(); ++frame) {
      node = evidence_.callers.called(node, function_of(*frame));
      if (node == CallerTree::kNone) break;
    }
    sample.callers = node;
    for (const auto& [mapping, file] : known_files_) {
      if (file->code) file->code->trim();
    }
  }

 private:
  void advance(std::uint64_t time_ns) {
    const auto next_time = [](const auto& list, std::size_t at) {
      return at < list.size() ? list[at]->time_ns : UINT64_MAX;
    };
    while (true) {
      const std::uint64_t fork = next_time(forks_, fork_), exec = next_time(execs_, exec_),
                          mapping = next_time(mappings_, mapping_);
      if (std::min({fork, exec, mapping}) > time_ns) return;
      if (fork <= exec && fork <= mapping) {
        spaces_.fork(*forks_[fork_++]);
      } else if (exec <= mapping) {
        spaces_.exec(*execs_[exec_++]);
      } else {
        spaces_.map(*mappings_[mapping_++]);
      }
    }
  }

  FrameCode find(std::uint64_t address) {
    const ExecutableMapping* mapping = spaces_.find(process_, address);
    if (mapping == nullptr || !mapping->path.starts_with('/')) return {};
    MappedFile*& file = known_files_[mapping];
    if (file == nullptr) file = &files_.find_with_code(*mapping);
    if (!file->code) return {};
    const auto place = file->symbols->virtual_address(address - mapping->start + mapping->file_offset);
    if (!place) return {};
    paths_.try_emplace(file->code.get(), &file->path);
    return {file->code.get(), *place};
  }

  std::uint32_t function_of(const WalkedFrame& frame) {
    const auto known = functions_.find({frame.file, frame.function});
    if (known != functions_.end()) return known->second;
    CallerFunction function{clean_utf8(demangle(frame.function->symbol)), clean_utf8(*paths_.at(frame.file))};
    return functions_[{frame.file, frame.function}] = evidence_.callers.function(std::move(function));
  }

  CpuEvidence& evidence_;
  SymbolCache::Files& files_;
  const std::vector<const ProcessFork*> forks_;
  const std::vector<const ProcessExec*> execs_;
  const std::vector<const ExecutableMapping*> mappings_;
  std::size_t fork_ = 0, exec_ = 0, mapping_ = 0;
  AddressSpaces spaces_;
  std::uint32_t process_ = 0;
  std::unordered_map<const ExecutableMapping*, MappedFile*> known_files_;
  std::unordered_map<const CodeFile*, const std::string*> paths_;
  std::map<std::pair<const CodeFile*, const CodeFile::Function*>, std::uint32_t> functions_;
  const std::function<FrameCode(std::uint64_t)> find_ = [this](std::uint64_t address) { return find(address); };
};
}  // namespace

void find_callers(CpuEvidence& evidence, SymbolCache& cache) {
  cache.files().begin_look();
  std::vector<CopiedStacks::Stack> stacks = evidence.stacks.stacks;
  std::stable_sort(stacks.begin(), stacks.end(), [&](const auto& a, const auto& b) {
    return evidence.samples[a.sample].time_ns < evidence.samples[b.sample].time_ns;
  });
  StackReducer reducer(evidence, cache.files());
  for (const CopiedStacks::Stack& stack : stacks) reducer.reduce(stack);
  evidence.stacks.stacks.clear();  // their memory stays: see CpuSampler
  evidence.stacks.bytes.clear();
}

}  // namespace varve
