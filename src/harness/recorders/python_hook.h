#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/recorders/framework_facts.h"

namespace varve {

// The start-up hook in the folder of a recorded unit: FOLDER/hook, which stands first on PYTHONPATH
// (harness/marks/start_up.h), and FOLDER/hook/out, where it writes. What the hook does says start_up_hook.py; files
// that lie beside it see to PyTorch.

// When the hook is to open PyTorch's profiler itself, where PyTorch does not ask: on the monotonic clock.
struct HookWindow {
  double start_seconds = 0, length_seconds = 0;
  // Whether PyTorch asks or not: one window after the other is open, each for so long at most, until the program has
  // written a number to $VARVE_METRICS, and for these seconds after it.
  std::optional<double> held_seconds = std::nullopt;
};

// `window` nothing: the hook only writes facts.
Status lay_hook(const std::string& folder, std::optional<HookWindow> window);

// PYTHONPATH with the hook in front of what is there.
std::string hooked_python_path(const std::string& folder, const std::map<std::string, std::string>& environment);

// Messages between the hook of a process and Varve: "asked" (PyTorch asks by itself; from Varve), "own" (the program
// opened a profiler), "opened" (the hook did; which threads it shows), "others" (what threads used that it does not
// show), "instead" (because nothing came of a window that PyTorch was asked for), "failed" (with a text), "window"
// (PyTorch was asked for one; from Varve, with its end on the monotonic clock: the process does not end before its
// trace is written).
void note_to_hook(const std::string& folder, std::string_view what, int process, std::string_view text = {});
bool has_hook_noted(const std::string& folder, std::string_view what, int process);
// Whether a process is at its end: it has said what its framework was told.
bool is_process_ending(const std::string& folder, int process);

// What the hooks of all processes left.
struct HookTraces {
  std::vector<ToldFacts> told;        // by process
  std::vector<std::string> traces;    // paths that hooks wrote of windows they opened
  std::vector<std::string> instead;   // numbers of the processes in which hooks took over from PyTorch's own window
  std::vector<std::string> failures;  // what went wrong in hooks, and files that could not be read
  bool any_own = false, any_opened = false, any_asked = false;
  bool shows_every_thread = true;    // windows that hooks opened; else of each the main thread
  double unseen_thread_seconds = 0;  // CPU time of the programs' other threads in windows that do not show them
};
HookTraces read_hook(const std::string& folder, std::string_view home);

}  // namespace varve
