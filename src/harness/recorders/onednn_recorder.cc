#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "harness/recorders/recorders.h"
#include "kernels/onednn_verbose.h"

namespace varve {

namespace {
// Whether a file contains oneDNN, by its name.
bool may_contain_onednn(const std::string& path) {
  const std::string name = file_name(path);
  return name.starts_with("libdnnl") || name.starts_with("libonednn") || name.starts_with("libmkldnn") ||
         name.starts_with("libtorch_cpu.so") || name.starts_with("libtensorflow_cc.so");
}

class OnednnUnit final : public RecordedUnit {
 public:
  std::map<std::string, std::string> environment() const override {
    return {{"ONEDNN_VERBOSE", "1"}, {"DNNL_VERBOSE", "1"}};
  }
  void output(std::string_view bytes) override { scanner_.feed(bytes); }
  Recording finish(const UnitOutcome& outcome) override {
    Recording recording;
    recording.seen = scanner_.take();
    Profiles& profiles = recording.seen.profiles;
    const auto seen = profiles.by_kind.find(kOnednnCalls);
    if (seen == profiles.by_kind.end()) {
      const char* why = "oneDNN wrote no verbose lines: it was loaded and not used, or built without them";
      profiles.add_absent(kOnednnCalls, why);
      recording.about.no_evidence = why;
      return recording;
    }
    seen->second.window_ns = std::llround(std::clamp(outcome.wall_seconds, 0.0, 1e9) * 1e9);
    seen->second.whole_ns = seen->second.window_ns;
    recording.about.way = "verbose lines";
    recording.about.window = "the whole unit";
    recording.about.window_ns = seen->second.window_ns;
    recording.about.processes = 1;
    return recording;
  }

 private:
  OnednnVerboseScanner scanner_;
};

class OnednnRecorder final : public Recorder {
 public:
  std::string_view name() const override { return "onednn"; }
  Consideration consider(const RecordingGround& ground) const override {
    for (const Library& library : ground.libraries) {
      if (may_contain_onednn(library.path)) return {Fit::fits, file_name(library.path) + " was loaded"};
    }
    return {Fit::not_needed, "no oneDNN was loaded"};
  }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround&, const std::string&) const override {
    return std::unique_ptr<RecordedUnit>(std::make_unique<OnednnUnit>());
  }
};
}  // namespace

std::unique_ptr<Recorder> onednn_recorder() { return std::make_unique<OnednnRecorder>(); }

}  // namespace varve
