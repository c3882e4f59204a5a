#include "model/json/answers/noise_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace varve {

namespace {
const char* grade_word(NoiseItem::Grade grade) {
  switch (grade) {
    case NoiseItem::Grade::good:
      return "good";
    case NoiseItem::Grade::look:
      return "look";
    case NoiseItem::Grade::bad:
      return "bad";
    case NoiseItem::Grade::unknown:
      break;
  }
  return "unknown";
}
}  // namespace

Json noise_to_json(const NoiseReport& report, const std::string& created_at) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  Json items = Json::array();
  for (const NoiseItem& item : report.items) {
    items.push_back({{"name", item.name},
                     {"found", clean_utf8(item.found)},
                     {"grade", grade_word(item.grade)},
                     {"mend", item.mend}});
  }
  return {{"schema", "varve/noise/1"},
          {"created_at", created_at},
          {"level", noise_level(report)},
          {"resolved", number(report.resolved)},
          {"cpu_spread", number(report.cpu_spread)},
          {"memory_spread", number(report.memory_spread)},
          {"repetitions", report.canaries},
          {"seconds", number(report.seconds)},
          {"items", items}};
}

}  // namespace varve
