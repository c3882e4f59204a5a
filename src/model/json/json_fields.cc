#include "model/json/json_fields.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace varve {

Json value_to_json(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

void set_text(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Fields::Fields(const Json& object, std::string path, std::optional<Error>& problem)
    : object_(&object), path_(std::move(path)), problem_(&problem) {
  if (!object.is_object()) reject("", "this is not an object");
}

std::string Fields::path_of(const char* key) const {
  return path_.empty() || *key == '\0' ? path_ + key : path_ + "." + key;
}

void Fields::reject(const char* key, const std::string& found) const {
  if (*problem_) return;
  *problem_ = Error{"reading the document", path_of(key), found, "It may be damaged or written by another tool"};
}

const Json* Fields::find(const char* key) const {
  if (!object_->is_object()) return nullptr;
  const auto at = object_->find(key);
  return at == object_->end() || at->is_null() ? nullptr : &*at;
}

bool Fields::has(const char* key) const { return find(key) != nullptr; }

std::string Fields::required_text(const char* key) const {
  if (!has(key)) reject(key, "the field is missing");
  return text(key);
}

double Fields::required_number(const char* key) const {
  if (!has(key)) reject(key, "the field is missing");
  return number(key);
}

std::string Fields::text(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr) return {};
  if (!field->is_string()) {
    reject(key, "this is not a text");
    return {};
  }
  return field->get<std::string>();
}

std::optional<double> Fields::optional_number(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr) return std::nullopt;
  if (!field->is_number()) {
    reject(key, "this is not a number");
    return std::nullopt;
  }
  return field->get<double>();
}

double Fields::number(const char* key, double otherwise) const { return optional_number(key).value_or(otherwise); }

std::optional<std::int64_t> Fields::optional_integer(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr) return std::nullopt;
  const bool too_large = field->is_number_unsigned() && field->get<std::uint64_t>() > INT64_MAX;
  if (!field->is_number_integer() || too_large) {
    reject(key, "this is not a whole number");
    return std::nullopt;
  }
  return field->get<std::int64_t>();
}

std::int64_t Fields::integer(const char* key, std::int64_t otherwise) const {
  return optional_integer(key).value_or(otherwise);
}

std::uint64_t Fields::count(const char* key) const {
  const std::int64_t value = integer(key);
  if (value < 0) reject(key, "this is negative");
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

std::int64_t Fields::nanoseconds(const char* key) const { return static_cast<std::int64_t>(count(key)); }

bool Fields::flag(const char* key, bool otherwise) const {
  const Json* field = find(key);
  if (field == nullptr) return otherwise;
  if (!field->is_boolean()) reject(key, "this is not true or false");
  return field->is_boolean() ? field->get<bool>() : otherwise;
}

std::vector<std::string> Fields::texts(const char* key) const {
  std::vector<std::string> list;
  const Json* field = find(key);
  if (field == nullptr) return list;
  if (!field->is_array()) reject(key, "this is not a list");
  for (const Json& element : *field) {
    if (!element.is_string()) {
      reject(key, "an element is not a text");
      return {};
    }
    list.push_back(element.get<std::string>());
  }
  return list;
}

std::vector<double> Fields::numbers(const char* key) const {
  std::vector<double> list;
  const Json* field = find(key);
  if (field == nullptr) return list;
  if (!field->is_array()) reject(key, "this is not a list");
  for (const Json& element : *field) {
    if (!element.is_number()) {
      reject(key, "an element is not a number");
      return {};
    }
    list.push_back(element.get<double>());
  }
  return list;
}

std::vector<std::uint64_t> Fields::counts(const char* key) const {
  std::vector<std::uint64_t> list;
  const Json* field = find(key);
  if (field == nullptr) return list;
  if (!field->is_array()) reject(key, "this is not a list");
  for (const Json& element : *field) {
    const bool fits = element.is_number_unsigned() ? element.get<std::uint64_t>() <= INT64_MAX
                                                   : element.is_number_integer() && element.get<std::int64_t>() >= 0;
    if (!fits) {
      reject(key, "an element is not a whole number from 0 on");
      return {};
    }
    list.push_back(element.get<std::uint64_t>());
  }
  return list;
}

std::optional<Value> Fields::value(const char* key) const {
  const Json* field = find(key);
  if (field == nullptr) return std::nullopt;
  if (field->is_string()) return Value(field->get<std::string>());
  if (field->is_boolean()) return Value(field->get<bool>());
  if (field->is_number_integer()) return Value(integer(key));
  if (field->is_number()) return Value(field->get<double>());
  if (field->is_array()) return Value(texts(key));
  reject(key, "this is no value a fact can have");
  return std::nullopt;
}

Fields Fields::object(const char* key) const {
  static const Json empty = Json::object();
  const Json* field = find(key);
  return {field == nullptr ? empty : *field, path_of(key), *problem_};
}

void Fields::each(const char* key, const std::function<void(const Fields&)>& read) const {
  const Json* field = find(key);
  if (field == nullptr) return;
  if (!field->is_array()) return reject(key, "this is not a list");
  for (std::size_t i = 0; i < field->size() && !*problem_; ++i) {
    read(Fields((*field)[i], path_of(key) + "[" + std::to_string(i) + "]", *problem_));
  }
}

void Fields::each_member(const char* key,
                         const std::function<void(const std::string& name, const Fields&)>& read) const {
  const Json* field = find(key);
  if (field == nullptr) return;
  if (!field->is_object()) return reject(key, "this is not an object");
  for (const auto& [name, member] : field->items()) {
    if (*problem_) return;
    read(name, Fields(member, path_of(key) + "." + name, *problem_));
  }
}

void Fields::each_text(const char* key,
                       const std::function<void(const std::string& name, const std::string&)>& read) const {
  const Json* field = find(key);
  if (field == nullptr) return;
  if (!field->is_object()) return reject(key, "this is not an object");
  for (const auto& [name, member] : field->items()) {
    if (!member.is_string()) return reject(key, "a member is not a text");
    read(name, member.get<std::string>());
  }
}

}  // namespace varve
