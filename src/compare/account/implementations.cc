#include "compare/account/implementations.h"

#include <map>

namespace varve {

namespace {
// "aten::mm [[2,3],[3,4]]" without its shapes.
std::string operation_name(const Kernel& kernel) {
  const std::string& name = kernel.key.name;
  return name.substr(0, name.find(" ["));
}

// Time from beginning to end of every operation of a family, in the units that were recorded.
std::map<std::string, std::int64_t> recorded_operations(const Run& run, const Variant& variant, Family family) {
  std::map<std::string, std::int64_t> times;
  for (const Unit& unit : run.units) {
    if (unit.role != UnitRole::evidence || unit.variant != variant.name) continue;
    for (const auto& [kind, profile] : unit.profiles.by_kind) {
      if (kind.quantity != Quantity::call_time) continue;
      for (const ProfileRow& row : profile.rows) {
        const Kernel& kernel = run.kernels[row.key.kernel];
        if (row.key.activity != Activity::operation || kernel.meaning.family != family) continue;
        std::int64_t& time = times[operation_name(kernel)];
        time = add_ns(time, add_ns(row.time.total_ns, row.nested_ns));
      }
    }
  }
  return times;
}

std::string largest_without(const std::map<std::string, std::int64_t>& times,
                            const std::map<std::string, std::int64_t>& others) {
  std::string largest;
  std::int64_t most = 0;
  for (const auto& [name, time] : times) {
    if (others.contains(name) || time <= most) continue;
    largest = name;
    most = time;
  }
  return largest;
}

Family family_in(const KernelTable& kernels, const std::string& operation) {
  for (const Kernel& kernel : kernels.kernels()) {
    if (short_name(kernel.key.name) == operation) return kernel.meaning.family;
  }
  return Family::other;
}
}  // namespace

Family family_of_operation(const Sides& sides, const std::string& operation) {
  if (operation.empty()) return Family::other;
  const Family of_a = family_in(sides.run_a->kernels, operation);
  return of_a != Family::other ? of_a : family_in(sides.run_b->kernels, operation);
}

std::string exchanged_implementation(const Sides& sides, Family family) {
  if (family != Family::attention) return "";
  const auto a = recorded_operations(*sides.run_a, *sides.variant_a, family);
  const auto b = recorded_operations(*sides.run_b, *sides.variant_b, family);
  const std::string only_a = largest_without(a, b), only_b = largest_without(b, a);
  // One fused kernel that was given a longer name: _scaled_dot_product_flash_attention and the same … _for_cpu.
  const bool renamed = only_a.starts_with(only_b) || only_b.starts_with(only_a);
  return renamed ? "" : only_a + " → " + only_b;
}

}  // namespace varve
