#include "compare/items/items.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "compare/items/server_items.h"
#include "model/fact_catalog.h"
#include "stats/descriptive.h"

namespace varve {

namespace {
constexpr const char* kNotSet = "(not set)";
constexpr const char* kRedacted = "[redacted]";

const Fact* find_fact(const Stack& stack, const std::string& id) {
  const auto found = stack.facts.find(id);
  return found == stack.facts.end() ? nullptr : &found->second;
}

const FactChange* find_move(const Run& run, const std::string& id) {
  const auto found = std::find_if(run.stack_changes.begin(), run.stack_changes.end(),
                                  [&](const FactChange& change) { return change.id == id; });
  return found == run.stack_changes.end() ? nullptr : &*found;
}

std::string normalised(const std::string& text) {
  std::string plain = to_lower(trim(text));
  if (plain.size() > 1 && plain[0] == 'v' && plain[1] >= '0' && plain[1] <= '9') plain.erase(0, 1);
  return plain;
}

// "550.54" may or may not be "550.54.15": nobody can tell from the shorter one.
bool is_shortened(const std::string& a, const std::string& b) {
  const std::string& shorter = a.size() < b.size() ? a : b;
  const std::string& longer = a.size() < b.size() ? b : a;
  return !shorter.empty() && shorter.size() < longer.size() && longer.starts_with(shorter) &&
         longer[shorter.size()] == '.';
}

ItemState state_of(const Fact& a, const Fact& b, const std::string& id) {
  // There is none on either side ("the kernel offers no frequency control"): looked for, and the same. That nobody
  // could look is not.
  if (!a.is_known() && !b.is_known() && a.missing == b.missing) {
    if (a.missing == Missing::not_applicable) return ItemState::not_applicable;
    if (a.missing == Missing::absent && fact_text(a) == fact_text(b)) return ItemState::same;
    return ItemState::unknown;
  }
  if (same_fact(a, b)) return ItemState::same;
  if (!a.is_known() || !b.is_known()) return ItemState::unknown;
  const std::string text_a = normalised(value_text(*a.value)), text_b = normalised(value_text(*b.value));
  if (text_a == text_b) return ItemState::same;
  return id.ends_with(".version") && is_shortened(text_a, text_b) ? ItemState::unknown : ItemState::different;
}

std::string text_of(const Fact& fact, const FactDefinition& definition) {
  if (const auto* bytes = fact.is_known() ? std::get_if<std::int64_t>(&*fact.value) : nullptr;
      bytes != nullptr && *bytes >= 0 && definition.unit == "bytes") {
    return format_bytes(static_cast<std::uint64_t>(*bytes));
  }
  const std::string text = fact_text(fact);
  return fact.is_known() && !definition.unit.empty() ? text + " " + definition.unit : text;
}

void add_fact(const Sides& sides, const std::string& id, const FactDefinition& definition,
              std::vector<ControlItem>& items) {
  static const Fact not_captured = missing_fact(Missing::absent, "", "not captured");
  const Fact* a = find_fact(sides.run_a->stack, id);
  const Fact* b = find_fact(sides.run_b->stack, id);
  if (a == nullptr && b == nullptr) return;
  if (a == nullptr) a = &not_captured;
  if (b == nullptr) b = &not_captured;
  ControlItem item = fact_item(id, definition, *a, *b);
  if (sides.one_document && item.state != ItemState::not_applicable) item.state = ItemState::shared;
  const auto add_move = [&](const Run& run, std::string& text) {
    const FactChange* move = find_move(run, id);
    if (move == nullptr) return;
    text = fmt::format("{}, then {}", text_of(move->before, definition), text_of(move->after, definition));
    item.state = ItemState::different;
  };
  add_move(*sides.run_a, item.a);
  add_move(*sides.run_b, item.b);
  items.push_back(std::move(item));
}

// In the order of the catalogue. Settings are left to the variants, which know what each side had in force.
void add_facts(const Sides& sides, std::vector<ControlItem>& items) {
  std::set<std::string> ids;
  for (const Run* run : {sides.run_a, sides.run_b}) {
    for (const auto& [id, fact] : run->stack.facts) ids.insert(id);
    for (const FactChange& change : run->stack_changes) ids.insert(change.id);
  }
  for (const FactDefinition& definition : fact_catalog()) {
    if (!definition.control || definition.id == "settings.*") continue;
    if (!definition.id.ends_with(".*")) {
      add_fact(sides, definition.id, definition, items);
      continue;
    }
    for (const std::string& id : ids) {
      if (find_fact_definition(id) == &definition) add_fact(sides, id, definition, items);
    }
  }
}

// A setting in force on one side. `known` is false when somebody could not look or the value was redacted; a variable
// that is not set is known not to be.
struct Setting {
  bool known = true;
  std::string text = kNotSet;
};

Setting setting_of(const Variant& variant, const std::string& name) {
  if (const auto planned = variant.environment.find(name); planned != variant.environment.end()) {
    return {planned->second != kRedacted, planned->second};
  }
  const auto found = variant.settings.find(name);
  if (found == variant.settings.end()) return {};
  const Fact& fact = found->second;
  if (fact.is_known()) return {true, value_text(*fact.value)};
  if (fact.missing == Missing::absent) return {};
  return {false, fact_text(fact)};
}

void add_settings(const Sides& sides, std::vector<ControlItem>& items) {
  std::set<std::string> names;
  for (const Variant* variant : {sides.variant_a, sides.variant_b}) {
    for (const auto& [name, fact] : variant->settings) names.insert(name);
    for (const auto& [name, value] : variant->environment) names.insert(name);
  }
  for (const std::string& name : names) {
    const Setting a = setting_of(*sides.variant_a, name), b = setting_of(*sides.variant_b, name);
    if (a.text == kNotSet && b.text == kNotSet) continue;
    ControlItem item{"settings." + name, Layer::settings, name, a.text, b.text, ItemState::unknown, false};
    if (a.known && b.known) {
      item.state = a.text == b.text ? ItemState::same : ItemState::different;
    } else if (sides.one_document) {
      // Not readable, but inherited by both from one process, unless the plan gave it to one side only.
      const bool planned = sides.variant_a->environment.contains(name) || sides.variant_b->environment.contains(name);
      item.state = planned ? ItemState::different : ItemState::shared;
    }
    items.push_back(std::move(item));
  }
}

void add_command(const Sides& sides, std::vector<ControlItem>& items) {
  ControlItem item{"command",
                   Layer::settings,
                   "command",
                   join(sides.variant_a->command, " "),
                   join(sides.variant_b->command, " "),
                   ItemState::same,
                   false};
  if (sides.variant_a->command != sides.variant_b->command && !command_differs_by_address(sides)) {
    item.state = ItemState::different;
  } else if (!sides.one_document && item.a.find(kRedacted) != std::string::npos) {
    item.state = ItemState::unknown;
  }
  items.push_back(std::move(item));
}

void add_program(const Sides& sides, std::vector<ControlItem>& items) {
  const auto text = [](const Variant& variant) {
    const std::string digest =
        variant.program_digest.empty() ? "no digest" : "sha256 " + variant.program_digest.substr(0, 12);
    return fmt::format("{} ({})", variant.program.empty() ? "(not known)" : variant.program, digest);
  };
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  ControlItem item{"program", Layer::framework, "program", text(a), text(b), ItemState::unknown, false};
  if (!a.program_digest.empty() && !b.program_digest.empty()) {
    item.state = a.program_digest == b.program_digest ? ItemState::same : ItemState::different;
  } else if (sides.one_document && a.program == b.program && !a.program.empty()) {
    item.state = ItemState::shared;
  }
  items.push_back(std::move(item));
}

const NamedFile* file_at(const Variant& variant, int argument, const std::string& path) {
  const auto found = std::find_if(variant.files.begin(), variant.files.end(), [&](const NamedFile& file) {
    return path.empty() ? file.argument == argument : file.path == path;
  });
  return found == variant.files.end() ? nullptr : &*found;
}

std::string text_of(const NamedFile* file) {
  if (file == nullptr) return "(not named)";
  return fmt::format("{} ({})", file->path,
                     file->digest.empty() ? "no digest: " + file->missing : "sha256 " + file->digest.substr(0, 12));
}

ControlItem file_item(const NamedFile* a, const NamedFile* b, bool one_document) {
  ControlItem item{"file." + (a != nullptr ? a : b)->path,
                   Layer::framework,
                   "file " + (a != nullptr ? a : b)->path,
                   text_of(a),
                   text_of(b),
                   ItemState::unknown,
                   false};
  if (a == nullptr || b == nullptr) {
    item.state = ItemState::different;
  } else if (!a->digest.empty() && !b->digest.empty()) {
    item.state = a->digest == b->digest ? ItemState::same : ItemState::different;
  } else if (one_document && a->path == b->path) {
    item.state = ItemState::shared;
  }
  return item;
}

// A file that one side names is the other side's of the same path, else what it names in the same place.
void add_files(const Sides& sides, std::vector<ControlItem>& items) {
  const Variant& a = *sides.variant_a;
  const Variant& b = *sides.variant_b;
  std::set<const NamedFile*> partners;
  std::set<std::string> seen;
  const auto partner_of = [&](const NamedFile& file) {
    if (const NamedFile* same = file_at(b, 0, file.path)) return same;
    const NamedFile* placed = file_at(b, file.argument, "");
    return placed != nullptr && file_at(a, 0, placed->path) == nullptr ? placed : nullptr;
  };
  for (const NamedFile& file : a.files) {
    if (!seen.insert(file.path).second) continue;
    const NamedFile* partner = partner_of(file);
    partners.insert(partner);
    items.push_back(file_item(&file, partner, sides.one_document));
  }
  for (const NamedFile& file : b.files) {
    if (partners.contains(&file) || !seen.insert(file.path).second) continue;
    items.push_back(file_item(nullptr, &file, sides.one_document));
  }
}

// Where units start; only where a plan says so.
void add_setup(const Sides& sides, std::vector<ControlItem>& items) {
  const auto add = [&](const char* id, const char* title, const std::string& a, const std::string& b) {
    if (a.empty() && b.empty()) return;
    items.push_back({id, Layer::settings, title, a.empty() ? kNotSet : a, b.empty() ? kNotSet : b,
                     a == b ? ItemState::same : ItemState::different, false});
  };
  add("directory", "working directory", sides.variant_a->directory, sides.variant_b->directory);
}

// The commit and the inputs of the workload are those of both variants of one run.
void add_source(const Sides& sides, std::vector<ControlItem>& items) {
  const auto commit = [](const Run& run) {
    if (!run.source) return std::string();
    if (run.source->commit.empty()) return "(not known: " + run.source->missing + ")";
    const int changed = run.source->changed_files.value_or(0);
    return run.source->commit.substr(0, 12) + (changed > 0 ? fmt::format(" and {} changed files", changed) : "");
  };
  const std::string a = commit(*sides.run_a), b = commit(*sides.run_b);
  if (!a.empty() || !b.empty()) {
    const bool known = a == b && sides.run_a->source->changed_files == 0;
    items.push_back({"commit", Layer::framework, "commit of the workload", a.empty() ? kNotSet : a,
                     b.empty() ? kNotSet : b,
                     sides.one_document ? ItemState::shared
                     : known            ? ItemState::same
                     : a == b           ? ItemState::unknown
                                        : ItemState::different,
                     false});
  }
  std::set<std::string> seen;
  const auto input = [](const Run& run, const std::string& path) -> const NamedFile* {
    const auto found =
        std::find_if(run.inputs.begin(), run.inputs.end(), [&](const NamedFile& file) { return file.path == path; });
    return found == run.inputs.end() ? nullptr : &*found;
  };
  for (const Run* run : {sides.run_a, sides.run_b}) {
    for (const NamedFile& file : run->inputs) {
      if (!seen.insert(file.path).second) continue;
      items.push_back(file_item(input(*sides.run_a, file.path), input(*sides.run_b, file.path), sides.one_document));
    }
  }
}

// Rates say nothing when the sides did not do equal work. Only when the program reports it, as a metric "work".
void add_work(const Sides& sides, std::vector<ControlItem>& items) {
  const MetricValues work = metric_values(sides, "work");
  if (work.a.empty() || work.b.empty()) return;
  const double a = median(work.a), b = median(work.b);
  const bool same = std::fabs(a - b) <= 1e-9 * std::max(a, b);
  items.push_back({"work", Layer::settings, "work done in a unit", format_quantity(a, work.kind.unit),
                   format_quantity(b, work.kind.unit), same ? ItemState::same : ItemState::different, false});
}
}  // namespace

ControlItem fact_item(const std::string& id, const FactDefinition& definition, const Fact& a, const Fact& b) {
  return {id,   definition.layer, definition.title, text_of(a, definition), text_of(b, definition), state_of(a, b, id),
          false};
}

std::vector<ControlItem> list_items(const Sides& sides) {
  std::vector<ControlItem> items;
  add_facts(sides, items);
  add_scanned_items(sides, items);
  add_command(sides, items);
  add_settings(sides, items);
  add_program(sides, items);
  add_files(sides, items);
  add_setup(sides, items);
  add_image_item(sides, items);
  add_toolkit_item(sides, items);
  add_server_items(sides, items);
  add_protocol_items(sides, items);
  add_source(sides, items);
  add_package_items(sides, items);
  add_framework_items(sides, items);
  add_library_items(sides, items);
  add_work(sides, items);
  add_use_items(sides, items);
  std::stable_sort(items.begin(), items.end(),
                   [](const ControlItem& left, const ControlItem& right) { return left.layer < right.layer; });
  return items;
}

}  // namespace varve
