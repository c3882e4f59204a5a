#pragma once
#include <string>

#include "base/result.h"
#include "world/file_reader.h"

namespace varve {

// The GNU build id (note NT_GNU_BUILD_ID) of an ELF file in hexadecimal, by a few small preads of its headers;
// "" when it has none. Error when the file is no ELF file or its headers point outside it. `where` names it in
// messages.
Result<std::string> read_build_id(const FileReader& reader, const std::string& where);

}  // namespace varve
