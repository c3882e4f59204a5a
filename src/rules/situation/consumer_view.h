#pragma once
#include <vector>

#include "model/stack.h"

namespace varve {

// One file that a consumer loads: how it comes there, and what it says about itself.
struct LibraryView {
  const ConsumedLibrary* loaded = nullptr;
  const Binary* binary = nullptr;  // nullptr: the file was not looked into
};

// A consumer with what its files say. Where the stack has no consumers (whole sections were not read), they are made
// from the packages, their binaries and direct dependencies, without names opened late.
struct ConsumerView {
  Consumer consumer;
  std::vector<LibraryView> libraries;  // into `consumer.libraries`, in the same order
  const Environment* environment = nullptr;
  const Package* package = nullptr;
};

// The consumers of a stack with what its binaries say of the files that they load. A stack without consumers (whole
// sections were not read) yields one for each package with a role of framework or extension that has binaries, with
// what those name directly. The views point into `stack`.
std::vector<ConsumerView> consumer_views(const Stack& stack);

}  // namespace varve
