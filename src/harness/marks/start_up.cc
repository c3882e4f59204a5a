#include "harness/marks/start_up.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/embedded.h"

namespace varve {

Status lay_start_up(const std::string& folder, std::string_view hook) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  bool good = !problem;
  for (const auto& [name, source] :
       {std::pair<const char*, std::string_view>("/sitecustomize.py", "src/harness/marks/start_up.py"),
        std::pair<const char*, std::string_view>("/varve_hook.py", hook)}) {
    std::ofstream file(folder + name);
    file << embedded_file(source);
    file.close();
    good = good && file.good();
  }
  if (good) return Done{};
  return Error{"writing the start-up hook", folder, problem ? problem.message() : "it could not be written",
               "set TMPDIR to a directory that can be written"};
}

std::string python_path_behind(const std::string& folder, std::string_view set) {
  return set.empty() ? folder : folder + ":" + std::string(set);
}

}  // namespace varve
