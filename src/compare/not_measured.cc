#include "compare/not_measured.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace varve {

namespace {
bool is_script(const std::string& path) {
  static constexpr const char* kEndings[] = {".py", ".sh", ".pl", ".rb", ".js", ".lua", ".R", ".jl", ".ipynb"};
  return std::any_of(std::begin(kEndings), std::end(kEndings), [&](const char* end) { return path.ends_with(end); });
}

// "python -m package.module"
std::string module_of(const Variant& variant) {
  const auto flag = std::find(variant.command.begin(), variant.command.end(), "-m");
  const bool named = file_name(variant.program).starts_with("python") && flag != variant.command.end();
  return named && flag + 1 != variant.command.end() ? *(flag + 1) : std::string();
}
}  // namespace

std::string benchmark_of(const Run& run, const Variant& variant) {
  const bool given =
      !run.name.empty() && std::none_of(run.variants.begin(), run.variants.end(), [&](const Variant& each) {
        return run.name == each.program || (!each.command.empty() && run.name == each.command.front());
      });
  if (given) return run.name;
  for (const NamedFile& file : variant.files) {
    if (is_script(file.path)) return file_name(file.path);
  }
  if (const std::string module = module_of(variant); !module.empty()) return module;
  const std::string& program =
      variant.program.empty() && !variant.command.empty() ? variant.command.front() : variant.program;
  return file_name(program);
}

std::vector<std::string> why_not_measured(const Sides& sides, const std::vector<ControlItem>& items) {
  std::vector<std::string> faults;
  const std::string a = benchmark_of(*sides.run_a, *sides.variant_a);
  const std::string b = benchmark_of(*sides.run_b, *sides.variant_b);
  const std::string& metric_a = sides.run_a->protocol.primary_metric;
  const std::string& metric_b = sides.run_b->protocol.primary_metric;
  if (!sides.one_document && a != b && metric_a != metric_b) {
    faults.push_back(
        fmt::format("these are two different benchmarks: {} measures {}, {} measures {}", a, metric_a, b, metric_b));
  }
  for (const ControlItem& item : items) {
    if (item.id != "work" || item.state != ItemState::different) continue;
    faults.push_back(fmt::format("the sides did unequal work in a unit: {} against {}", item.a, item.b));
  }
  for (std::string& difference : work_differences(sides, metric_a)) faults.push_back(std::move(difference));
  if (sides.failed > 0) {
    faults.push_back(fmt::format("{} {} failed: the rest is a choice among units, and no measurement of the command",
                                 sides.failed, sides.failed == 1 ? "unit" : "units"));
  }
  return faults;
}

}  // namespace varve
