#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "toolkit/shell_exports.h"
#include "toolkit/toolkit_link.h"
#include "toolkit/toolkit_selection.h"

namespace varve {

// The answers of varve toolkit for programs (schema/toolkits.schema.json). Paths are whole: they are for scripts on
// this machine, not for sharing.
Json toolkits_json(const ToolkitSurvey& survey);  // list, which
Json toolkit_variables_json(const InstalledToolkit& toolkit, const std::vector<VariableChange>& changes);  // env
Json toolkit_module_json(const InstalledToolkit& toolkit, const std::string& file);                        // --module

struct LinkAnswer {
  LinkPlan plan;
  LinkMove move;
  bool dry_run = false;
};
Json toolkit_link_json(const InstalledToolkit& toolkit, const LinkAnswer& answer, const ToolkitSurvey& after);  // use

}  // namespace varve
