#pragma once
#include <string>
#include <vector>

#include "model/environment.h"

namespace varve {

// A thing with a version that an image or a toolkit is made of, and that moves with it.
struct Component {
  std::string name;  // "torch", "cublas", "Debian"
  std::string version;
  PackageRole role = PackageRole::library;
  std::string because = {};  // the component that asks for it; empty: nobody that is known

  bool operator==(const Component&) const = default;
};

// The image that a side's command runs in: "docker run IMAGE", "apptainer exec IMAGE".
struct ContainerImage {
  std::string program;                // that runs it: "apptainer"
  std::string reference;              // as the command names it, home shortened
  int argument = 0;                   // of the command, from 1
  std::string digest;                 // of its manifest, or of the file that it is; empty: not known
  std::vector<Component> components;  // frameworks first
  std::string missing;                // why its components are not known; empty: they are
};

}  // namespace varve
