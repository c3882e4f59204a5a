#pragma once
#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace varve {

// Why something could not be done, in the four parts a reader needs. `where` may be empty; `hint` says what to do.
struct Error {
  std::string doing;  // "reading the run document"
  std::string where;  // "a.json, byte 812"
  std::string found;  // "the text ends inside a string"
  std::string hint;   // "write it again with varve run -o"
};

// One line for stderr: "reading the run document: a.json, byte 812: the text ends inside a string. Write it again …"
std::string to_text(const Error& error);

// A value or the Error that stands in its place. Functions that can fail on foreign input return this, never throw.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& value() {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(state_.index() == 0);
    return *std::get_if<0>(&state_);
  }
  const Error& error() const {
    assert(state_.index() == 1);
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

// The Result of something that yields nothing but may fail: `return Done{};`
struct Done {};
using Status = Result<Done>;

}  // namespace varve
