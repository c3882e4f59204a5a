#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace varve {

// What part of the stack something belongs to, in the order in which tables list them.
enum class Layer {
  hardware,
  os,
  kernel_driver,
  user_driver,
  host_toolkit,
  framework,
  bundled_runtime,
  kernel_library,
  settings,
  container,
  handshake,
  kernels,
};

// How a value came to be known.
enum class Standing {
  recorded,  // by a probe, in the run
  declared,  // by a person
  inferred,  // from a name, a tag, a release number
};

// Why there is no value. Absent (somebody looked, there is none) is never the same as not known.
// not_asked: nobody looked, because looking was not asked for (--exact, --handshake).
enum class Missing { absent, not_applicable, denied, timeout, unsupported, unreadable, not_asked };

using Value = std::variant<std::string, std::int64_t, double, bool, std::vector<std::string>>;

// One thing known, or known to be missing, about a stack. Its id ("cpu.model") and everything that is the same for
// all stacks (layer, title, whether it is part of the identity) stand in schema/stack.schema.json: see fact_catalog.h.
struct Fact {
  std::optional<Value> value;         // set: the value
  Missing missing = Missing::absent;  // meaningful only without a value
  Standing standing = Standing::recorded;
  std::string source;  // file, API, field: "/proc/cpuinfo: model name"
  std::string detail;  // for a missing value what was found; for a value a remark; may be empty

  bool is_known() const { return value.has_value(); }
  // Whether somebody looked: there is a value, or there is none to have. Otherwise nobody knows.
  bool is_answer() const { return is_known() || missing == Missing::absent || missing == Missing::not_applicable; }
};

Fact known_fact(Value value, std::string source, Standing standing = Standing::recorded);
Fact missing_fact(Missing reason, std::string source, std::string detail = {});

// Same value, or both not applicable. Two values that are missing for any other reason are not equal: nobody knows.
bool same_fact(const Fact& a, const Fact& b);

std::string value_text(const Value& value);  // for people: lists joined by ", ", booleans as yes and no
std::string fact_text(const Fact& fact);     // the value, or "not applicable (no GPU)"

std::string_view to_string(Layer layer);  // as in documents: "kernel_driver"
std::string_view to_string(Standing standing);
std::string_view to_string(Missing missing);
std::string layer_title(Layer layer);        // for people: "kernel driver"
std::string missing_title(Missing missing);  // for people: "not applicable"
std::optional<Layer> layer_from(std::string_view text);
std::optional<Standing> standing_from(std::string_view text);
std::optional<Missing> missing_from(std::string_view text);

}  // namespace varve
