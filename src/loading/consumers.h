#pragma once
#include <string>
#include <vector>

#include "loading/consumer_loading.h"
#include "loading/environment_libraries.h"

namespace varve {

// One consumer for each package with a role of framework or extension of every environment: its extension modules as
// they are imported (those of frameworks first that it needs libraries of), its other libraries one by one, and all
// that these open late. Only where whole sections were read.
void add_package_consumers(const LoadingGround& ground, const std::vector<LibrariesOfEnvironment>& environments,
                           Stack& stack);

// A file as a program, or as any program would open it: a Python stands for that, whose own names some libraries want.
// `dynamic` is its own section. What it loads from elsewhere is added to the stack.
Consumer follow_file(const LoadingGround& ground, const std::string& path, const DynamicSection& dynamic, Stack& stack);

// A running program that has the files `mapped`, and what these would still open; files that are deleted have the
// kernel's mark. What that loads from elsewhere is added to the stack. The caller names the consumer.
Consumer follow_process(const LoadingGround& ground, const std::string& program, const std::vector<std::string>& mapped,
                        Stack& stack);

}  // namespace varve
