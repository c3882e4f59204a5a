#include "kernels/formats/foreign_files.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace varve {

namespace {
template <std::size_t Size>
bool begins_with(std::string_view text, const char (&magic)[Size]) {
  return text.starts_with(std::string_view(magic, Size - 1));
}

// A file that Git keeps elsewhere, and of which only a few lines were fetched (Git LFS: docs/spec.md).
bool is_lfs_pointer(std::string_view text) { return begins_with(text, "version https://git-lfs.github.com/spec/"); }

bool is_nsight_report(std::string_view text) { return begins_with(text, "NVIDIA Tegra Profiler Report"); }

bool is_perf_data(std::string_view text) { return begins_with(text, "PERFILE2"); }

// Chakra's and PyTorch's own: {"schema": "1.1.1-chakra.0.0.4", "pid": 1, …, "nodes": [
bool is_execution_trace(std::string_view text) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return trim(text.substr(0, 64)).starts_with('{') && has("\"schema\"") && has("\"nodes\"") && !has("\"traceEvents\"");
}

bool is_pickle(std::string_view text) {
  return text.size() > 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5 && text.find("traceEvents") == text.npos;
}

bool is_columns(std::string_view text) { return begins_with(text, "PAR1") || begins_with(text, "\x89HDF\r\n"); }

bool is_archive(std::string_view text) {
  constexpr std::size_t kTarMagic = 257;
  return begins_with(text, "PK\x03\x04") || (text.size() > kTarMagic && text.substr(kTarMagic).starts_with("ustar"));
}

bool is_page(std::string_view text) {
  const std::string start = to_lower(trim(text.substr(0, 256)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

// Bytes that are no text became the character U+FFFD: what is left cannot be told.
bool is_binary_as_text(std::string_view text) {
  constexpr int kFew = 16;
  int replaced = 0;
  for (std::size_t at = 0; (at = text.find("\xEF\xBF\xBD", at)) != text.npos; at += 3) ++replaced;
  return replaced >= kFew && std::any_of(text.begin(), text.end(), [](char c) { return c > '\0' && c < '\t'; });
}

// A list of events with categories of its own: {"cat" : "Session","pid" :7,…,"name" :"session_initialization", as
// ONNX Runtime's profiler writes it, or the same written again by another program.
bool is_onnxruntime_profile(std::string_view text) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return trim(text.substr(0, 64)).starts_with('[') && has("\"Session\"") &&
         (has("\"session_initialization\"") || has("\"model_loading_") || has("\"model_run\""));
}

// What XLA's profiler writes for a browser beside the XPlane: processes are planes ("/host:CPU"), events have no
// category.
bool is_xla_for_a_browser(std::string_view text) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return has("\"highres-ticks\"") && has("\"process_name\"") && (has("\"/host:") || has("\"/device:"));
}

// What nvprof prints, as a table or as CSV: times are rounded to five digits, and most leave out the order.
bool is_nvprof_text(std::string_view text) {
  const auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return has("== NVPROF is profiling process") || has("== Profiling result:") ||
         has("Time(%),Time,Calls,Avg,Min,Max") || has("\"Time(%)\",\"Time\",\"Calls\"") ||
         has("\"Start\",\"Duration\",\"Grid X\"");
}

// What rocprof-compute gathers of many runs (pmc_perf.csv): a row a kernel, a column a counter, and no times.
bool is_counter_table(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto has = [&](std::string_view word) { return line.find(word) != std::string_view::npos; };
  return line.starts_with("Dispatch_ID,") && has(",SQ_") && !has("Start_Timestamp");
}

constexpr std::array<ForeignFile, 13> kForeignFiles{{
    {is_lfs_pointer, "it is a Git LFS pointer: the trace itself was never fetched", "Fetch it with: git lfs pull"},
    {is_nsight_report, "it is a report of Nsight Systems, whose format only nsys reads",
     "Export it first: nsys export --type sqlite FILE"},
    {is_nvprof_text, "it is what nvprof prints, whose times are rounded",
     "Give the file that it writes, which is read: nvprof -o FILE PROGRAM"},
    {is_counter_table, "it is a table of counters, as rocprof-compute writes: it tells no times of kernels",
     "Give pmc_kernel_top.csv beside it, or record them with: rocprofv3 --kernel-trace"},
    {is_perf_data, "it is a recording of perf, whose addresses only perf script turns into names",
     "Write it as text first: perf script -F comm,tid,time,event,ip,sym,dso -i FILE"},
    {is_execution_trace, "it is an execution trace of PyTorch: operators and their tensors, without times",
     "Give the trace that torch.profiler wrote of the same run (export_chrome_trace)"},
    {is_onnxruntime_profile, "it is a profile of ONNX Runtime: nodes of its model, which are not read",
     "Of a GPU record with Nsight Systems or rocprofv3; on a CPU varve run samples the program"},
    {is_xla_for_a_browser, "it is what XLA's profiler writes for a browser, without what tells kernels from calls",
     "Give the file beside it that ends in .xplane.pb"},
    {is_columns, "it is a Parquet or HDF5 file", "Of Nsight Systems' exports the one by --type sqlite is read"},
    {is_archive, "it is an archive of files", "Unpack it, and give the trace that is inside"},
    {is_pickle, "it is a pickle of Python, as PyTorch's memory snapshots are: no trace of kernels",
     "Give the trace that torch.profiler wrote (export_chrome_trace)"},
    {is_page, "it is a page of HTML: no trace was downloaded", "Download the file itself"},
    {is_binary_as_text, "its bytes were replaced by U+FFFD where they are no text: it was copied as if it were text",
     "Copy it again as it is"},
}};
}  // namespace

const ForeignFile* find_foreign_file(std::span<const std::byte> beginning) {
  const std::string_view text(reinterpret_cast<const char*>(beginning.data()), beginning.size());
  const auto found = std::find_if(kForeignFiles.begin(), kForeignFiles.end(),
                                  [&](const ForeignFile& one) { return one.recognises(text); });
  return found == kForeignFiles.end() ? nullptr : &*found;
}

}  // namespace varve
