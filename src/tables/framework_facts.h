#pragma once
#include <map>
#include <string>

namespace varve {

// What may be recorded of what a framework was told, and how it is called: data/framework_facts.json.
struct FrameworkFact {
  std::string title;   // "PyTorch: TF32 in matmul"
  std::string source;  // what the framework was asked: "torch.backends.cuda.matmul.allow_tf32"
};

// By id: "torch.matmul.tf32". Empty where the table cannot be read.
const std::map<std::string, FrameworkFact>& framework_facts();

}  // namespace varve
