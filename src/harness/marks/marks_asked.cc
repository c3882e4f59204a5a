#include "harness/marks/marks_asked.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace varve {

namespace {
constexpr double kMostTelling = 0.001;  // of a timing unit

// Whether a unit of any side loaded PyTorch into a Python.
bool has_used_torch(const std::vector<Unit>& units) {
  return std::any_of(units.begin(), units.end(), [](const Unit& unit) {
    return std::any_of(unit.libraries.begin(), unit.libraries.end(), [](const Library& library) {
      return file_name(library.path).starts_with("libtorch_python.so");
    });
  });
}

// Whether the steps that a program marks are the window of a unit of this role.
bool is_by_marks(const std::vector<Unit>& units, UnitRole role) {
  return std::any_of(units.begin(), units.end(),
                     [&](const Unit& unit) { return unit.role == role && unit.window && !unit.window->marks.empty(); });
}
}  // namespace

MarksAsked marks_of_others(const std::vector<Unit>& units) {
  return has_used_torch(units) ? MarksAsked::by_nvtx_and_torch : MarksAsked::by_nvtx;
}

TimingMarks marks_of_timing(const std::vector<Unit>& units, double most_telling) {
  const bool began_so = is_by_marks(units, UnitRole::timing);
  if (!began_so && !is_by_marks(units, UnitRole::warmup)) return {};
  if (began_so || most_telling <= kMostTelling) return {.asked = marks_of_others(units), .why_not = ""};
  return {.asked = MarksAsked::nothing,
          .why_not = fmt::format("the program marks its steps, but telling of them would take up to {} of a unit: "
                                 "timing units are not asked, and what is sampled of them is of the whole unit",
                                 format_percent(most_telling))};
}

}  // namespace varve
