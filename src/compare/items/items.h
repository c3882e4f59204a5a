#pragma once
#include <string>
#include <vector>

#include "compare/sides/sides.h"
#include "model/comparison.h"
#include "model/fact_catalog.h"

namespace varve {

// Everything that must be the same on both sides, in the order of the layers, with its state as the sides show it:
// host facts, settings, command, program, libraries loaded, work done. In one document what the machine is, is
// `shared`. `follows` and `under_test` are not decided here.
std::vector<ControlItem> list_items(const Sides& sides);

// One fact of two stacks as an item; with a value that may only be written shorter on one side ("550.54") it is
// unknown.
ControlItem fact_item(const std::string& id, const FactDefinition& definition, const Fact& a, const Fact& b);

// Libraries mapped by the units of either side (in library_items.cc).
void add_library_items(const Sides& sides, std::vector<ControlItem>& items);

inline constexpr const char* kNotLoaded = "(not loaded)";

// How units ran: threads, CPUs, work, and variables outside the list by number (in use_items.cc). After add_work.
void add_use_items(const Sides& sides, std::vector<ControlItem>& items);

// What a plan scanned: one item for each name whose value is not the same, where the variants differ in nothing else
// (in protocol_items.cc). Of one document only: two have no plan in common.
void add_scanned_items(const Sides& sides, std::vector<ControlItem>& items);

// What the user says of the protocol, and what stands around units: cache state, path of clients, lines before and
// after. Of two documents: in one they are of both sides.
void add_protocol_items(const Sides& sides, std::vector<ControlItem>& items);

// What a library is called as an item, by its path: "library libtorch_cpu".
std::string library_item_title(const std::string& path);

// What the interpreters could import, and what the frameworks were told (in environment_items.cc).
void add_package_items(const Sides& sides, std::vector<ControlItem>& items);
void add_framework_items(const Sides& sides, std::vector<ControlItem>& items);
// Packages whose versions differ or that one side has only, by name. Empty where they are not known.
std::vector<std::string> changed_packages(const Sides& sides);
// Where packages differ, the libraries that these packages brought become one item that follows from them, and so does
// what the build of a framework says of itself.
void let_packages_explain(const Sides& sides, std::vector<ControlItem>& items);

// The image that the command runs in and the CUDA toolkit that its variables lead to (in owned_items.cc). Where they
// differ, the settings that lead there and the libraries that came from there follow.
inline constexpr const char* kImage = "image";
inline constexpr const char* kToolkit = "toolkit";
void add_image_item(const Sides& sides, std::vector<ControlItem>& items);
void add_toolkit_item(const Sides& sides, std::vector<ControlItem>& items);
void let_image_explain(const Sides& sides, std::vector<ControlItem>& items);
void let_toolkit_explain(const Sides& sides, std::vector<ControlItem>& items);
// What the toolkit of a side is made of, with what its units mapped from it.
std::vector<Component> components_of_toolkit(const Variant& variant, const std::vector<const Unit*>& units);

// A unit mapped the user half of a GPU driver.
bool used_gpu(const std::vector<const Unit*>& units);

}  // namespace varve
