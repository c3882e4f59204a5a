#include "harness/experiment/toml_table.h"

#include <fmt/format.h>

#include <algorithm>

// A file that is no TOML is an error to be told, in debug builds too.
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>

#include "base/text.h"

namespace varve {

namespace {
constexpr const char* kReadingExperiment = "reading the experiment file";

std::string position_of(const toml::source_region& source) { return fmt::format("line {}", source.begin.line); }

// A text, a number or a switch as somebody would write it on a command line; nothing for anything else.
std::optional<std::string> word_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto number = node.value_exact<double>()) return fmt::format("{}", *number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  return std::nullopt;
}
}  // namespace

struct TomlDocument {
  toml::table table;
  std::string path;
  std::optional<Error> problem;

  void say(const toml::source_region& source, std::string found, std::string hint) {
    if (!problem) {
      problem = Error{kReadingExperiment, fmt::format("{}, {}", path, position_of(source)), std::move(found),
                      std::move(hint)};
    }
  }
};

struct TomlTable::Impl {
  std::shared_ptr<TomlDocument> document;
  const toml::table* table = nullptr;  // in the document
  std::string name;                    // "protocol"; empty: the root
  mutable std::set<std::string> asked;

  const toml::node* find(const std::string& key) const {
    asked.insert(key);
    return table->get(key);
  }
  std::string full(const std::string& key) const { return name.empty() ? key : name + "." + key; }
  void wrong_type(const std::string& key, const toml::node& node, const char* wanted) const {
    document->say(node.source(), fmt::format("{} is no {}", full(key), wanted), "See varve run --init");
  }
  TomlTable below(const toml::table& inner, std::string inner_name) const {
    auto impl = std::make_shared<Impl>();
    impl->document = document;
    impl->table = &inner;
    impl->name = std::move(inner_name);
    return TomlTable(std::move(impl));
  }
  // The table that a key holds; nullptr: there is no such key, or its value is none, which is said.
  const toml::table* inner_table(const std::string& key) const {
    const toml::node* node = find(key);
    const toml::table* inner = node != nullptr ? node->as_table() : nullptr;
    if (node != nullptr && inner == nullptr) wrong_type(key, *node, "table");
    return inner;
  }
  std::vector<std::string> words(const std::string& key, const toml::node& node) const {
    std::vector<std::string> found;
    const toml::array* array = node.as_array();
    if (array == nullptr) {
      wrong_type(key, node, "list");
      return found;
    }
    for (const toml::node& element : *array) {
      std::optional<std::string> word = word_of(element);
      if (!word) {
        wrong_type(key, element, "list of texts");
        return found;
      }
      found.push_back(std::move(*word));
    }
    return found;
  }
};

bool TomlTable::has(const std::string& key) const { return impl_->find(key) != nullptr; }

std::string TomlTable::text(const std::string& key, const std::string& otherwise) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return otherwise;
  if (const auto text = node->value_exact<std::string>()) return *text;
  impl_->wrong_type(key, *node, "text");
  return otherwise;
}

std::string TomlTable::word(const std::string& key) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return "";
  if (std::optional<std::string> word = word_of(*node)) return *word;
  impl_->wrong_type(key, *node, "text or number");
  return "";
}

double TomlTable::number(const std::string& key, double otherwise, double least, double most) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return otherwise;
  const std::optional<double> number = node->is_number() ? node->value<double>() : std::nullopt;
  if (!number) {
    impl_->wrong_type(key, *node, "number");
    return otherwise;
  }
  if (*number >= least && *number <= most) return *number;
  reject(key, fmt::format("{} is {}", impl_->full(key), *number),
         fmt::format("Give a number from {} to {}", least, most));
  return otherwise;
}

int TomlTable::integer(const std::string& key, int otherwise, int least, int most) const {
  const toml::node* node = impl_->find(key);
  if (node != nullptr && !node->is_integer()) {
    impl_->wrong_type(key, *node, "whole number");
    return otherwise;
  }
  return static_cast<int>(number(key, otherwise, least, most));
}

