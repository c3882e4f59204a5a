#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/fact.h"

namespace varve {

Json value_to_json(const Value& value);

// A number for JSON, which has no infinity: null in its place.
Json finite_or_null(double value);

// Sets a text, unless it is empty: what is not known is left out.
void set_text(Json& json, const char* key, const std::string& text);

// Reads the fields of one JSON object of a document. The first thing that is wrong is kept, with its path
// ("units[3].wall_seconds"), in the problem that all readers of one document share; after it every read yields the
// default, so that a reader is a plain list of assignments and checks once at its end. Fields that are absent or null
// yield the default unless the name says `required`. Borrows the JSON, which must outlive it.
class Fields {
 public:
  Fields(const Json& object, std::string path, std::optional<Error>& problem);

  std::string required_text(const char* key) const;
  double required_number(const char* key) const;
  std::string text(const char* key) const;
  double number(const char* key, double otherwise = 0) const;
  std::int64_t integer(const char* key, std::int64_t otherwise = 0) const;
  std::uint64_t count(const char* key) const;
  std::int64_t nanoseconds(const char* key) const;  // not negative
  bool flag(const char* key, bool otherwise) const;
  std::vector<std::string> texts(const char* key) const;
  std::vector<double> numbers(const char* key) const;
  std::vector<std::uint64_t> counts(const char* key) const;
  std::optional<std::int64_t> optional_integer(const char* key) const;
  std::optional<double> optional_number(const char* key) const;
  std::optional<Value> value(const char* key) const;
  bool has(const char* key) const;

  // A word of an enumeration, through its table's function (names.h).
  template <class Enum>
  Enum word(const char* key, std::optional<Enum> (*from)(std::string_view)) const {
    const std::string text = required_text(key);
    const std::optional<Enum> value = from(text);
    if (!value) reject(key, "\"" + text + "\" is not one of its words");
    return value.value_or(Enum{});
  }

  // The same where the field may be missing.
  template <class Enum>
  std::optional<Enum> optional_word(const char* key, std::optional<Enum> (*from)(std::string_view)) const {
    return has(key) ? std::optional(word(key, from)) : std::nullopt;
  }

  // A nested object (an empty one when absent), every element of an array, every member of an object.
  Fields object(const char* key) const;
  void each(const char* key, const std::function<void(const Fields&)>& read) const;
  void each_member(const char* key, const std::function<void(const std::string& name, const Fields&)>& read) const;
  void each_text(const char* key, const std::function<void(const std::string& name, const std::string&)>& read) const;

  void reject(const char* key, const std::string& found) const;

 private:
  const Json* find(const char* key) const;  // nullptr when absent or null
  std::string path_of(const char* key) const;

  const Json* object_;
  std::string path_;
  std::optional<Error>* problem_;
};

}  // namespace varve
