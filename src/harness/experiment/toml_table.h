#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace varve {

// A TOML document, parsed. Hides the parser, whose one header costs seconds to compile.
struct TomlDocument;

// A table of it, read by keys. The first thing that is wrong stands in `problem`, shared by all tables of a document;
// from then on readers return their defaults.
class TomlTable {
 public:
  // Nothing of what a key holds is taken on trust: another type than the reader's is a problem, with its line.
  bool has(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise = "") const;
  std::string word(const std::string& key) const;  // a text, or a number as it is written shortest
  double number(const std::string& key, double otherwise, double least, double most) const;
  int integer(const std::string& key, int otherwise, int least, int most) const;
  bool flag(const std::string& key, bool otherwise) const;
  // An array of texts; numbers are taken as they are written shortest.
  std::vector<std::string> texts(const std::string& key) const;
  std::map<std::string, std::string> text_table(const std::string& key) const;  // values as in texts()
  std::map<std::string, std::vector<std::string>> list_table(const std::string& key) const;
  std::optional<TomlTable> table(const std::string& key) const;
  std::vector<TomlTable> tables(const std::string& key) const;  // [[key]]

  // Every key that was not asked for is a problem, with the nearest of those that were. Call it last.
  void finish() const;
  // Says that what stands at the key is wrong.
  void reject(const std::string& key, const std::string& found, const std::string& hint) const;

 private:
  friend class TomlFile;
  struct Impl;
  explicit TomlTable(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// A TOML text, parsed.
class TomlFile {
 public:
  // Error: where it is no TOML, by line and column.
  static Result<TomlFile> parse(std::string_view text, const std::string& path);
  TomlTable root() const;
  const std::optional<Error>& problem() const;

 private:
  std::shared_ptr<TomlDocument> document_;
};

}  // namespace varve
