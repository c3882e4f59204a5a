#pragma once
#include <string>

#include "rules/losses/consumer_files.h"

namespace varve {

// Names that a consumer's files open when they run, and what it means that one is not found.

// Opened by a module that binds this library and nothing else: that module alone cannot be used.
bool is_bound(const ConsumedLibrary& library);

// Whether the consumer's code puts the name together, and sees no GPU where the library is not there.
bool is_made_up(const ConsumerFiles& files, const std::string& name);

// Whether somebody has seen to it: a package lists it, or the consumer's asks for a wheel that holds it.
bool is_expected(const ConsumerFiles& files, const std::string& name);

// A product of its own (NCCL) that a library of another package needs, which something opens by name, and that neither
// package asks for: who wants that part (libcutensorMp.so.2, for several processes) installs it.
bool is_choice_of_another(const ConsumerFiles& files, const ConsumedLibrary& wanted);

// A file that its package lists and that was taken away, or is no library any more.
bool is_listed_and_gone(const ConsumerFiles& files, const ConsumedLibrary& wanted);

// A file that says by its name that it is the part for CUDA of something that has others: libbitsandbytes_cuda128.so,
// libonnxruntime_providers_cuda.so. So is what compiles for GPUs (ptxas, libdevice.10.bc). Without a GPU nobody misses
// it.
bool is_part_for_cuda(const ConsumerFiles& files, const std::string& name);

// A member of its asker's own family that is opened by name and would not be there.
bool is_missing_part(const ConsumerFiles& files, const LibraryView& library);

// A name that is opened late and not found, and without which what opens it fails.
bool fails_at_use(const ConsumerFiles& files, const LibraryView& library);

// A library of CUDA that is not found and without which what opens it goes on.
bool opens_in_vain(const ConsumerFiles& files, const LibraryView& library);

// A framework that opens its CUDA libraries by name and finds none of them runs on the CPU without a word. So does a
// package whose only files with GPU code do (qoco-cuda).
bool finds_no_cuda(const ConsumerFiles& files);

}  // namespace varve
