#pragma once
#include <optional>
#include <string>
#include <vector>

namespace varve {

// What --kernels asks for: the best recorder that works here, one by name, what needs no CUPTI, or nothing at all, CPU
// samples included.
enum class KernelsWay { automatic, torch, cuda, cpu, none };

std::vector<std::string> kernels_way_words();  // "auto", "torch" …, in their order
std::optional<KernelsWay> kernels_way_from(const std::string& word);

}  // namespace varve
