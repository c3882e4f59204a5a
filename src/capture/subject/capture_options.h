#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace varve {

enum class SubjectKind {
  host,
  process,      // a running one: what it has loaded, its root, limits and settings
  root,         // a directory that holds a whole file system
  image,        // an OCI layout directory or archive, a docker-save archive
  environment,  // a venv, conda prefix or folder of packages, with the loader's view of this host
  files,        // single binaries
};

struct CaptureOptions {
  bool identify = false;       // keep the host name in the clear
  std::optional<int> process;  // set for SubjectKind::process
  SubjectKind kind = SubjectKind::host;
  std::string path;                // of a root, an image or an environment
  std::vector<std::string> files;  // for SubjectKind::files
  bool coverage = false;           // read which GPUs each binary's code serves (headers only)
  bool exact = false;              // read whole sections: code that really is there, static runtimes, names opened late
  bool verify = false;             // compute an image's digests
  bool machine_only = false;       // no environments and no libraries of toolkits: only what they would run on
  bool processes = false;          // the host's processes that hold a CUDA driver or runtime
  std::optional<bool> handshake;   // nothing: where a GPU is seen
  bool ask_driver = true;          // NVML, libcuda and its compiler, each in a child; never for a foreign root
  std::string cache_folder;        // of exact passes, one small file a build id; empty: none
  std::function<void(const std::string& what, double share)> progress;  // of what takes long; share 0 to 1
};

}  // namespace varve
