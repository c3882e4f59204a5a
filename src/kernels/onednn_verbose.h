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
// Everything after "exec" is: engine, primitive kind, implementation, …, time in milliseconds last.
struct OnednnExecution {
  std::string engine;          // "cpu"
  std::string primitive;       // "matmul"
  std::string implementation;  // "brg:avx512_core"
  std::int64_t duration_ns = 0;
};

// Nothing when the line is not a whole, valid report of an execution.
std::optional<OnednnExecution> parse_onednn_line(std::string_view line);

// Finds such lines in a program's output as it streams by and adds them up: a row of calls for each primitive and
// implementation, named "matmul brg:avx512_core", with the primitive as its base. Library "oneDNN"; for another engine
// than the CPU "oneDNN (gpu)". Lines over 16 KiB are skipped. The times are wall time of the call, all threads
// together.
class OnednnVerboseScanner {
 public:
  void feed(std::string_view chunk);  // bytes as they arrive; lines may be cut anywhere
  // What was seen so far, including a last line without an end: the profile kOnednnCalls, or none when there was
  // nothing. Window and whole are left to whoever knows them.
  ProfileRecord take();

 private:
  void take_line(std::string_view line);

  std::string partial_;
  bool skipping_ = false;      // inside a line that is too long
  std::uint64_t skipped_ = 0;  // lines that look like oneDNN's and could not be read
  KernelTable kernels_;
  std::map<KernelId, Durations> rows_;
};

}  // namespace varve
