#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace varve {

// How long is warmed up, beside Protocol::warmup units a side.
enum class WarmupRule {
  count,  // that many units
  time,   // rounds of units until so many seconds have passed
  found,  // none beforehand: the first units that stand apart from the rest are warm-up (stats/steady_state.h)
};

// What a run was told beside counts and margin. Texts are redacted.
struct ProtocolRules {
  WarmupRule warmup = WarmupRule::count;
  double warmup_seconds = 0;  // for `time`
  double stop_seconds = 0;    // no round begins later than so long after the first; 0: by count alone
  double stop_width = 0;      // until the 95 % interval is within so much of its middle, as a fraction; 0: no such stop
  std::string prepare;        // a shell's command line before every unit, not measured; empty: none
  std::string cleanup;        // the same after it
  int keep_going = 0;         // failed units that do not end the run
};

// A regular file that the command names as an argument ("train.py", "--config=a.yaml"), or an input of the workload.
struct NamedFile {
  int argument = 0;     // its place in Variant::command; -1: none
  std::string path;     // as it is named; redacted, home shortened
  std::string digest;   // SHA-256 before the first unit; empty when there is none
  std::string missing;  // why there is none
  // What a file of a server sets, a setting a line: no blank lines, no comments, redacted. Empty of other files, of
  // large ones and of what is no text.
  std::vector<std::string> lines{};
};

// What its units are clients of.
struct ServerSetup {
  std::vector<std::string> command;  // redacted
  std::string lives;                 // "unit": a fresh one for each; "block": one for its units of a block
  std::string ready;  // what is waited for: "port 6379", "http://127.0.0.1:8000/health", "line \"Ready\""
  // Of the one program that the command starts (model/setup/shell_words.h); empty where a shell does more than that.
  std::string program{};           // path of the executable, resolved on PATH, home shortened
  std::string program_digest{};    // SHA-256 of the file; empty when unreadable
  std::string program_package{};   // that it belongs to, with its version: "dpkg redis-server 5:7.0.15-1"; empty: none
  std::vector<NamedFile> files{};  // that the words of the program name
};

// What a server did while a unit was its client; it and all that it started.
struct ServerUse {
  double ready_seconds = 0;  // from its start until it was ready
  int served = 0;            // units before this one that it had served
  double user_seconds = 0;
  double system_seconds = 0;
  std::optional<std::uint64_t> peak_memory_bytes;  // of its first process, since its start
};

// Which values a plan put in the places of names ("{batch}"): variants of one origin differ in nothing else.
struct ScannedValues {
  int origin = -1;                            // the variant of the plan, from 0, that they were put into; -1: none
  std::map<std::string, std::string> values;  // by name; redacted
};

// Where the workload comes from.
struct WorkloadSource {
  std::string repository;            // the folder with .git, home shortened; empty: none
  std::string commit;                // hexadecimal
  std::string branch;                // empty: none is checked out
  std::optional<int> changed_files;  // tracked files whose content is not the commit's; nothing: not known
  std::string missing;               // why something is not known
};

// A run that was taken up again: units from `first_unit` on ran then.
struct RunContinuation {
  std::string created_at;  // RFC 3339
  std::string how;         // "resumed", "pairs added"
  int first_unit = 0;
  int units = 0;  // a side, that it was to gain
};

}  // namespace varve
