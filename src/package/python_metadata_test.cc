#include "package/python_metadata.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(PythonMetadata, HeadersEndAtTheFirstEmptyLine) {
  const PackageMetadata metadata = parse_metadata(
      "Metadata-Version: 2.1\r\nName: nvidia-cublas-cu12\r\nVersion: 12.1.3.1\r\nSummary: one\r\n two\r\n"
      "Requires-Dist: a>=1\r\nRequires-Dist: b;\r\n  extra == 'x'\r\n\r\nVersion: 9\r\n");
  EXPECT_EQ(metadata.name, "nvidia-cublas-cu12");
  EXPECT_EQ(metadata.version, "12.1.3.1");
  ASSERT_EQ(metadata.requirements.size(), 2u);
  EXPECT_EQ(metadata.requirements[1], "b; extra == 'x'");
}

TEST(PythonMetadata, HostileHeaders) {
  EXPECT_EQ(parse_metadata(std::string(1 << 20, 'x')).name, "");
  EXPECT_EQ(parse_metadata("Name: " + std::string(1 << 20, 'x')).name.size(), 256u);
  EXPECT_EQ(parse_metadata(std::string("Name: a\0b\n", 10)).name, std::string("a\0b", 3));
  EXPECT_EQ(parse_metadata("Name: \xff\xfe\n").name, "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(parse_metadata(": x\n:\nNoColon\nName: a").name, "a");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "Requires-Dist: x\n";
  EXPECT_EQ(parse_metadata(many).requirements.size(), 4096u);
}

TEST(PythonMetadata, NamesAreComparedByPep503) {
  EXPECT_EQ(normal_package_name("nvidia_cuda_nvcc.cu12"), "nvidia-cuda-nvcc-cu12");
  EXPECT_EQ(normal_package_name("Flash__Attn"), "flash-attn");
}

TEST(PythonMetadata, Requirements) {
  const auto toolkit = parse_requirement("cuda-toolkit[cublas, CUDART]==13.2.2; platform_system == \"Linux\"");
  ASSERT_TRUE(toolkit);
  EXPECT_EQ(toolkit->name, "cuda-toolkit");
  EXPECT_EQ(toolkit->extras, (std::vector<std::string>{"cublas", "cudart"}));
  EXPECT_EQ(toolkit->specifier, "==13.2.2");
  EXPECT_EQ(toolkit->marker, "platform_system == \"Linux\"");
  const auto old = parse_requirement("nvidia-nccl-cu12 (==2.18.1) ; platform_machine == \"x86_64\"");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->name, "nvidia-nccl-cu12");
  EXPECT_EQ(old->specifier, "==2.18.1");
  EXPECT_EQ(parse_requirement("a @ https://user:secret@host/a.whl")->specifier, "");
  EXPECT_FALSE(parse_requirement("=="));
  EXPECT_FALSE(parse_requirement("a[b"));
  EXPECT_FALSE(parse_requirement(""));
}

TEST(PythonMetadata, MarkersForThisPlatform) {
  const MarkerContext context{"3.11", {"cublas"}};
  const auto applies = [&](std::string_view marker) { return marker_applies(marker, context); };
  EXPECT_TRUE(applies(""));
  EXPECT_TRUE(applies("platform_system == \"Linux\" and platform_machine == \"x86_64\""));
  EXPECT_FALSE(applies("platform_system == 'Windows'"));
  EXPECT_FALSE(applies("sys_platform == 'linux' and platform_machine == 'aarch64'"));
  EXPECT_TRUE(
      applies("(sys_platform == 'linux' and platform_machine == 'aarch64' or sys_platform == 'linux' and "
              "platform_machine == 'x86_64' or sys_platform == 'win32') and extra == 'cublas'"));
  EXPECT_FALSE(applies("extra == 'all'"));
  EXPECT_TRUE(applies("python_version < '3.16'"));
  EXPECT_FALSE(applies("python_version < '3.9'"));
  EXPECT_TRUE(applies("python_version >= '3.9' and python_version not in '3.0 3.1'"));
  EXPECT_TRUE(applies("'linux' in sys_platform"));
  EXPECT_TRUE(applies("some_future_variable == '1'"));  // not known: it applies
  EXPECT_TRUE(applies("python_version <"));             // not understood: it applies
  EXPECT_TRUE(marker_applies("python_version < '3.9'", {}));
  EXPECT_TRUE(marker_needs_extra("extra == 'cublas'", context));
  EXPECT_FALSE(marker_needs_extra("extra == 'other' or os_name == 'posix'", context));
  EXPECT_TRUE(applies(std::string(100000, '(')));
}

TEST(PythonMetadata, DottedVersions) {
  EXPECT_EQ(compare_dotted("3.9", "3.10"), -1);
  EXPECT_EQ(compare_dotted("3.10.0", "3.10"), 0);
  EXPECT_EQ(compare_dotted("12", "9.9"), 1);
}

}  // namespace
}  // namespace varve
