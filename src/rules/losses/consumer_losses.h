#pragma once
#include <string>
#include <vector>

#include "rules/situation/consumer_view.h"
#include "rules/situation/library_facts.h"

namespace varve {

// What becomes of a consumer for lack of a library, the worst first.
enum class LossEffect {
  start,       // it does not start, or cannot be imported
  use,         // it fails where the library is used first
  gpu_part,    // the file that needs it does not load: the work is done on the CPU, or fails where it is used
  side_piece,  // others of its files do without
};

// A library that is not found, or that lacks symbols, and what that means.
struct Loss {
  LossEffect effect = LossEffect::side_piece;
  const ConsumedLibrary* library = nullptr;  // without a path: not found; else one with undefined symbols
  std::string part;       // the path of the file that does not load for it; empty: the library itself
  bool by_name = false;   // opened by name, not needed by a file
  bool at_start = false;  // the start, or the import, is known to load that file
  bool damage = false;    // of an installation that is not whole, whatever the machine
  // Of a side piece: a module that programs import by itself, and that lacks a library of CUDA's own or one that its
  // package asks for. What is a product of its own (cuTENSOR, NCCL) and asked for by nobody is left out on purpose.
  bool of_api = false;

  bool is_missing() const { return library->path.empty(); }
};

// The only computation of it: verdicts and findings read what it says. Libraries of the driver are the driver's. A name
// that is opened late and not found counts where the file that opens it cannot do without: a part of the same family,
// a file that its own package lists, a library of CUDA that the consumer's own files open and that its packages ask for
// or its environment holds where nothing looks.
std::vector<Loss> losses_of(const ConsumerView& view, const LibraryIndex& index);

}  // namespace varve
