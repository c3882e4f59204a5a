#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/kernels/kernel.h"

namespace varve {

// The name by which a kernel is known whoever traced it: demangled as far as it goes, and in one spelling
// (model/kernels/kernel_spelling.h). At most about 1 000 bytes: a longer one is cut and ends in "…" and 8 digits of the
// whole name's SHA-256. What is no C++ name stays as it is.
std::string normalised_kernel_name(const std::string& raw);

// Whether the name, as a trace writes it, may be of the family collective: false only where none of the words stands in
// it that its patterns need. Much cheaper than to ask what the name says.
bool may_be_collective(const std::string& raw);

// Whether a name is known to be as normalised_kernel_name() writes it, which spares spelling it again.
enum class NameSpelling { any, canonical };

// What a kernel's name says by data/kernel_patterns.json. `name` is demangled; the
// shapes behind an operation ("aten::mm [[8,64],[64,8]]") say nothing. Answers are kept, so asking again is
// cheap. Safe to call from several threads.
KernelMeaning kernel_meaning(std::string_view name, NameSpelling spelling = NameSpelling::any);

// Of the fields of a KernelMeaning that a name says ("family", "precision" …) the source of the row that said it.
using KernelMeaningSources = std::map<std::string, std::string>;
// Not kept: for explaining one name. `name` as above.
KernelMeaningSources kernel_meaning_sources(const std::string& name);

// Reads the table now and not at its first use. Error: what is wrong with it.
Status load_kernel_patterns();

}  // namespace varve
