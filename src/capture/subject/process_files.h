#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "world/files.h"

namespace varve {

// A file that a process has mapped.
struct FileMapping {
  // As the process's own root has it, with the kernel's mark (kDeletedMark) where the file is deleted.
  std::string path;
  std::string link;         // to the mapping: "/proc/77/map_files/55ec90d5f000-55ec90d61000"
  bool executable = false;  // one of its mappings is
  int count = 1;            // mappings of it
  bool deleted = false;     // the file was removed or replaced while it was mapped
  bool replaced = false;    // and another one stands under its name now
  bool outside = false;     // mapped before the process changed its root: `path` is that of our root
};

// The files that a process has mapped at this moment, by path. `proc`: "/proc/77"; `root`: that of the process, nullptr
// where it cannot be opened. Left out are what the kernel makes itself ([vdso], anon_inode:) and devices: opening one
// of those can do something.
Looked<std::vector<FileMapping>> mapped_files(const Files& files, const std::string& proc, const Files* root);

// A path as the kernel tells it of a process, which is the way from our root, as the process's own root has it: with
// "/srv/jail" as `root_link` (the text of /proc/77/root), "/srv/jail/usr/bin/python3" is "/usr/bin/python3". Nothing:
// it does not lie in that root.
std::optional<std::string> path_in_root(std::string_view path, std::string_view root_link);

// The root of a process with its mapped files as it has them: those are reached through their mappings where that is
// permitted (it takes CAP_CHECKPOINT_RESTORE), deleted ones too; else by name, as long as the name leads to them.
// `files` must live longer.
std::unique_ptr<Files> files_of_process(const Files& files, std::unique_ptr<Files> root,
                                        const std::vector<FileMapping>& mapped);

}  // namespace varve
