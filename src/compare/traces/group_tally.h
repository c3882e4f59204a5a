#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "compare/traces/common_names.h"
#include "model/answers/trace_comparison.h"

namespace varve {

// Adds up what happened in the same way to the same kernels. Every item that is given is in exactly one group, so that
// the groups sum to what was given.
class GroupTally {
 public:
  using Items = std::vector<const TraceSequence::Item*>;

  GroupTally(const CommonNames& names, const std::vector<Launch>& launches_a, const std::vector<Launch>& launches_b)
      : names_(names), launches_a_(launches_a), launches_b_(launches_b) {}

  // A kernel on both sides; only the sides that are asked for are counted.
  void add_same(const TraceSequence::Item& a, const TraceSequence::Item& b, bool count_a, bool count_b);
  // Kernels for each other, or on one side alone. Where both sides have one list of names, each is the same, with
  // another launch or other shapes.
  void add_group(ExchangeReason reason, const Items& a, const Items& b, bool count_a, bool count_b);
  // A copy or collective.
  void add_other(const TraceSequence::Item& item, bool of_b);

  // All that ran under one name on a side.
  struct Total {
    std::uint32_t name = 0;
    std::uint64_t times = 0;
    std::int64_t ns = 0;
    std::set<Launch> codes;  // registers alone, and of what a compiler wrote block and shared memory
  };
  // What no order is known of: of one name on both sides the same, else one for the other or on one side alone.
  void add_totals(Part part, ExchangeReason reason, std::uint32_t operation, const std::vector<Total>& a,
                  const std::vector<Total>& b);

  // By falling change, for sides of so many units.
  std::vector<ExchangeGroup> take(std::uint64_t units_a, std::uint64_t units_b);

 private:
  struct Key {
    Part part = Part::kernel;
    Exchange exchange = Exchange::same;
    ExchangeReason reason = ExchangeReason::none;
    std::uint32_t operation = kNoToken;
    std::vector<std::uint32_t> a, b;
    Launch code_a, code_b;         // what tells them apart, of one name with two codes
    std::string types_a, types_b;  // what they compute in, of one operation with two types

    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    std::uint64_t a_times = 0, b_times = 0;
    std::vector<std::int64_t> a_ns, b_ns;          // by the places of the key's names
    std::vector<std::int32_t> a_depths, b_depths;  // of operations, where they are known
  };

  Sum& sum_of(const Key& key);
  bool have_one_name(const Items& a, const Items& b) const;
  ExchangeReason reason_of(ExchangeReason reason, const Items& a, const Items& b) const;
  void describe(const Key& key, const Sum& sum, std::uint64_t units_a, std::uint64_t units_b,
                ExchangeGroup& group) const;
  void join_single_kernels();
  ExchangeGroup group_from(const Key& key, const Sum& sum) const;

  const CommonNames& names_;
  const std::vector<Launch>&launches_a_, &launches_b_;
  std::map<Key, Sum> sums_;
  std::unordered_map<std::uint32_t, Sum*> same_;  // of sums_, by name: most of what ran is the same
};

}  // namespace varve
