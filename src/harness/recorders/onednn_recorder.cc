#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "binary/elf/dynamic_section.h"
#include "harness/marks/start_up.h"
#include "harness/recorders/python_hook.h"
#include "harness/recorders/recorders.h"
#include "kernels/onednn_verbose.h"

namespace varve {

namespace {
// The variables by which a program is asked, of all versions.
std::map<std::string, std::string> verbose_variables() { return {{"ONEDNN_VERBOSE", "1"}, {"DNNL_VERBOSE", "1"}}; }

bool asks_itself(const RecordingGround& ground) {
  const std::map<std::string, std::string> ours = verbose_variables();
  return std::any_of(ours.begin(), ours.end(),
                     [&](const auto& each) { return ground.environment.contains(each.first); });
}

// Whether the program is itself linked with oneDNN: what it writes to goes where Varve reads, since Varve has opened
// it. Of one that a shell or another program starts nobody knows where its output goes.
bool is_linked_with_onednn(const RecordingGround& ground) {
  const Looked<FileReader> file = ground.world.files.open(ground.program);
  if (!file) return false;
  const Result<DynamicSection> dynamic = read_dynamic_section(*file, ground.program);
  return dynamic && std::any_of(dynamic->needed.begin(), dynamic->needed.end(), may_contain_onednn);
}

// How a program gets to write the lines.
enum class Asked {
  by_itself,    // its environment has the variable in every unit: they are its own output
  by_variable,  // Varve sets it
  by_hook,      // onednn_hook.py asks in processes of Python whose output Varve reads
};

class OnednnUnit final : public RecordedUnit {
 public:
  OnednnUnit(Asked asked, std::string python_path) : asked_(asked), python_path_(std::move(python_path)) {}
  std::map<std::string, std::string> environment() const override {
    if (asked_ == Asked::by_variable) return verbose_variables();
    if (asked_ == Asked::by_hook) return {{"PYTHONPATH", python_path_}};
    return {};
  }
  std::string output_variable() const override { return asked_ == Asked::by_hook ? "VARVE_OUTPUT" : ""; }
  std::string_view output(std::string_view bytes) override {
    const std::string_view own = scanner_.feed(bytes);
    return asked_ == Asked::by_itself ? bytes : own;
  }
  Recording finish(const UnitOutcome& outcome) override {
    Recording recording;
    recording.seen = scanner_.take();
    Profiles& profiles = recording.seen.profiles;
    const auto seen = profiles.by_kind.find(kOnednnCalls);
    if (seen == profiles.by_kind.end()) {
      const std::string why =
          std::string("oneDNN wrote no lines: it was loaded and not used, ") +
          (asked_ == Asked::by_hook ? "or in processes whose output goes elsewhere, or that are not of Python"
                                    : "or built without them");
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
  Asked asked_;
  std::string python_path_;
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
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                const std::string& folder) const override {
    const Asked asked = asks_itself(ground)             ? Asked::by_itself
                        : is_linked_with_onednn(ground) ? Asked::by_variable
                                                        : Asked::by_hook;
    if (asked == Asked::by_hook) {
      if (Status laid = lay_start_up(folder + "/hook", "src/harness/recorders/onednn_hook.py"); !laid)
        return laid.error();
    }
    return std::unique_ptr<RecordedUnit>(
        std::make_unique<OnednnUnit>(asked, hooked_python_path(folder, ground.environment)));
  }
};
}  // namespace

std::unique_ptr<Recorder> onednn_recorder() { return std::make_unique<OnednnRecorder>(); }

}  // namespace varve
