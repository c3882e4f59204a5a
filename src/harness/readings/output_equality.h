#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "harness/readings/file_state.h"
#include "model/conditions/unit_conditions.h"

namespace varve {

// How two outputs compare.
struct OutputDifference {
  bool equal = false;
  std::string text;  // "identical", "numbers differ by up to 3.1e-07", "line 4: \"cat\" became \"dog\""
};

// Holds two outputs against each other. NumPy arrays (.npy, format 1 to 3: whole numbers and floats) by their values,
// JSON by its structure, anything else as text: word by word, words that are numbers as numbers. `tolerance` is
// relative to the larger of two numbers and, in an array, to the root mean square of the reference. Not a number equals
// itself.
OutputDifference compare_outputs(std::string_view reference, std::string_view now, double tolerance);

// Holds the outputs that the user named, of every unit, against those of the first unit that ended well.
class OutputWatch {
 public:
  // Files by path, "-" is what the program prints. With a tolerance of 0 digests are compared, and nothing is kept.
  OutputWatch(std::vector<std::string> names, double tolerance) : names_(std::move(names)), tolerance_(tolerance) {}

  void begin(const std::string& directory = {});  // of the program
  void output(std::string_view bytes);
  // After the unit. `ended_well`: it may be the reference.
  std::vector<OutputCheck> finish(bool ended_well);

 private:
  struct Content {
    std::string digest, text;  // text is kept only where there is a tolerance
    std::string missing;       // why there is none
  };
  Content content_of(const std::string& name);
  OutputCheck check(const std::string& name, Content content, bool ended_well);

  std::vector<std::string> names_;
  double tolerance_;
  std::string directory_;
  std::map<std::string, FileState> before_;
  std::map<std::string, Content> reference_;
  Hash printed_hash_;
  std::string printed_;
  bool printed_too_much_ = false;
};

}  // namespace varve
