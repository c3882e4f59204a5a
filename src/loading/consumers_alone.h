#pragma once
#include <string>
#include <vector>

#include "binary/elf/dynamic_section.h"
#include "loading/loading_ground.h"
#include "model/stack.h"

namespace varve {

// A file as a program, or as any program would open it: a Python stands for that, whose own names some libraries want.
// `dynamic` is its own section. What it loads from elsewhere is added to the stack.
Consumer follow_file(const LoadingGround& ground, const std::string& path, const DynamicSection& dynamic, Stack& stack);

// A running program that has the files `mapped`, and what these would still open; files that are deleted have the
// kernel's mark. What that loads from elsewhere is added to the stack. The caller names the consumer.
Consumer follow_process(const LoadingGround& ground, const std::string& program, const std::vector<std::string>& mapped,
                        Stack& stack);

}  // namespace varve
