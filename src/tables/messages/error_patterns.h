#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/fact.h"
#include "model/finding.h"
#include "tables/knowledge.h"
#include "tables/messages/causes.h"

namespace varve {

// A capture group of a pattern that states a fact about the machine of the log.
struct PatternFact {
  std::string fact;  // "driver.api_level"
  int group = 1;     // 0: the whole match
  // How the fact is written from what matched: "text"; "api_level" (11040 is 11.4, 12.2 stays); "capability" (120 or
  // 12.0 is 12.0; a list of one); "indexed": a list whose elements come one a match, ordered by the group `index`.
  std::string form = "text";
  int index = 0;
};

// What the first capture group of a pattern is looked up in. A row found there stands in place of the pattern's own;
// when nothing is found, the pattern stands for itself if it has a cause, else it is no match.
enum class PatternLookup {
  none,
  number,   // of a CUDA error: "803"
  name,     // of a CUDA error, in either spelling: "CUDA_ERROR_NO_DEVICE", "cudaErrorNoDevice"
  message,  // of a CUDA error: the longest message that stands in the group
  xid,      // of a fault that the kernel driver reports: "79"
};

// data/error_patterns.json: one row a message. A row of its "xids" is the meaning of one Xid number; a row without a
// pattern is reached by lookup only (as "cuda-803"). Rows for the codes of Knowledge that have none are made from it.
struct ErrorPattern {
  std::string id;         // "torch-no-driver"
  std::string component;  // who says it: "pytorch"
  // RE2 syntax. A blank outside brackets is \s+ (\s where ? * + or { follows), so that line ends count; <nl> for white
  // space with the prefix of a line (a time, a rank, a logger's name) in it.
  std::string pattern;
  std::vector<std::string> examples;             // each is matched by the pattern: a test holds it
  FaultCategory category = FaultCategory::none;  // by the message alone
  std::vector<FaultCategory> also;               // other categories that may stand behind it
  Layer layer = Layer::framework;
  Severity severity = Severity::error;  // note: harmless
  std::string cause, fix;               // {1} … {9} stand for what the groups matched
  // Which of several matches on one place counts: the highest. 50 a message that names its cause, 40 a general one,
  // below kWrapperPriority one that only wraps or follows from another.
  int priority = 50;
  // Rules that account for the message when they fired, the first preferred. A star at the end stands for any rest;
  // "*" alone for every finding of severity error.
  std::vector<std::string> explained_by;
  std::vector<PatternFact> facts;
  PatternLookup lookup = PatternLookup::none;
  bool is_error = true;       // false: it only states facts
  bool stands_alone = false;  // a finding of its category accounts for it only where explained_by names its rule
  // What may stand behind the message: its own cause first (unless the row says that it is none), then those that the
  // row names in the table's "causes", or, where it names none, the general ones of the categories in `also`.
  std::vector<Cause> candidates;
  std::vector<std::string> follows;  // patterns of messages that it only follows from, where they stand before it
  std::string outside;               // whose stack it is of, where that is not judged: "AMD's ROCm"
  std::string source;
};

constexpr int kWrapperPriority = 30;     // below it: a message that only wraps another, or follows from one
constexpr int kNamesCausePriority = 50;  // from it on: a message that names its cause

struct CompiledPatterns;

struct ErrorPatterns {
  std::string date;
  std::vector<ErrorPattern> rows;  // those of the table, then Xids and codes
  std::shared_ptr<const CompiledPatterns> compiled;
};

// The table built into the program, or `folder`/error_patterns.json where that file is there. Error: a file that is no
// such table, with its place; a pattern that RE2 does not take.
Result<ErrorPatterns> load_error_patterns(const Knowledge& knowledge, const std::string& folder = {});

const ErrorPattern* find_pattern(const ErrorPatterns& patterns, std::string_view id);

// One place where a pattern matched.
struct PatternMatch {
  const ErrorPattern* pattern = nullptr;  // after lookup
  std::size_t row = 0;                    // of the pattern that matched, before lookup
  std::size_t begin = 0, end = 0;         // in the text
  std::vector<std::string> groups;        // from 1 on, as {1}; cut to 160 bytes each, valid UTF-8
  bool yields = false;                    // a better one stands on the same place: only its facts count
};

// All matches in the text, any bytes, by place. Of several on one place (overlapping, or close by on one line) only
// the one with the highest priority counts; the others are left where they state facts. Linear in the text: RE2.
std::vector<PatternMatch> match_patterns(const ErrorPatterns& patterns, std::string_view text);

// What a pattern took from a message, without the point or comma that ended a sentence there: "9.13.1." is "9.13.1".
std::string_view without_sentence_end(std::string_view text);

// How many different messages are looked for: rows that are errors and have a pattern.
std::size_t count_messages(const ErrorPatterns& patterns);

// The row's cause or fix with what the groups matched in place.
std::string fill_groups(std::string_view text, const std::vector<std::string>& groups);

}  // namespace varve
