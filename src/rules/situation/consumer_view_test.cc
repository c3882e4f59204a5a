#include "rules/situation/consumer_view.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

Dependency needs(const std::string& name, const std::string& path) {
  return {.name = name, .path = path, .why = path.empty() ? "not found" : "RPATH"};
}

// A document without consumers. Of two modules one finds a library on its own path, and the other takes what is loaded:
// nvfuser's module in the wheels of torch 2.1, and libnvToolsExt. The third is held, and found by neither: torchao's
// modules, and torch's libraries.
TEST(ConsumerViews, OfAListLackNothingThatTheEnvironmentHolds) {
  Package torch;
  torch.name = "torch";
  torch.role = PackageRole::framework;
  torch.cuda = known_fact(std::string("12.1"), "test");
  Environment environment;
  environment.path = "/env";
  environment.packages = {torch};
  Stack stack;
  stack.environments = {environment};
  for (const auto& [path, tools] : {std::pair("/env/nvfuser/_C.so", ""), {"/env/torch/_C.so", "/env/libtools.so.1"}}) {
    Binary module;
    module.path = path;
    module.environment = "/env";
    module.package = "torch";
    module.dependencies = {needs("libtools.so.1", tools), needs("libabsent.so.1", ""), needs("libheld.so", "")};
    stack.binaries.push_back(module);
  }
  Binary held;
  held.path = "/env/other/libheld.so";
  held.environment = "/env";
  held.package = "other";
  stack.binaries.push_back(held);
  const std::vector<ConsumerView> views = consumer_views(stack);
  ASSERT_EQ(views.size(), 1u);
  std::vector<std::string> lacking;
  for (const LibraryView& library : views[0].libraries) {
    if (library.loaded->path.empty()) lacking.push_back(library.loaded->name);
  }
  EXPECT_EQ(lacking, std::vector<std::string>{"libabsent.so.1"});
}

}  // namespace
}  // namespace varve
