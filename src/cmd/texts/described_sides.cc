#include "cmd/texts/described_sides.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "capture/capture_stack.h"
#include "cmd/texts/texts.h"
#include "compare/stacks/compare_stacks.h"
#include "model/json/documents.h"
#include "package/python_metadata.h"
#include "rules/analysis/consumer_verdict.h"
#include "tables/package_table.h"
#include "world/world.h"

namespace varve {

namespace {
constexpr std::string_view kHere = "here";
constexpr std::int64_t kMostDocument = std::int64_t{1} << 30;

bool is_here(const std::string& name) { return name == kHere && access(name.c_str(), F_OK) != 0; }

// Of an outermost object the member "schema", wherever it stands: members are sorted, and a run holds a stack. Nothing
// is parsed for it, since the document is read again.
std::string_view schema_of(std::string_view json) {
  int depth = 0;
  bool is_schema = false;  // the last string of the outermost object was this name
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::size_t begin = ++i;
    while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
    if (depth != 1 || i >= json.size()) continue;
    const std::string_view text = json.substr(begin, i - begin);
    if (is_schema) return text;
    const std::size_t next = json.find_first_not_of(" \t\r\n", i + 1);
    is_schema = text == "schema" && next != std::string_view::npos && json[next] == ':';
  }
  return "";
}

bool is_stack_document(const std::string& name) {
  const Result<OpenText> file = open_text(name);
  if (!file || !file->file.start(0, 1).value_or("").starts_with('{')) return false;
  const std::optional<std::string> whole = file->file.start(0, static_cast<std::size_t>(kMostDocument));
  return whole && schema_of(*whole).starts_with("varve/stack/");
}

struct DescribedSide {
  Stack stack;
  std::string label, environment;
};

// The environment that a variant imported from, where the stack does not hold it.
Environment environment_of(const ImportedPackages& imported) {
  Environment environment{.kind = EnvironmentKind::folder,
                          .path = imported.environment,
                          .python = {},
                          .packages = {},
                          .compilers = {},
                          .runtimes = {}};
  environment.python =
      imported.python.empty() ? missing_fact(Missing::not_asked, "run") : known_fact(imported.python, "run");
  environment.runtimes = missing_fact(Missing::not_asked, "run");
  for (const auto& [name, version] : imported.versions) {
    Package package{.name = name, .version = version};
    const PackageRow* row = find_package_row(normal_package_name(name));
    if (row != nullptr) package.role = row->role;
    package.cuda = missing_fact(Missing::not_asked, "run");
    environment.packages.push_back(std::move(package));
  }
  return environment;
}

// A run: its machine, with what its variant was given and imported.
Result<DescribedSide> side_of_run(Run run, const std::string& file, const std::string& variant) {
  const auto named = [&](const Variant& one) { return variant.empty() || one.name == variant; };
  const auto at = std::find_if(run.variants.begin(), run.variants.end(), named);
  if (at == run.variants.end()) return Error{"comparing", file, "it has no variant " + variant, "Name one that it has"};
  DescribedSide side{.stack = std::move(run.stack), .label = file, .environment = {}};
  for (const auto& [name, fact] : at->settings) side.stack.facts.insert_or_assign("settings." + name, fact);
  if (!at->packages || at->packages->environment.empty()) return side;
  side.environment = at->packages->environment;
  const auto is_it = [&](const Environment& one) { return one.path == side.environment; };
  auto& held = side.stack.environments;
  if (std::none_of(held.begin(), held.end(), is_it)) held.push_back(environment_of(*at->packages));
  return side;
}

bool tells_anything(const Stack& stack) {
  const auto is_known = [](const auto& fact) { return fact.second.is_known(); };
  return std::any_of(stack.facts.begin(), stack.facts.end(), is_known) || !stack.environments.empty() ||
         !stack.toolkits.empty() || !stack.gpus.empty() || !stack.libraries.empty() || stack.image.has_value();
}

Result<DescribedSide> side_of(const std::string& name, const Knowledge& knowledge) {
  if (is_here(name)) {
    Result<Stack> stack = capture_stack(host_world(), {});
    if (!stack) return stack.error();
    return DescribedSide{std::move(*stack), name, {}};
  }
  const std::size_t mark = name.rfind('@');
  const bool names_variant = access(name.c_str(), F_OK) != 0 && mark != std::string::npos;
  const std::string file = names_variant ? name.substr(0, mark) : name;
  if (file == "-" || is_text_to_read(file)) {
    Result<OpenText> text = open_text(file);
    if (!text) return text.error();
    Result<ReadText> read = read_text(std::move(*text), knowledge);
    if (!read) return read.error();
    if (!tells_anything(read->stack)) {
      return Error{"comparing", file, "nothing in this text tells of a machine or its software",
                   "Give a report of a machine, a list of packages, a capture or a run"};
    }
    return DescribedSide{std::move(read->stack), file_name(name), {}};
  }
  Result<OpenText> bytes = open_text(file);
  if (!bytes) return bytes.error();
  const std::optional<std::string> whole = bytes->file.start(0, static_cast<std::size_t>(kMostDocument));
  if (!whole) return Error{"comparing", file, "it cannot be read", "Give a capture, a run or a text"};
  Result<Document> document = document_from_json(*whole, file);
  if (!document) return document.error();
  if (auto* stack = std::get_if<Stack>(&*document)) return DescribedSide{std::move(*stack), file_name(name), {}};
  if (auto* run = std::get_if<Run>(&*document)) {
    return side_of_run(std::move(*run), file_name(name), names_variant ? name.substr(mark + 1) : "");
  }
  return Error{"comparing", file, "this holds no stack", "Give a capture, a run or a text that describes a machine"};
}

// What would become of A's software under B's driver and on its GPUs.
std::vector<ConsumerVerdict> judge_software(DescribedSide a, const Stack& machine, const Knowledge& knowledge) {
  if (!a.environment.empty()) {
    std::erase_if(a.stack.environments, [&](const Environment& one) { return one.path != a.environment; });
    std::erase_if(a.stack.consumers, [&](const Consumer& one) { return one.environment != a.environment; });
  }
  return judge_consumers(analyse(machine, a.stack, knowledge));
}

}  // namespace

