#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace varve {

// A function that was seen on a stack.
struct CallerFunction {
  std::string name;     // demangled; empty: it has no symbol
  std::string library;  // path of the file as mapped

  auto operator<=>(const CallerFunction&) const = default;
};

// The stacks of many samples, each a path from where its thread began to the function that was running: what they have
// in common is kept once. Stacks are named by their innermost node.
class CallerTree {
 public:
  static constexpr std::uint32_t kNone = 0;  // the root: nothing is known

  std::uint32_t function(CallerFunction function);
  // The node of a function called from a node; kNone when the tree is full (4 million nodes).
  std::uint32_t called(std::uint32_t caller, std::uint32_t function);

  std::uint32_t caller_of(std::uint32_t node) const { return nodes_[node].caller; }
  std::uint32_t function_of(std::uint32_t node) const { return nodes_[node].function; }  // not of the root
  const CallerFunction& operator[](std::uint32_t function) const { return functions_[function]; }
  std::size_t functions() const { return functions_.size(); }
  std::size_t size() const { return nodes_.size(); }

 private:
  struct Node {
    std::uint32_t caller = kNone, function = 0;
  };
  std::deque<CallerFunction> functions_;
  std::map<CallerFunction, std::uint32_t> known_functions_;
  std::vector<Node> nodes_ = {Node{}};
  std::unordered_map<std::uint64_t, std::uint32_t> known_nodes_;  // by caller and function
};

}  // namespace varve
