#include "tables/settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/embedded.h"
#include "base/json.h"

namespace varve {
namespace {

using Environment = std::map<std::string, std::string>;

std::string text_of(const std::map<std::string, Fact>& settings) {
  std::string text;
  for (const auto& [name, fact] : settings) text += name + "=" + fact_text(fact) + " [" + fact.detail + "]\n";
  return text;
}

TEST(DispatchSettings, TakesTheListedOnesOnly) {
  const auto settings = dispatch_settings({{"OMP_NUM_THREADS", "8"},
                                           {"OPENBLAS_CORETYPE", "SKYLAKEX"},
                                           {"XLA_FLAGS", "--xla_gpu_autotune_level=4"},
                                           {"LD_LIBRARY_PATH", "/home/me/lib:/opt/lib"},
                                           {"PATH", "/usr/bin"},
                                           {"MY_OMP_NUM_THREADS", "1"},
                                           {"TF_SOMETHING_NEW", "1"},
                                           {"NCCL_COMM_ID", "host-of-mine:1234"}},
                                          "/home/me");
  EXPECT_EQ(text_of(settings),
            "LD_LIBRARY_PATH=~/lib:/opt/lib []\n"
            "OMP_NUM_THREADS=8 []\n"
            "OPENBLAS_CORETYPE=SKYLAKEX []\n"
            "XLA_FLAGS=--xla_gpu_autotune_level=4 []\n");
}

TEST(DispatchSettings, NoPlantedSecretSurvives) {
  const std::string planted = "Pl4nt3dS3cr3tValu3";
  const auto settings = dispatch_settings({{"AWS_SECRET_ACCESS_KEY", planted},
                                           {"HF_TOKEN", planted},
                                           {"NVIDIA_API_KEY", planted},
                                           {"TORCH_AUTH_TOKEN", planted},
                                           {"CUDA_CACHE_PATH", "https://user:" + planted + "@host/x"},
                                           {"TRITON_CACHE_MANAGER", "hf_" + planted},
                                           {"XLA_FLAGS", "--token=" + planted}},
                                          "/home/me");
  const std::string text = text_of(settings);
  EXPECT_EQ(text.find(planted), std::string::npos) << text;
  EXPECT_FALSE(settings.contains("NVIDIA_API_KEY"));
  EXPECT_FALSE(settings.contains("TORCH_AUTH_TOKEN"));
  for (const char* name : {"CUDA_CACHE_PATH", "TRITON_CACHE_MANAGER", "XLA_FLAGS"}) {
    ASSERT_TRUE(settings.contains(name)) << name;
    EXPECT_EQ(settings.at(name).missing, Missing::denied);
    EXPECT_EQ(settings.at(name).detail, "looks like a secret, not recorded");
  }
}

TEST(DispatchSettings, GpuIdentifiersAreHashed) {
  const std::string uuid = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6";
  const auto settings = dispatch_settings({{"CUDA_VISIBLE_DEVICES", uuid + ",1"}}, "");
  const std::string value = fact_text(settings.at("CUDA_VISIBLE_DEVICES"));
  EXPECT_EQ(value.find("8932f937"), std::string::npos);
  EXPECT_TRUE(value.starts_with("GPU-sha256:")) << value;
  EXPECT_TRUE(value.ends_with(",1")) << value;
}

TEST(DispatchSettings, AnEmptyValueIsAValue) {
  const auto settings = dispatch_settings({{"CUDA_VISIBLE_DEVICES", ""}}, "");  // hides every GPU
  ASSERT_TRUE(settings.contains("CUDA_VISIBLE_DEVICES"));
  EXPECT_TRUE(settings.at("CUDA_VISIBLE_DEVICES").is_known());
}

TEST(DispatchSettings, EveryRowSaysWhy) {
  const Result<Json> list = parse_json(embedded_file("data/dispatch_settings.json"), "reading", "data");
  ASSERT_TRUE(list);
  std::set<std::string> names;
  for (const Json& row : (*list)["settings"]) {
    const std::string name = row.at("name").get<std::string>();
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_FALSE(row.at("reason").get<std::string>().empty()) << name;
    EXPECT_FALSE(row.at("source").get<std::string>().empty()) << name;
  }
  for (const Json& row : (*list)["never"]) EXPECT_FALSE(row.at("reason").get<std::string>().empty());
  for (const char* name : {"OMP_*", "LD_PRELOAD", "GLIBC_TUNABLES", "ONEDNN_*"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(ParseEnvironment, ReadsTheKernelsForm) {
  EXPECT_EQ(parse_environment(std::string_view("A=1\0B=x=y\0broken\0=z\0C=\0", 23)),
            (Environment{{"A", "1"}, {"B", "x=y"}, {"C", ""}}));
  EXPECT_EQ(parse_environment(""), Environment{});
}

}  // namespace
}  // namespace varve
