#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/kernels/profile.h"

namespace varve {

// One executed primitive, as oneDNN writes it with ONEDNN_VERBOSE=1 (since 0.18 "mkldnn_verbose", then "dnnl_verbose",
// "onednn_verbose" since 2.5):
//   onednn_verbose,exec,cpu,matmul,brg:avx512_core,undef,src_f32::…,attr,aux,64x64:64x64,0.0129395      (2.x)
//   onednn_verbose[,v1][,timestamp],primitive,exec,cpu,matmul,brg:avx512_core,undef,…,0.0129395         (3.x)
// Everything after "exec" is: engine, primitive kind, implementation, …, time in milliseconds last. A line before them
// names the fields, "info,template:operation,engine,primitive,implementation,…,problem_desc,exec_time".
struct OnednnExecution {
  std::string engine;                    // "cpu"
  std::string primitive;                 // "matmul"
  std::string implementation;            // "brg:avx512_core"; "" of what is no primitive (gemm_api, in TensorFlow)
  std::string problem;                   // its sizes: "64x96:96x32"
  std::optional<std::int64_t> start_ns;  // ONEDNN_VERBOSE_TIMESTAMP=1: since 1970
  std::int64_t duration_ns = 0;
};

// How far behind "exec" the fields stand.
struct OnednnTemplate {
  std::size_t engine = 1, primitive = 2, implementation = 3, problem = 8, time = 9;
};

// The template that a line states for primitives; nothing when it states none that names all of these fields.
std::optional<OnednnTemplate> parse_onednn_template(std::string_view line);

// Nothing when the line is not a whole, valid report of an execution.
std::optional<OnednnExecution> parse_onednn_line(std::string_view line, const OnednnTemplate& fields = {});

// "matmul brg:avx512_core"
std::string onednn_kernel_name(const OnednnExecution& execution);

// Finds such lines in a program's output as it streams by, takes them out and adds them up: a row of calls for each
// primitive and implementation, named "matmul brg:avx512_core", with the primitive as its base. Library "oneDNN"; for
// another engine than the CPU "oneDNN (gpu)". Lines over 16 KiB are skipped. The times are wall time of the call, all
// threads together.
class OnednnVerboseScanner {
 public:
  // Bytes as they arrive; lines may be cut anywhere, and begin behind what the program wrote without an end of line.
  // Returns what the program itself wrote, until the next call: all else of them, but for what may be the beginning of
  // a line of oneDNN's. With nothing, at the end: that too.
  std::string_view feed(std::string_view chunk);
  // What was seen so far, including a last line without an end: the profile kOnednnCalls, or none when there was
  // nothing. Window and whole are left to whoever knows them.
  ProfileRecord take();

 private:
  void take_line(std::string_view line);
  std::string_view feed_line(std::string_view text);

  std::string own_;       // what feed() returned
  std::string held_;      // what may be the beginning of a line
  bool in_line_ = false;  // of oneDNN's: `line_` so far
  std::string line_;
  bool skipping_ = false;      // inside a line that is too long
  std::uint64_t skipped_ = 0;  // lines that look like oneDNN's and could not be read
  KernelTable kernels_;
  std::map<KernelId, Durations> rows_;
};

// Whether a file contains oneDNN, by its name.
bool may_contain_onednn(std::string_view path);

}  // namespace varve
