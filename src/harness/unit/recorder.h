#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/unit/executor.h"
#include "model/run_record.h"
#include "world/world.h"

namespace varve {

// What is known of a side's program when a unit of it is to be recorded.
struct RecordingGround {
  const World& world;
  std::string program;                             // path of the executable
  std::map<std::string, std::string> environment;  // of its units
  std::vector<Library> libraries;                  // that its timing units mapped, each path once; home shortened
  double fastest_seconds = 0;                      // the shortest wall time of its timing units; 0: not known
  std::optional<MeasuredWindow> usual_window;      // of a timing unit: what the metric speaks of, where it says so
  bool is_second_try = false;                      // the first has missed what the metric speaks of
};

// What a recorder made of a unit.
struct Recording {
  ProfileRecord seen;   // profiles that are closed: with their windows and wholes; and why there are none
  UnitRecording about;  // without its cost, which the scheduler knows
  std::map<std::string, Fact> framework;  // Variant::framework
  bool has_missed = false;       // what it saw lies beside what the metric speaks of: another unit may see that
  bool profiles_itself = false;  // the program opens a profiler, which needs what the others would take (CUPTI)
};

// One unit while it is recorded. The calls come in this order; whatever goes wrong is told by finish().
class RecordedUnit {
 public:
  virtual ~RecordedUnit() = default;
  // Variables to set for this unit, beside those of its side.
  virtual std::map<std::string, std::string> environment() const = 0;
  // To be watched while the unit runs, and what to do when it can be read. -1: nothing.
  virtual int descriptor() const { return -1; }
  virtual void serve() {}
  // What the program writes, as it comes, and nothing at its end. Returns what of it, or of what was held back before,
  // is the program's own; until the next call.
  virtual std::string_view output(std::string_view bytes) { return bytes; }
  // A variable that tells the program which pipe its output goes to, as in UnitRequest; "": none.
  virtual std::string output_variable() const { return ""; }
  virtual Recording finish(const UnitOutcome& outcome) = 0;
};

// Whether a recorder can see a side's program.
enum class Fit {
  fits,        // it should see something
  not_needed,  // as far as is known there is nothing for it to see; tried when it is asked for by name
  impossible,  // it does not work here
};
struct Consideration {
  Fit fit = Fit::not_needed;
  std::string why;  // "libtorch_cpu.so was loaded"
};

// One way to see what an unchanged program ran, on a unit of its own: a row of a table (choose.h). It never fails the
// run: where it sees nothing, the program's result is the same and the reason stands in its place.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual std::string_view name() const = 0;  // as --kernels takes it: "torch"
  // It listens to CUPTI, which serves one at a time.
  virtual bool needs_cupti() const { return false; }
  virtual Consideration consider(const RecordingGround& ground) const = 0;
  // Gets a unit ready, with an empty folder of its own that is removed after it. Error: why nothing can be recorded.
  virtual Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround& ground,
                                                        const std::string& folder) const = 0;
};

}  // namespace varve
