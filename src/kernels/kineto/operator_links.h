#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernels/trace/timeline.h"

namespace varve {

// Places in a list by the number of what stands there.
class NumberIndex {
 public:
  void add(std::uint64_t number, std::size_t place) { entries_.push_back({number, static_cast<std::uint32_t>(place)}); }
  // Before the first look: `before` says which of two places with one number comes first.
  template <class Before>
  void sort(Before before);
  // The first place with this number. Where one number after the other is asked for, it is not far to go.
  std::optional<std::size_t> find(std::uint64_t number);

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::uint32_t place = 0;
  };
  std::vector<Entry> entries_;
  std::size_t near_ = 0;
};

// Finds the operator on whose behalf something ran on a device, once a whole trace was read: the kernels stand behind
// the operators in some traces and before them in others. Best first:
//
//   1. the operator whose External id the kernel carries (since 2023);
//   2. the one whose External id the call carries that has the kernel's correlation;
//   3. the innermost operator on that call's thread during which the call began.
//
// In traces of 2022 the External id of kernels and calls is their correlation once more, and means another operator or
// none. Whether a trace is of that kind shows when most of its rows have both numbers equal; there an operator of the
// External id counts only when the call began in it. A correlation is never looked up among the operators.
class OperatorLinks {
 public:
  struct Numbers {
    std::uint64_t external = 0, correlation = 0;  // 0: none
  };

  void add_operation(const TraceEvent& operation, std::uint64_t external);
  void add_call(const TraceEvent& call, Numbers numbers, bool launches_graph);
  // Keeps it until tell(). `extra` needs no operation, and holds during the call only.
  void add_device_event(const TraceEvent& event, const Extra& extra, std::uint64_t external);

  // Tells all that ran on devices, with its operator and, where the call launched a graph, as part of one. Nothing is
  // kept afterwards.
  void tell(TraceSink& sink);

  // Beyond so many things that ran on devices no more are kept; they have no operator.
  static constexpr std::size_t kMostKept = 50'000'000;
  bool is_full() const { return waiting_.size() >= kMostKept; }

 private:
  struct Operation {
    std::uint64_t external = 0;
    std::int64_t start_ns = 0, end_ns = 0;
    TrackId track{};
    NameId name = kNoName;
  };
  struct Call {
    std::uint64_t correlation = 0, external = 0;
    std::int64_t start_ns = 0;
    TrackId track{};
    bool launches_graph = false;
  };
  struct Waiting {
    TraceEvent event;
    Numbers numbers;
    std::uint64_t bytes = 0, graph_node = 0;
    std::uint32_t launch = 0, collective = 0;  // places in the lists
  };
  struct Collective {
    NameId group = kNoName;
    std::int64_t sequence = kNoNumber;
  };

  // A call whose innermost operator is asked for, on behalf of one that waits.
  struct Asked {
    TrackId track{};
    std::int64_t start_ns = 0;
    std::size_t waiting = 0;
  };

  void count(Numbers numbers);
  std::vector<NameId> find_operators();
  void find_enclosing(std::vector<Asked> asked, std::vector<NameId>& found);
  std::uint32_t launch_number(const Launch& launch);
  const Operation* operation_of(std::uint64_t external, const Call* call, NumberIndex& by_external) const;

  std::vector<Operation> operations_;
  std::vector<Call> calls_;
  std::vector<Waiting> waiting_;
  std::vector<Launch> launches_;
  std::unordered_map<Launch, std::uint32_t, LaunchHash> launch_numbers_;
  std::vector<Collective> collectives_ = {{}};  // the first stands for all that is none
  std::uint64_t equal_ = 0, different_ = 0;     // rows by their two numbers
};

}  // namespace varve
