#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/toolkit_record.h"

namespace varve {

enum class ToolkitKind { host, conda, wheels };
std::string_view to_string(ToolkitKind kind);

// Where the parts of a toolkit stand, each really there.
struct ToolkitLayout {
  std::string programs;                // the folder with nvcc, or ptxas where there is no nvcc; empty: neither
  std::vector<std::string> headers;    // folders to compile with
  std::vector<std::string> libraries;  // to link with and load from; none of the system's, no whole conda prefix
  std::vector<std::string> missing;    // of what compiling takes: nvcc, ptxas, cicc, cuda_runtime.h, libcudart
  bool has_nvcc = false;

  bool is_complete() const { return missing.empty(); }
};

struct InstalledToolkit {
  Toolkit toolkit;  // its path as it is, home directories not shortened
  ToolkitKind kind = ToolkitKind::host;
  std::string environment;  // the path of the venv, prefix or folder of packages it belongs to; empty for a host's
  ToolkitLayout layout;
  bool own_prefix = false;  // whatever lies below its path is the toolkit's
};

// Something that names a toolkit to build or run with.
struct ToolkitClaim {
  std::string source;   // "CUDA_HOME", "nvcc on PATH", "/usr/local/cuda", "LD_LIBRARY_PATH", "LOADEDMODULES"
  std::string toolkit;  // the path of the toolkit it leads to, links resolved; empty: none was found there
  std::string said;     // what it says, where that is no path: "cuda/12.4.1"
};

// Somebody who builds, and the toolkit taken by the order in which it looks.
struct ToolkitUser {
  std::string who;                    // "PyTorch extensions"
  std::string order;                  // where it looks: "CUDA_HOME, CUDA_PATH, nvcc on PATH, /usr/local/cuda"
  std::optional<ToolkitClaim> claim;  // the one that decides, perhaps one that leads nowhere; nothing: none of these
};

// Every toolkit of a root and everything that names one: the answer of varve toolkit list and which.
struct ToolkitSurvey {
  std::vector<InstalledToolkit> toolkits;  // the host's first, then those of environments, by path; each once
  // In the order in which builds look. Names that lead to no toolkit too: `toolkit` is empty, `said` is what they say.
  std::vector<ToolkitClaim> claims;
  std::vector<ToolkitUser> users;
  bool variables_known = true;  // no: of a root, which has none

  const InstalledToolkit* at(std::string_view path) const;  // nullptr: none there
  const ToolkitClaim* active() const;                       // the first that leads to a toolkit, or nullptr
  // Whether all users take the same toolkit, and no variable of the shell names another. What stands behind those
  // that decide (the link, where CUDA_HOME is set) does not count.
  bool agrees() const;
};

// A variable as it is and as it has to be; without a value: not set.
struct VariableChange {
  std::string name;
  std::optional<std::string> before, after;
};

// The answer of varve toolkit env: what makes a shell use the toolkit.
struct ToolkitVariables {
  InstalledToolkit toolkit;
  std::vector<VariableChange> changes;
};

// The answer of varve toolkit env --module.
struct ToolkitModule {
  InstalledToolkit toolkit;
  std::string file;  // that was written
};

// The answer of varve toolkit use.
struct ToolkitLink {
  InstalledToolkit toolkit;
  std::string link, target;  // absolute
  std::string before;        // where the link led; empty: there was none
  std::string kept;          // where the directory that stood there is now; empty: there was none
  bool changed = false, dry_run = false;
  std::vector<ToolkitClaim> others;  // that still lead elsewhere, or nowhere
};

// "12.4", or "version not stated".
std::string toolkit_version_text(const Toolkit& toolkit);
// "/usr/local/cuda-12.4 (12.4.1)"
std::string toolkit_title(const InstalledToolkit& installed);

}  // namespace varve
