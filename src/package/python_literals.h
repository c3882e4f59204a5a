#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// A constant of a Python source file. `other` stands for expressions that are no literals.
struct PythonValue {
  enum class Kind { none, boolean, number, text, list, mapping, other };
  struct Entry;
  Kind kind = Kind::other;
  std::string text;                // of a text; of a number and a boolean as written
  std::vector<PythonValue> items;  // of a list or tuple
  std::vector<Entry> entries;      // of a mapping with texts as keys

  // The value under the key, or nullptr.
  const PythonValue* find(std::string_view key) const;
};

struct PythonValue::Entry {
  std::string key;
  PythonValue value;
};

// The assignments of literals at the outermost level of a Python file, without running anything: "name = literal",
// "name: annotation = literal", "a = b = literal". Literals are None, True, False, numbers, strings (prefixes r, u, b;
// joined when they stand side by side), lists, tuples, dictionaries, and collections.OrderedDict or dict around one of
// them. Of a name that is assigned twice the last counts. Grammar: The Python Language Reference, 2.4 and 6.2.
// Anything else is skipped; at most 4096 names, 16 levels, 65 536 values.
std::map<std::string, PythonValue> python_constants(std::string_view source);

// The value under "name" or "name.key", or nullptr.
const PythonValue* find_constant(const std::map<std::string, PythonValue>& constants, std::string_view path);

}  // namespace varve
