#include "kernels/cpu_sampler.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

#include "base/hash.h"
#include "kernels/perf_events.h"
#include "kernels/perf_ring.h"
#include "kernels/perf_sample.h"

namespace varve {
namespace {

constexpr std::size_t kMostSamples = 8'000'000;
constexpr std::size_t kMostMappings = 1'000'000;
constexpr std::size_t kMostPages = 64;          // 256 KiB a CPU: 6 500 samples, over a minute at 99 Hz
constexpr std::size_t kMostPagesManyCpus = 16;  // from 128 CPUs on
constexpr std::size_t kManyCpus = 128;
constexpr std::size_t kMostPagesWithStacks = 256;   // 1 MiB a CPU: 60 samples, 0.6 s
constexpr std::size_t kFewestPagesWithStacks = 64;  // 15 samples; of deep copies there is room for 25 in all of it
constexpr std::size_t kMostStackBytes = std::size_t{64} << 20;

// The trailer of every record that is no sample (sample_id_all): process, thread, time, CPU.
struct RecordId {
  std::uint32_t process = 0, thread = 0;
  std::uint64_t time_ns = 0;
};
constexpr std::size_t kRecordIdBytes = 24;

RecordId read_record_id(std::span<const std::byte> body) {
  RecordId id;
  if (body.size() < kRecordIdBytes) return id;
  PerfFields fields(body.last(kRecordIdBytes));
  id.process = *fields.word();
  id.thread = *fields.word();
  id.time_ns = *fields.quad();
  return id;
}

// PERF_RECORD_MMAP2: pid, tid, start, length, page offset, then either device (2 words), inode and its generation, or
// the build id (1 byte size, 3 unused, 20 bytes); protection, flags, path, trailer.
std::optional<ExecutableMapping> read_mapping(const PerfRecord& record) {
  if (record.body.size() < kRecordIdBytes) return std::nullopt;
  PerfFields fields(record.body.first(record.body.size() - kRecordIdBytes));
  ExecutableMapping mapping;
  auto process = fields.word();
  fields.word();
  auto start = fields.quad(), length = fields.quad(), offset = fields.quad();
  auto identity = fields.bytes(24);
  auto protection = fields.word();
  fields.word();
  if (!identity || !protection || (*protection & PROT_EXEC) == 0) return std::nullopt;
  mapping.process = *process;
  mapping.start = *start;
  mapping.length = *length;
  mapping.file_offset = *offset;
  if ((record.misc & PERF_RECORD_MISC_MMAP_BUILD_ID) != 0) {
    std::size_t size = std::min<std::size_t>(std::to_integer<std::size_t>((*identity)[0]), 20);
    mapping.build_id = to_hex({reinterpret_cast<const char*>(identity->data() + 4), size});
  } else {
    std::memcpy(&mapping.inode, identity->data() + 8, sizeof mapping.inode);
  }
  mapping.path = fields.text();
  constexpr std::string_view kDeleted = " (deleted)";
  if (mapping.path.ends_with(kDeleted)) {
    mapping.deleted = true;
    mapping.path.resize(mapping.path.size() - kDeleted.size());
  }
  mapping.time_ns = read_record_id(record.body).time_ns;
  return mapping;
}

}  // namespace

struct CpuSampler::Rings {
  struct Ring {
    int descriptor = -1;
    void* memory = MAP_FAILED;
    std::size_t bytes = 0;  // of the mapping: one page of positions and the data
  };
  std::vector<Ring> rings;
  int guard = -1;
  PerfSampleContent content;
  ReduceStacks reduce;
  CpuEvidence evidence;
  std::map<std::uint32_t, int> kept;  // processes, with the kept child from which they descend

  Rings() = default;
  Rings(const Rings&) = delete;
  Rings& operator=(const Rings&) = delete;
  ~Rings() { close_all(); }

  void close_all() {
    for (Ring& ring : rings) {
      if (ring.memory != MAP_FAILED) munmap(ring.memory, ring.bytes);
      close(ring.descriptor);
    }
    rings.clear();
    if (guard >= 0) close(guard);
    guard = -1;
  }

  // Maps every ring with the most pages that the limit on locked memory permits, the same for all CPUs.
  bool map_all(std::size_t most, std::size_t fewest) {
    std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (std::size_t pages = most; pages >= fewest; pages /= 2) {
      bool mapped = true;
      for (Ring& ring : rings) {
        ring.bytes = (1 + pages) * page;
        ring.memory = mmap(nullptr, ring.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring.descriptor, 0);
        if (ring.memory == MAP_FAILED) {
          mapped = false;
          break;
        }
      }
      if (mapped) return true;
      int failure = errno;
      for (Ring& ring : rings) {
        if (ring.memory != MAP_FAILED) munmap(ring.memory, ring.bytes);
        ring.memory = MAP_FAILED;
      }
      errno = failure;
    }
    return false;
  }

