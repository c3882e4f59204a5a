#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "binary/loader/loader_search.h"
#include "capture/subject/capture_options.h"
#include "capture/subject/process_files.h"
#include "loading/binaries.h"
#include "model/stack.h"
#include "world/world.h"

namespace varve {

// What the collectors look at.
struct Subject {
  const World& world;  // the running machine: /proc, /sys, the clock
  // The subject's own root; that of the world for the host. A process has its mapped files as they were mapped.
  const Files& files;
  const CaptureOptions& options;                   // the caller's
  std::shared_ptr<const Files> own_files;          // keeps `files`, when it is not the world's
  std::string proc = "/proc/self";                 // or "/proc/1234"
  std::string home;                                // of the subject's user; shortened to ~ in paths
  std::map<std::string, std::string> environment;  // the subject's
  Looked<std::string> cpuinfo;                     // read once: the kernel takes its time to write it
  Looked<std::vector<FileMapping>> mapped;         // by the process
  std::string root_link;                           // of the process: its root as our own has it; empty: no process
  std::vector<Library> libraries;                  // among what is mapped
  std::optional<Image> image;
  std::string start_folder;                       // of an image: where its program starts
  std::vector<std::string> start_paths;           // of an image: what its start puts on LD_LIBRARY_PATH for the program
  std::map<std::string, ReadBinary> read_before;  // by path: files asked for, and of a compressed layer
  // What the loader found about the subject's files, for all collectors.
  std::shared_ptr<LoaderMemory> loader_memory = std::make_shared<LoaderMemory>();
  // A root that holds a machine's /proc and /sys too, as a support bundle does: its files are read as those of a
  // machine, which `world` then is. Regular files under its /dev stand for device nodes.
  bool is_snapshot = false;
};

// Opens what the options name. The world and the options must outlive it.
Result<Subject> open_subject(const World& world, const CaptureOptions& options);

// A subject with another root than the world's and nothing else known yet.
Subject foreign_subject(const World& world, const CaptureOptions& options, std::shared_ptr<const Files> files);

// "host", "process 1234", "root DIR", "image FILE"; home directories shortened.
std::string subject_title(const Subject& subject);

// Whether a root holds what a machine's kernel says of it, besides the files that an image has too.
bool holds_machine(const Files& files);

// The environment of the machine in a snapshot: that of the process whose /proc/self it has, else /etc/environment.
std::map<std::string, std::string> snapshot_environment(const Files& files);

// Where a link of the process (its exe, its cwd) leads in its own root; empty: it cannot be read or leads elsewhere.
std::string process_link(const Subject& subject, std::string_view name);

// A path of a document, whose home directory may be "~", as it is in the subject.
std::string full_path(const Subject& subject, const std::string& path);

}  // namespace varve