bool are_described(const std::string& a, const std::string& b) {
  if (b.empty()) return false;
  for (const std::string& name : {a, b}) {
    if (is_here(name)) return true;
    struct stat status {};
    const bool is_file = stat(name.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (is_file && (is_text_to_read(name) || is_stack_document(name))) return true;
  }
  return false;
}

Result<StackComparison> compare_described(const std::string& a, const std::string& b) {
  const Result<Knowledge> knowledge = load_knowledge();
  if (!knowledge) return knowledge.error();
  const Result<DescribedSide> first = side_of(a, *knowledge);
  if (!first) return first.error();
  const Result<DescribedSide> second = side_of(b, *knowledge);
  if (!second) return second.error();
  StackComparison comparison = compare_stacks({first->stack, first->label, first->environment},
                                              {second->stack, second->label, second->environment});
  comparison.created_at = format_time(host_world().now());
  if (is_here(b)) comparison.would_run = judge_software(*first, second->stack, *knowledge);
  return comparison;
}

ExitStatus exit_status(const StackComparison& comparison) {
  const auto is_broken = [](const ConsumerVerdict& one) { return one.state == CheckState::broken; };
  if (std::any_of(comparison.would_run.begin(), comparison.would_run.end(), is_broken)) return ExitStatus::failed;
  std::size_t open = 0;
  for (const ItemState state : {ItemState::different, ItemState::unknown}) {
    open += count_items(comparison, state) + count_packages(comparison, state);
  }
  const bool any = !comparison.items.empty() || !comparison.packages.empty();
  return open == 0 && any && comparison.no_environment.empty() ? ExitStatus::ok : ExitStatus::inconclusive;
}
}  // namespace varve
