#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/files/trace_file.h"

namespace varve {

// The records of files, in their order: those of different ranks of one job become one, or all do (`merge_all`). Every
// other file is a record of its own.
class JobRecords {
 public:
  explicit JobRecords(bool merge_all) : merge_all_(merge_all) {}
  void take(TraceFile&& file);
  // In the order of their first files, with what their ranks waited for each other.
  std::vector<KernelsRecord> records();

 private:
  // Records of one job, in their order. Those of as many files are merged with each other, as a binary counter carries,
  // so that a thousand of them are copied ten times and not a thousand. Merging is associative: the result is that of
  // one after the other.
  class Pile {
   public:
    void add(KernelsRecord&& record);
    KernelsRecord take();

   private:
    struct Piled {
      std::size_t files = 0;
      KernelsRecord record;
    };
    void merge_last();
    std::vector<Piled> piled_;
  };
  using Job = std::tuple<std::string, std::int32_t, std::uint64_t>;  // format, ranks, how many times they came

  std::size_t place_of(const KernelsRecord& record);

  bool merge_all_;
  std::vector<Pile> piles_;
  std::vector<std::vector<RankCollectives>> collectives_;  // of each pile
  std::map<std::tuple<std::string, std::int32_t, std::int32_t>, std::uint64_t> times_;
  std::map<Job, std::size_t> jobs_;
};

}  // namespace varve