bool TomlTable::flag(const std::string& key, bool otherwise) const {
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return otherwise;
  if (const auto flag = node->value_exact<bool>()) return *flag;
  impl_->wrong_type(key, *node, "true or false");
  return otherwise;
}

std::vector<std::string> TomlTable::texts(const std::string& key) const {
  const toml::node* node = impl_->find(key);
  return node == nullptr ? std::vector<std::string>{} : impl_->words(key, *node);
}

std::map<std::string, std::string> TomlTable::text_table(const std::string& key) const {
  std::map<std::string, std::string> found;
  const toml::table* inner = impl_->inner_table(key);
  if (inner == nullptr) return found;
  for (const auto& [name, value] : *inner) {
    const std::string inner_name(name.str());
    std::optional<std::string> word = word_of(value);
    if (!word) {
      impl_->wrong_type(key + "." + inner_name, value, "text or number");
      return found;
    }
    found[inner_name] = std::move(*word);
  }
  return found;
}

std::map<std::string, std::vector<std::string>> TomlTable::list_table(const std::string& key) const {
  std::map<std::string, std::vector<std::string>> found;
  const toml::table* inner = impl_->inner_table(key);
  if (inner == nullptr) return found;
  for (const auto& [name, value] : *inner) {
    const std::string inner_name(name.str());
    found[inner_name] = impl_->words(key + "." + inner_name, value);
  }
  return found;
}

std::optional<TomlTable> TomlTable::table(const std::string& key) const {
  const toml::table* inner = impl_->inner_table(key);
  return inner != nullptr ? std::optional(impl_->below(*inner, impl_->full(key))) : std::nullopt;
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) const {
  std::vector<TomlTable> found;
  const toml::node* node = impl_->find(key);
  if (node == nullptr) return found;
  const toml::array* array = node->as_array();
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::table* inner = (*array)[i].as_table();
    if (inner == nullptr) {
      array = nullptr;
      break;
    }
    found.push_back(impl_->below(*inner, fmt::format("{} {}", impl_->full(key), i + 1)));
  }
  if (array == nullptr) impl_->wrong_type(key, *node, "list of tables: write [[variant]] before each");
  return found;
}

void TomlTable::finish() const {
  for (const auto& [name, value] : *impl_->table) {
    const std::string key(name.str());
    if (impl_->asked.contains(key)) continue;
    const std::optional<std::string> near = nearest(key, {impl_->asked.begin(), impl_->asked.end()});
    impl_->document->say(
        name.source(), fmt::format("\"{}\" is not known{}", key, impl_->name.empty() ? "" : " in " + impl_->name),
        near ? "Did you mean " + *near + "?" : "Known are: " + join({impl_->asked.begin(), impl_->asked.end()}, ", "));
  }
}

void TomlTable::reject(const std::string& key, const std::string& found, const std::string& hint) const {
  const toml::node* node = impl_->table->get(key);
  impl_->document->say(node != nullptr ? node->source() : impl_->table->source(), found, hint);
}

Result<TomlFile> TomlFile::parse(std::string_view text, const std::string& path) {
  TomlFile file;
  file.document_ = std::make_shared<TomlDocument>();
  file.document_->path = path;
  try {
    file.document_->table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Error{kReadingExperiment,
                 fmt::format("{}, line {}, column {}", path, error.source().begin.line, error.source().begin.column),
                 clean_utf8(error.description()), "It is no TOML: see https://toml.io"};
  }
  return file;
}

TomlTable TomlFile::root() const {
  auto impl = std::make_shared<TomlTable::Impl>();
  impl->document = document_;
  impl->table = &document_->table;
  return TomlTable(std::move(impl));
}

const std::optional<Error>& TomlFile::problem() const { return document_->problem; }

}  // namespace varve