  void take_sample(const PerfRecord& record) {
    const auto sample = read_perf_sample(record, content);
    if (!sample || evidence.samples.size() >= kMostSamples) {
      ++evidence.lost;
      return;
    }
    if (sample->registers.known != 0) {
      CopiedStacks& copied = evidence.stacks;
      if (copied.bytes.capacity() == 0) copied.bytes.reserve(most_copied());
      copied.stacks.push_back({evidence.samples.size(), sample->registers, copied.bytes.size(), sample->stack.size()});
      copied.bytes.insert(copied.bytes.end(), sample->stack.begin(), sample->stack.end());
    }
    evidence.samples.push_back(
        {sample->address, sample->process, sample->thread, sample->in_kernel, sample->time_ns, sample->cpu});
  }

  // What can come together between two looks at how much there is. Memory that is not written to is not taken.
  std::size_t most_copied() const {
    std::size_t bytes = kMostStackBytes;
    for (const Ring& ring : rings) bytes += ring.bytes;
    return bytes;
  }

  void take(const PerfRecord& record) {
    PerfFields fields(record.body);
    switch (record.type) {
      case PERF_RECORD_SAMPLE:
        take_sample(record);
        break;
      case PERF_RECORD_MMAP2: {
        auto mapping = read_mapping(record);
        if (mapping && evidence.mappings.size() < kMostMappings) evidence.mappings.push_back(std::move(*mapping));
        break;
      }
      case PERF_RECORD_FORK: {  // pid, parent's pid, tid, parent's tid: a thread when both pids are the same
        auto process = fields.word(), parent = fields.word();
        if (parent && *process != *parent && evidence.forks.size() < kMostMappings) {
          evidence.forks.push_back({*process, *parent, read_record_id(record.body).time_ns});
        }
        break;
      }
      case PERF_RECORD_COMM: {
        bool exec = (record.misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
        auto process = fields.word();
        if (exec && process && evidence.execs.size() < kMostMappings) {
          evidence.execs.push_back({*process, read_record_id(record.body).time_ns});
        }
        break;
      }
      case PERF_RECORD_LOST: {  // id, how many
        fields.quad();
        evidence.lost += fields.quad().value_or(0);
        break;
      }
      default:
        break;
    }
  }

  void poll() {
    std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (Ring& ring : rings) {
      auto* start = static_cast<std::byte*>(ring.memory);
      bool sound = drain_perf_ring(*reinterpret_cast<perf_event_mmap_page*>(start), {start + page, ring.bytes - page},
                                   [this](const PerfRecord& record) { take(record); });
      if (!sound) ++evidence.lost;
    }
    if (evidence.stacks.bytes.size() >= kMostStackBytes) reduce_stacks();
  }

  // The kept child from which a process descends; 0: none.
  int kept_root(std::uint32_t process) const {
    const auto found = kept.find(process);
    return found == kept.end() ? 0 : found->second;
  }
  // What the kept children started.
  void follow_kept() {
    for (const ProcessFork& fork : evidence.forks) {
      if (const int root = kept_root(fork.parent); root != 0) kept.try_emplace(fork.process, root);
    }
  }

  void reduce_stacks() {
    if (evidence.stacks.stacks.empty()) return;
    if (reduce) reduce(evidence);
    // The memory stays for the next: on a virtual machine getting it from the kernel costs more than filling it.
    evidence.stacks.stacks.clear();
    evidence.stacks.bytes.clear();
  }

  // Opens one event a CPU, and maps their rings. Whether there are any stands in the evidence.
  void open(std::int64_t period_ns, const PerfSampleContent& wanted, std::size_t fewest_pages);
};

CpuSampler::CpuSampler(std::unique_ptr<Rings> rings) : rings_(std::move(rings)) {}
CpuSampler::~CpuSampler() = default;

void CpuSampler::Rings::open(std::int64_t period_ns, const PerfSampleContent& wanted, std::size_t fewest_pages) {
  PerfEventsOpened opened = open_sampling_events(online_cpus(), static_cast<std::uint64_t>(period_ns), wanted);
  evidence.period_ns = period_ns;
  evidence.scope = opened.kernel_code ? "user and kernel" : "user";
  evidence.scope_limit = opened.scope_limit;
  evidence.unavailable = opened.unavailable;
  content = opened.content;
  guard = opened.guard;
  for (int descriptor : opened.descriptors) rings.push_back({descriptor, MAP_FAILED, 0});
  if (!evidence.unavailable.empty()) return;
  const bool stacks = content.stack_bytes != 0;
  evidence.stack_bytes = content.stack_bytes;
  if (wanted.stack_bytes != 0 && !stacks) evidence.callers_unavailable = "this kernel copies no stacks with samples";
  const std::size_t most = rings.size() < kManyCpus ? kMostPages : kMostPagesManyCpus;
  if (stacks ? map_all(kMostPagesWithStacks, fewest_pages) : map_all(most, 1)) return;
  const std::string problem = std::strerror(errno);
  close_all();
  if (stacks) {
    open(period_ns, {}, 1);
    evidence.callers_unavailable =
        fmt::format("too little memory may be locked for copies of stacks ({}): ulimit -l unlimited", problem);
    return;
  }
  evidence.unavailable = fmt::format(
      "no memory may be locked for the sampling buffers ({}): ulimit -l unlimited, or sudo sysctl "
      "kernel.perf_event_mlock_kb={}",
      problem, 516);
}

std::unique_ptr<CpuSampler> CpuSampler::open(double hertz, ReduceStacks reduce, StackCopies copies) {
  auto rings = std::make_unique<Rings>();
  double rate = std::isfinite(hertz) ? std::clamp(hertz, 1.0, 10'000.0) : 99.0;
  PerfSampleContent wanted;
  if (reduce) {
    wanted = content_with_stacks(copies);
    if (wanted.stack_bytes == 0) rings->evidence.callers_unavailable = "stacks are read on x86-64 only";
    rings->reduce = std::move(reduce);
  } else {
    rings->evidence.callers_unavailable = "nobody asked for them";
  }
  const bool deep = copies == StackCopies::deep;
  rings->open(std::llround(1e9 / rate), wanted, deep ? kMostPagesWithStacks : kFewestPagesWithStacks);
  if (!rings->evidence.unavailable.empty()) rings->close_all();
  return std::unique_ptr<CpuSampler>(new CpuSampler(std::move(rings)));
}

const std::string& CpuSampler::unavailable() const { return rings_->evidence.unavailable; }

void CpuSampler::poll() { rings_->poll(); }

double CpuSampler::poll_seconds() const {
  if (rings_->rings.empty()) return 1;
  constexpr double kOtherBytes = 256;  // of a record: more than what stands beside the stack
  const double record = kOtherBytes + rings_->content.stack_bytes;
  const double period = 1e-9 * static_cast<double>(rings_->evidence.period_ns);
  return std::min(1.0, 0.5 * period * static_cast<double>(rings_->rings.front().bytes) / record);
}

bool CpuSampler::copies_stacks() const { return rings_->content.stack_bytes != 0; }

void CpuSampler::keep(int child) { rings_->kept[static_cast<std::uint32_t>(child)] = child; }

void CpuSampler::let_go(int child) {
  rings_->poll();
  rings_->reduce_stacks();
  rings_->follow_kept();
  const auto is_of_it = [&](const auto& seen) { return rings_->kept_root(seen.process) == child; };
  std::erase_if(rings_->evidence.samples, is_of_it);
  std::erase_if(rings_->evidence.mappings, is_of_it);
  std::erase_if(rings_->kept, [&](const auto& one) { return one.second == child; });
}

CpuEvidence CpuSampler::take(int served_by) {
  rings_->poll();
  rings_->reduce_stacks();
  rings_->follow_kept();
  CpuEvidence& kept = rings_->evidence;
  CpuEvidence taken = std::exchange(kept, {});
  kept.stacks = std::exchange(taken.stacks, {});
  kept.stack_bytes = taken.stack_bytes;
  kept.period_ns = taken.period_ns;
  kept.scope = taken.scope;
  kept.scope_limit = taken.scope_limit;
  kept.unavailable = taken.unavailable;
  kept.callers_unavailable = taken.callers_unavailable;
  auto by_time = [](auto& list) {
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  };
  by_time(taken.samples);
  by_time(taken.mappings);
  by_time(taken.forks);
  by_time(taken.execs);
  const auto root = [&](const auto& seen) { return rings_->kept_root(seen.process); };
  const auto keep_known = [&](const auto& from, auto& to) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to), root);
  };
  keep_known(taken.mappings, kept.mappings);
  keep_known(taken.forks, kept.forks);
  keep_known(taken.execs, kept.execs);
  std::erase_if(taken.mappings, [&](const auto& seen) { return root(seen) != 0 && root(seen) != served_by; });
  return taken;
}

}  // namespace varve
