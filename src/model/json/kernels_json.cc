#include <nlohmann/json.hpp>

#include "base/json.h"
#include "model/answers/kernels_record.h"
#include "model/json/documents.h"
#include "model/json/json_parts.h"

namespace varve {

namespace {
Json source_to_json(const TraceSource& source) {
  Json damage = Json::array();
  for (const TraceDamage& one : source.damage) damage.push_back({{"at", one.at}, {"what", one.what}});
  return {{"file", source.file},
          {"format", source.format},
          {"facts", facts_to_json(source.facts)},
          {"damaged", source.damaged},
          {"damage", std::move(damage)}};
}
}  // namespace

Json to_json(const KernelsRecord& record) {
  Json sources = Json::array();
  for (const TraceSource& source : record.sources) sources.push_back(source_to_json(source));
  return {{"schema", kKernelsSchema},
          {"tool", tool_to_json(record.tool_version)},
          {"sources", std::move(sources)},
          {"kernels", kernels_to_json(record.record.kernels)},
          {"profiles", profiles_to_json(record.record.profiles)}};
}

}  // namespace varve
