#include "package/environment_pointers.h"

#include <algorithm>
#include <set>

#include "base/at_once.h"
#include "base/text.h"

namespace varve {

namespace {
constexpr std::size_t kMostPointing = 1024, kMostText = std::size_t{64} << 10;
constexpr std::size_t kMostProcesses = 4096;
constexpr std::string_view kBetweenWords = " \t\n\r\"'=:;,()[]{}`<>|&$";

class Pointers {
 public:
  Pointers(const Files& files, const std::vector<std::string>& homes) : files_(files), homes_(homes) {}

  std::vector<EnvironmentPointer> of_files() {
    for (const char* file : {"/etc/environment", "/etc/bash.bashrc", "/etc/profile", "/etc/crontab"}) read(file, "");
    for (const char* folder : {"/etc/profile.d", "/etc/systemd/system", "/usr/local/lib/systemd/system",
                               "/etc/supervisor/conf.d", "/etc/cron.d"}) {
      read_folder(folder, "");
    }
    read_kernels("/usr/local/share/jupyter/kernels", "");
    read_kernels("/usr/share/jupyter/kernels", "");
    for (const std::string& home : homes_) {
      for (const char* file :
           {".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".config/fish/config.fish"}) {
        read(home + "/" + file, home);
      }
      read_folder(home + "/.config/systemd/user", home);
      read_kernels(home + "/.local/share/jupyter/kernels", home);
    }
    return std::move(found_);
  }

  std::vector<EnvironmentPointer> of_processes() {
    read_processes();
    return std::move(found_);
  }

 private:
  std::vector<std::string> names_in(const std::string& folder) const {
    return files_.list(folder).value.value_or(std::vector<std::string>{});
  }

  void read_folder(const std::string& folder, const std::string& home) {
    for (const std::string& name : names_in(folder)) {
      read(folder + "/" + name, home);
      if (!name.ends_with(".d")) continue;
      for (const std::string& part : names_in(folder + "/" + name)) read(folder + "/" + name + "/" + part, home);
    }
  }

  void read_kernels(const std::string& folder, const std::string& home) {
    for (const std::string& name : names_in(folder)) read(folder + "/" + name + "/kernel.json", home);
  }

  void read(const std::string& file, const std::string& home) {
    if (++read_ > kMostPointing) return;
    if (const Looked<std::string> text = files_.read(file, kMostText)) look_at(*text, home, file);
  }

  // The places in a text. "~", "$HOME" and systemd's "%h" are the home directory that the text is of.
  void look_at(const std::string& text, const std::string& home, const std::string& found_by) {
    std::size_t at = 0;
    while ((at = text.find("/bin/", at)) != std::string::npos) {
      std::size_t begin = text.find_last_of(kBetweenWords, at);
      begin = begin == std::string::npos ? 0 : begin + 1;
      std::string place = text.substr(begin, at - begin);
      at += 5;
      for (const char* sign : {"~/", "HOME/", "HOME}/", "%h/"}) {
        if (place.starts_with(sign) && !home.empty()) place = home + place.substr(std::string_view(sign).size() - 1);
      }
      if (place.starts_with("}/") && !home.empty()) place = home + place.substr(1);  // of "${HOME}/"
      add(place, found_by);
    }
  }

  void add(const std::string& place, const std::string& found_by) {
    if (!place.starts_with('/') || !seen_.insert(place).second) return;
    if (files_.exists(place + "/pyvenv.cfg") || files_.exists(place + "/conda-meta")) {
      found_.push_back({place, found_by});
    }
  }

  // The first two words of the command line: a program, or what it interprets; and what was activated before it. The
  // kernel takes its time to collect these texts: they are asked for on all processors.
  void read_processes() {
    struct Process {
      std::string name;
      std::string line = {}, variables = {};
    };
    std::vector<Process> processes;
    for (const std::string& name : names_in("/proc")) {
      if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (processes.size() == kMostProcesses) break;
      processes.push_back({name});
    }
    for_each_at_once(processes.size(), [&](std::size_t i) {
      Process& process = processes[i];
      const std::string folder = "/proc/" + process.name;
      process.line = files_.read(folder + "/cmdline", kMostText).value.value_or("");
      if (process.line.empty()) return;  // a thread of the kernel
      process.variables = files_.read(folder + "/environ", kMostText).value.value_or("");
    });
    for (const Process& process : processes) {
      const std::string found_by = "process " + process.name;
      if (process.line.empty()) continue;
      const std::vector<std::string_view> words = split(process.line, '\0');
      for (std::size_t i = 0; i < std::min<std::size_t>(words.size(), 2); ++i) {
        look_at(std::string(words[i]), "", found_by);
      }
      for (const std::string_view row : split(process.variables, '\0')) {
        for (const std::string_view variable : {std::string_view("VIRTUAL_ENV="), std::string_view("CONDA_PREFIX=")}) {
          if (row.starts_with(variable)) add(std::string(row.substr(variable.size())), found_by);
        }
      }
    }
  }

  const Files& files_;
  const std::vector<std::string> homes_;
  std::vector<EnvironmentPointer> found_;
  std::set<std::string> seen_;
  std::size_t read_ = 0;
};
}  // namespace

std::vector<EnvironmentPointer> environment_pointers(const Files& files, const std::vector<std::string>& homes) {
  return Pointers(files, homes).of_files();
}

std::vector<EnvironmentPointer> process_pointers(const Files& files) { return Pointers(files, {}).of_processes(); }

}  // namespace varve
