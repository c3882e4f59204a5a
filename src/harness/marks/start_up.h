#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace varve {

// What Python imports before a program: FOLDER with start_up.py as its sitecustomize.py, which starts `hook`, an
// embedded file ("src/harness/marks/marks_hook.py"), once PYTHONPATH names the folder.
Status lay_start_up(const std::string& folder, std::string_view hook);

// PYTHONPATH with the folder in front of what is there already.
std::string python_path_behind(const std::string& folder, std::string_view set);

}  // namespace varve
