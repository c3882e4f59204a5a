// What the recorder of src/inject spends on a record, against the least that any recorder must do: read the record's
// name, times and launch from memory and sum the times. Both take turns over the same buffer; medians of the rounds.
//   recorder_speed [ROUNDS [LIMIT]]
// Exit status 1 when adding up records of 50 different rows takes more than LIMIT (8) times the bare reading.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "inject/cupti_api.h"
#include "inject/totals.h"

using namespace varve::inject;

namespace {
constexpr std::size_t kRecordBytes = 216;  // CUpti_ActivityKernel10
constexpr std::uint32_t kRecords = 200'000;

struct Measured {
  double bare_ns = 0, added_ns = 0;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

std::vector<std::uint8_t> make_records(const std::vector<std::string>& names, std::uint32_t shapes) {
  std::vector<std::uint8_t> bytes(kRecords * kRecordBytes);
  for (std::uint32_t i = 0; i < kRecords; ++i) {
    KernelRecord record = {};
    record.kind = RecordKind::kernel;
    record.start = 1'000'000 + i * 10u;
    record.end = record.start + 1000 + i % 1000;
    record.grid[0] = static_cast<std::int32_t>(1 + i / names.size() % shapes);
    record.name = names[i % names.size()].c_str();
    std::memcpy(bytes.data() + i * kRecordBytes, &record, sizeof record);
  }
  return bytes;
}

const KernelRecord& record_at(const std::vector<std::uint8_t>& bytes, std::uint32_t i) {
  return *reinterpret_cast<const KernelRecord*>(bytes.data() + i * kRecordBytes);
}

// CPU time of this thread: others on the machine take turns with it.
double thread_ns() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <class Work>
double ns_each(const Work& work) {
  const double began = thread_ns();
  work();
  return (thread_ns() - began) / kRecords;
}

Measured measure(std::uint32_t shapes, int rounds) {
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i)
    names.push_back(fmt::format("_ZN2at6native{}vectorized_elementwise_kernelILi4E{}EEvi", i, i));
  const std::vector<std::uint8_t> bytes = make_records(names, shapes);
  Totals totals;
  if (!totals.reserve({})) std::exit(4);
  std::vector<double> bare, added;
  volatile std::uint64_t sink = 0;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(ns_each([&] {
      std::uint64_t sum = 0;
      for (std::uint32_t i = 0; i < kRecords; ++i) {
        const KernelRecord& record = record_at(bytes, i);
        sum += record.end - record.start + static_cast<std::uint32_t>(record.grid[0]) +
               reinterpret_cast<std::uintptr_t>(record.name);
      }
      sink = sink + sum;
    }));
    added.push_back(ns_each([&] {
      for (std::uint32_t i = 0; i < kRecords; ++i) {
        if (i % 19'000 == 0) totals.begin_epoch();  // as many as a buffer holds
        const KernelRecord& record = record_at(bytes, i);
        TotalKey key;
        key.name = totals.name_at(record.name);
        std::memcpy(key.grid, record.grid, sizeof key.grid);
        std::memcpy(key.block, record.block, sizeof key.block);
        totals.add(key, record.start, record.end, 0, 0);
      }
    }));
  }
  return {median(bare), median(added)};
}
}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 21;
  const double limit = count > 2 ? std::atof(arguments[2]) : 8;
  double ratio = 0;
  for (const std::uint32_t shapes : {1u, 20u, 800u}) {
    const Measured one = measure(shapes, std::max(rounds, 1));
    if (shapes == 1) ratio = one.added_ns / one.bare_ns;
    fmt::print("{:>6} different rows: {:.1f} ns a record, reading it alone {:.1f} ns: {:.1f} times\n", 50 * shapes,
               one.added_ns, one.bare_ns, one.added_ns / one.bare_ns);
  }
  return ratio > limit ? 1 : 0;
}
