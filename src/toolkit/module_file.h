#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "toolkit/toolkit_selection.h"
#include "world/files.h"

namespace varve {

enum class ModuleLanguage {
  tcl,  // Environment Modules, and Lmod too
  lua,  // Lmod alone
};

// The name below a folder of module files: "cuda/12.4.1", "cuda/12.4.1.lua".
std::string module_name(const InstalledToolkit& toolkit, ModuleLanguage language);

// The file for a toolkit in a folder of module files: "DIR/cuda/12.4.1", or, where that is one written here for another
// toolkit of this version, "DIR/cuda/12.4.1-NAME" with the name of the toolkit's folder.
std::string module_file_for(const Files& files, const std::string& folder, const InstalledToolkit& toolkit,
                            ModuleLanguage language);

// A module file that does what toolkit_variables does in a shell without another toolkit: modulefile(4) of Environment
// Modules 5, or Lmod 8. Loading it while another module called cuda is loaded is a conflict. Error: a path that such a
// file cannot hold (a colon).
Result<std::string> module_text(const InstalledToolkit& toolkit, ModuleLanguage language);

// Whether the text is that of a module file written here, which may be written again.
bool is_own_module(std::string_view text);

}  // namespace varve
