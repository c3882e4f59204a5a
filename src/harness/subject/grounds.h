#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/run_record.h"
#include "world/world.h"

namespace varve {

// What a side is, before anything of it is hidden for a document.
struct PlainSide {
  const std::vector<std::string>& command;
  const std::map<std::string, std::string>& variables;  // of every unit
  const std::string& directory;                         // that its units start in; empty: where Varve stands
};

// What a side runs on besides the machine, into its document, which has its command: the CUDA toolkit that its
// variables lead to, and the image that its command runs in, read where it is a file or a folder.
void record_grounds(const PlainSide& side, const World& world, Variant& document);

}  // namespace varve
