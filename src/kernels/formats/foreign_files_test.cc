#include "kernels/formats/foreign_files.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/formats/trace_formats.h"
#include "kernels/kineto/kineto_testing.h"

namespace varve {
namespace {

std::string refused(const std::string& bytes) {
  const auto input = trace_of_bytes(test::text_bytes(bytes), "given");
  const auto trace = read_trace(*input);
  return trace ? "read" : trace.error().found + ": " + trace.error().hint;
}

TEST(ForeignFiles, AreNamedWithWhatToGiveInstead) {
  using namespace std::string_literals;
  const std::string tar = "trace.json"s + std::string(247, '\0') + "ustar\0"s + std::string(249, '\0');
  const std::pair<std::string, const char*> kCases[] = {
      {"NVIDIA Tegra Profiler Report 1.\n\vLocal (CLI)", "nsys export --type sqlite"},
      {"PERFILE2\0\0\0\0", "perf script"},
      {"==7== NVPROF is profiling process 7, command: ./a\n==7== Profiling result:\n", "nvprof -o"},
      {"======== Profiling result:\n\"Start\",\"Duration\",\"Grid X\",\"Grid Y\"\nus,us,,\n", "nvprof -o"},
      {"Time(%),Time,Calls,Avg,Min,Max,Name\n47.79%,542.36ms,45,12.052ms,12.007ms,12.110ms,[CUDA memcpy HtoD]\n",
       "nvprof -o"},
      {R"({"schema": "1.1.1-chakra.0.0.4", "pid": 7, "nodes": [{"name": "aten::mm", "id": 5}]})",
       "export_chrome_trace"},
      {"\x80\x04\x95q\0\0\0\0\0\0\0}"s, "pickle"},
      {"[\n{\"cat\" : \"Session\",\"pid\" :7,\"tid\" :7,\"dur\" :615,\"ts\" :5,\"ph\" : \"X\","
       "\"name\" :\"model_loading_array\",\"args\" : {}},\n",
       "ONNX Runtime"},
      {R"({"displayTimeUnit":"ns","metadata":{"highres-ticks":true},"traceEvents":[{"ph":"M","pid":701,)"
       R"("name":"process_name","args":{"name":"/host:CPU"}},)",
       ".xplane.pb"},
      {"Dispatch_ID,GPU_ID,Grid_Size,Kernel_Name,SQ_WAVES\n0,2,64,fill,1\n", "pmc_kernel_top.csv"},
      {"PAR1\x15\x04", "--type sqlite"},
      {"PK\x03\x04\x14", "Unpack it"},
      {tar, "Unpack it"},
      {"\n<!DOCTYPE html><html lang=en>", "HTML"},
  };
  for (const auto& [bytes, told] : kCases) EXPECT_NE(refused(bytes).find(told), std::string::npos) << refused(bytes);
}

TEST(ForeignFiles, BytesThatWereCopiedAsTextAreNoSuchTrace) {
  std::string mangled = "\x0A\xEF\xBF\xBD\x06\x08\x02\x12\x0A/device:GPU:0";
  for (int i = 0; i < 20; ++i) mangled += "\x10\xEF\xBF\xBD";
  EXPECT_NE(refused(mangled).find("copied as if it were text"), std::string::npos) << refused(mangled);
}

TEST(ForeignFiles, ATraceIsNone) {
  for (const char* text : {R"({"schemaVersion": 1, "traceEvents": []})", R"([{"ph":"X","cat":"cpu_op"}])",
                           R"({"schema": 1, "nodes": 2, "traceEvents": []})"}) {
    const std::string bytes(text);
    EXPECT_EQ(find_foreign_file(test::text_bytes(bytes)), nullptr) << text;
  }
}

}  // namespace
}  // namespace varve
