#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace varve {

// A part of a kernel's name and what it means; all but `text` is empty when that is not known.
struct KernelNamePart {
  std::string text, meaning;
  std::string what;   // "tile", "types", "layout" …: the kind of thing that it says
  std::string value;  // "128x64"
  std::string known;  // by what it is read: "scheme: …", "template: …", "name", "type"
};

// The parts of a name in its order, by data/kernel_parts.json: namespaces, the words of an identifier, template
// arguments. Empty when nothing of it is known. At most some hundred.
std::vector<KernelNamePart> kernel_name_parts(const std::string& kernel_name);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_kernel_parts();

}  // namespace varve
