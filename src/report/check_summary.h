#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/answers/check_result.h"

namespace varve {

// What a page of a check shows first and leaves out, the same for text and HTML.

// Whether a log came with the check and holds an error that is known: then the page leads with it.
bool tells_of_failure(const Check& check);

// The findings beside what the log says. An error of the log that nothing on the stack accounts for is a finding too
// (VRV-LOG-ERROR); it would repeat its line, cause and fix.
std::vector<Finding> findings_beside_log(const Check& check);

// Moves the notes out of the findings. How many there were.
std::size_t take_out_notes(std::vector<Finding>& findings);

// How sure the cause of an error is, in one line: "Confirmed: nvidia_uvm is not loaded". Empty where nothing was
// judged.
std::string standing_line(const ExplainedError& error);
// The other causes that may stand behind it, a line each: "Or: …" for those that are open, "Ruled out: …" with the
// facts. Where a fact has confirmed the cause, only what the message itself would have said and is ruled out.
std::vector<std::string> other_causes(const ExplainedError& error);

// What was looked for in the log and what was not, where that has to be said: it holds no error that is known. Empty:
// no log, or it has one.
std::vector<std::string> log_lines(const Check& check);

// What was recognised in a text: "read: nvidia-smi (lines 3 to 12) of 40 lines"; and what contradicts itself there, or
// is not judged, a line each.
std::string read_line(const TextAccount& text);
std::vector<std::string> reading_remarks(const TextAccount& text);

// "First broken link: kernel driver", and by what; or which links may be broken. Empty: none is.
std::string headline(const Check& check);
// Of one rule the first `most` notes stay; the others are taken out. How many, by rule.
std::map<std::string, std::size_t> fold_repeated_notes(std::vector<Finding>& findings, std::size_t most);

// Why nothing about a consumer had to be judged, in one line ("its own files use no CUDA"); empty where an answer is to
// be shown.
std::string nothing_to_judge(const ConsumerVerdict& consumer);
// That, or the first answer of those that made the verdict: "driver: …".
std::string why_of_consumer(const ConsumerVerdict& consumer);

}  // namespace varve
