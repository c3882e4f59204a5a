#pragma once
#include <string>

#include "disclosure/read_disclosure.h"
#include "model/stack.h"
#include "tables/knowledge.h"

namespace varve {

// What a text says of a machine as a stack: facts of standing "declared" (or "inferred", with what from) whose sources
// are lines of the text. What it does not say was not asked: no fact is taken from the machine at hand. `name`: of the
// text, for the subject: "text ISSUE.md". Conflicts between parts are added to `disclosure`.
Stack stack_of_text(Disclosure& disclosure, const std::string& name, const Knowledge& knowledge);

// The GPUs that its parts list, brought together (in text_gpus.cc). NVIDIA's tools and CUDA number GPUs differently:
// lists are matched by number, else by model; what belongs to no GPU of the longest list is a conflict.
std::vector<Gpu> gpus_of_text(Declared& declared);
// How many GPUs its parts say that there are: more than are listed, where one was asked about. 0: they do not say.
std::int64_t counted_in_text(const Declared& declared);
// Its lists of packages (in text_packages.cc): lists that do not contradict each other are one environment.
std::vector<Environment> environments_of_text(Declared& declared, const Knowledge& knowledge);

// Whether its container was given the GPU, and what the image asks for (in text_container.cc).
void set_container(const Declared& declared, Stack& stack, const Knowledge& knowledge);

// What was read, and what the text leaves open with the command that would tell it (in text_questions.cc).
TextAccount account_of_text(const Disclosure& disclosure, const Stack& stack);

}  // namespace varve
