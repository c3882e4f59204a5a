#pragma once
#include <string>
#include <utility>
#include <vector>

#include "rules/judgement.h"

// Small stacks for tests of rules.
namespace varve::testing {

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A stack that is machine and subject at once, and the knowledge to judge it by.
struct Scene {
  Stack stack;
  Knowledge knowledge;

  Scene& fact(const std::string& id, Value value) {
    stack.facts[id] = known_fact(std::move(value), "test");
    return *this;
  }
  Scene& setting(const std::string& name, const std::string& value) { return fact("settings." + name, value); }
  Scene& gpu(const std::string& model, const std::string& capability) {
    fact("gpu.models", std::vector<std::string>{model});
    return fact("gpu.compute_capabilities", std::vector<std::string>{capability});
  }
  Environment& environment(const std::string& path = "/venv") {
    for (Environment& known : stack.environments) {
      if (known.path == path) return known;
    }
    stack.environments.push_back(
        {.kind = EnvironmentKind::venv, .path = path, .python = {}, .packages = {}, .compilers = {}, .runtimes = {}});
    return stack.environments.back();
  }
  // `cuda` empty: nothing states it.
  Package& package(const std::string& name, const std::string& version, const std::string& role,
                   const std::string& cuda = "", const std::string& path = "/venv") {
    Environment& held_by = environment(path);
    held_by.packages.push_back({.name = name,
                                .version = version,
                                .role = *package_role_from(role),
                                .installer = "pip",
                                .cuda = cuda.empty()
                                            ? missing_fact(Missing::absent, "version, name, pins", "nothing states it")
                                            : known_fact(cuda, "test"),
                                .requirements = {}});
    return held_by.packages.back();
  }
  // A library in an environment ("" for none) and of a package.
  Binary& binary(const std::string& path, const std::string& soname, const std::string& version,
                 const std::string& package = "", const std::string& held_by = "/venv") {
    stack.binaries.push_back(
        {.path = path,
         .environment = held_by,
         .package = package,
         .soname = soname,
         .build_id = {},
         .version = version.empty() ? missing_fact(Missing::absent, "test") : known_fact(version, "test"),
         .runtime = missing_fact(Missing::not_asked, "test"),
         .built_by = {},
         .dependencies = {},
         .coverage = {}});
    return stack.binaries.back();
  }
  Consumer& consumer(const std::string& package, const std::string& version, const std::string& kind = "framework",
                     const std::string& path = "/venv") {
    Consumer consumer;
    consumer.kind = *consumer_kind_from(kind);
    consumer.name = package + " " + version;
    consumer.package = package;
    consumer.environment = path;
    stack.consumers.push_back(std::move(consumer));
    return stack.consumers.back();
  }
  Scene& name(const std::string& library, const std::string& soname, const std::string& cuda) {
    knowledge.library_names.push_back(
        {.library = library, .soname = soname, .cuda = cuda, .package = {}, .folder = {}, .source = "test"});
    return *this;
  }

  std::vector<Found> judge(const std::string& rule) const {
    return find_rule(rule)->judge(analyse(stack, stack, knowledge));
  }
};

inline ConsumedLibrary loaded(const std::string& name, const std::string& path, const std::string& why,
                              const std::string& asked_by = "", DependencyKind kind = DependencyKind::needed) {
  return {.name = name,
          .path = path,
          .why = why,
          .asked_by = asked_by,
          .kind = kind,
          .unresolved = {},
          .unresolved_count = 0};
}

}  // namespace varve::testing
