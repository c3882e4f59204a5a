#include "tables/gpu_products.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

std::string product(std::string_view name) {
  const auto capability = capability_of_product(name);
  return capability ? to_string(*capability) : "unknown";
}

TEST(GpuProducts, AreFoundByTheNamesThatTheDriverPrints) {
  EXPECT_EQ(product("NVIDIA H100 80GB HBM3"), "9.0");
  EXPECT_EQ(product("NVIDIA A100-SXM4-40GB"), "8.0");
  EXPECT_EQ(product("NVIDIA L40S"), "8.9");
  EXPECT_EQ(product("Tesla T4"), "7.5");
  EXPECT_EQ(product("Tesla V100-SXM2-16GB"), "7.0");
  EXPECT_EQ(product("NVIDIA GeForce RTX 5090"), "12.0");
  EXPECT_EQ(product("GB10"), "12.1");
}

TEST(GpuProducts, TheMoreSpecificRowCounts) {
  EXPECT_EQ(product("NVIDIA RTX 6000 Ada Generation"), "8.9");
  EXPECT_EQ(product("Quadro RTX 6000"), "7.5");
  EXPECT_EQ(product("NVIDIA RTX PRO 6000 Blackwell Server Edition"), "12.0");
}

TEST(GpuProducts, AreFoundByTheNamesThatPeopleCut) {
  EXPECT_EQ(product("RTX 5090"), "12.0");
  EXPECT_EQ(product("nvidia rtx 4070 ti"), "8.9");
  EXPECT_EQ(product("4090"), "8.9");
  EXPECT_EQ(product("RTX"), "unknown");
}

TEST(GpuProducts, OlderCardsAreFoundByTheirNumbers) {
  const std::pair<const char*, const char*> rows[] = {{"Quadro K2000", "3.0"},
                                                      {"GeForce GTX 680M", "3.0"},
                                                      {"GTX 770", "3.0"},
                                                      {"GRID K520", "3.0"},
                                                      {"GeForce GTX 780 Ti", "3.5"},
                                                      {"Tesla K20Xm", "3.5"},
                                                      {"K80", "3.7"},
                                                      {"GeForce 940MX", "5.0"},
                                                      {"MX130", "5.0"},
                                                      {"Tesla M10", "5.0"},
                                                      {"GTX 970M", "5.2"},
                                                      {"Quadro M2000", "5.2"},
                                                      {"M60", "5.2"},
                                                      {"P100", "6.0"},
                                                      {"MX150", "6.1"},
                                                      {"P104-100", "6.1"},
                                                      {"Quadro P2200", "6.1"},
                                                      {"Tesla V100S-PCIE-32GB", "7.0"},
                                                      {"CMP 50HX", "7.5"},
                                                      {"CMP 170HX", "8.0"},
                                                      {"RTX A500", "8.6"},
                                                      {"NVIDIA RTX 500 Ada Generation Laptop GPU", "8.9"},
                                                      {"NVIDIA GeForce RTX 3050 A Laptop GPU", "8.9"},
                                                      {"RTX PRO 1000 Blackwell", "12.0"}};
  for (const auto& [name, capability] : rows) EXPECT_EQ(product(name), capability) << name;
}

TEST(GpuProducts, NamesThatChipsShareAreNotGuessed) {
  for (const char* name : {"GeForce GT 730", "GeForce GTX 860M", "GeForce GT 640", "GT 710"}) {
    EXPECT_EQ(product(name), "unknown") << name;
  }
  EXPECT_EQ(product("Quadro 4000"), "2.0");
  EXPECT_EQ(product("Quadro RTX 4000"), "7.5");
  EXPECT_EQ(product("RTX 4000 Ada Generation"), "8.9");
  EXPECT_EQ(product("GeForce RTX 3050 Laptop GPU"), "8.6");
}

TEST(GpuProducts, AnUnknownNameIsNotGuessed) {
  EXPECT_EQ(product("NVIDIA X9000"), "unknown");
  EXPECT_EQ(product(""), "unknown");
  EXPECT_EQ(product("GeForce"), "unknown");
}

TEST(GpuProducts, AreFoundWithoutTheBlanksThatTheDriverPrints) {
  const std::pair<const char*, const char*> rows[] = {
      {"rtx5090", "12.0"},       {"RTX4090D", "8.9"},         {"gtx1080ti", "6.1"},      {"RTX-4070-Ti-Super", "8.9"},
      {"rtx4070tisuper", "8.9"}, {"GeForceRTX3090", "8.6"},   {"rtxa6000", "8.6"},       {"rtx_5090", "12.0"},
      {"h100sxm5", "9.0"},       {"nvidia-h100-pcie", "9.0"}, {"teslav100", "7.0"},      {"A100-80GB", "8.0"},
      {"RTX 5090 32GB", "12.0"}, {"NVIDIAL40S", "8.9"},       {"rtx 4090 laptop", "8.9"}};
  for (const auto& [name, capability] : rows) EXPECT_EQ(product(name), capability) << name;
  EXPECT_EQ(product("rtx9999"), "unknown");
  EXPECT_EQ(product("x9000"), "unknown");
  EXPECT_EQ(product(std::string(100000, 'v')), "unknown");
}

TEST(GpuProducts, ModulesAreFoundByTheNameOfTheirChip) {
  const std::pair<const char*, const char*> rows[] = {
      {"Orin", "8.7"},         {"Thor", "11.0"},      {"Xavier", "7.2"},      {"AGX Orin 64GB", "8.7"},
      {"orin-nano", "8.7"},    {"jetsonorin", "8.7"}, {"Jetson Nano", "5.3"}, {"Jetson Orin Nano", "8.7"},
      {"Jetson Thor", "11.0"}, {"TX2", "6.2"},        {"DGX Spark", "12.1"}};
  for (const auto& [name, capability] : rows) EXPECT_EQ(product(name), capability) << name;
  EXPECT_EQ(product("Jetson"), "unknown") << "they differ";
  EXPECT_EQ(product("Nano"), "unknown") << "Jetson Nano or Jetson Orin Nano";
  EXPECT_EQ(product("Blackwell"), "unknown") << "made of several chips";
  EXPECT_EQ(product("NVIDIA"), "unknown");
}

TEST(GpuProducts, AreFoundByPciId) {
  EXPECT_EQ(capability_of_pci_device("2330"), (ComputeCapability{9, 0}));
  EXPECT_EQ(capability_of_pci_device("2e12"), (ComputeCapability{12, 1}));
  EXPECT_EQ(capability_of_pci_device("2BB5"), (ComputeCapability{12, 0}));
  EXPECT_EQ(capability_of_pci_device("23ff"), (ComputeCapability{9, 0}));  // by its chip's range
  EXPECT_FALSE(capability_of_pci_device("zz"));
}

TEST(GpuProducts, HaveAClassThatDecidesAboutForwardCompatibility) {
  EXPECT_EQ(class_of_product("NVIDIA H100 80GB HBM3"), ProductClass::datacenter);
  EXPECT_EQ(class_of_product("Tesla T4"), ProductClass::datacenter);
  EXPECT_EQ(class_of_product("NVIDIA GeForce RTX 4090"), ProductClass::geforce);
  EXPECT_EQ(class_of_product("NVIDIA RTX A6000"), ProductClass::professional);
  EXPECT_EQ(class_of_product("Quadro P6000"), ProductClass::professional);
  EXPECT_EQ(class_of_product("NVIDIA TITAN V"), ProductClass::titan);
  EXPECT_EQ(class_of_product("Jetson AGX Orin"), ProductClass::jetson);
}

TEST(GpuProducts, AProductWithoutARowHasTheClassOfItsLine) {
  EXPECT_EQ(class_of_product("NVIDIA GeForce RTX 9090"), ProductClass::geforce);
  EXPECT_FALSE(class_of_product("NVIDIA X9000"));
  EXPECT_FALSE(class_of_product(""));
}

TEST(GpuProducts, EveryRowHasAClassAndABrandUnlessItIsNoCard) {
  for (const char* name : {"L40S", "B200", "RTX PRO 5000 Blackwell", "GeForce MX570", "TITAN Xp", "Tesla K80"}) {
    EXPECT_FALSE(brand_of_product(name).empty()) << name;
  }
  EXPECT_EQ(brand_of_product("Tesla V100-SXM2-16GB"), "tesla");
  EXPECT_EQ(brand_of_product("NVIDIA A100-SXM4-40GB"), "nvidia");
  EXPECT_EQ(brand_of_product("NVIDIA GeForce RTX 5090"), "geforcertx");
  EXPECT_EQ(brand_of_product("NVIDIA GeForce GTX 1080"), "geforce");
  EXPECT_EQ(brand_of_product("Quadro RTX 8000"), "quadrortx");
  EXPECT_EQ(brand_of_product("NVIDIA RTX A5000"), "nvidiartx");
  EXPECT_EQ(brand_of_product("NVIDIA X9000"), "");
}

TEST(GpuProducts, AGpuMayBeWrittenAsACapabilityToo) {
  EXPECT_EQ(capability_of_gpu("sm_90"), (ComputeCapability{9, 0}));
  EXPECT_EQ(capability_of_gpu("12.0"), (ComputeCapability{12, 0}));
  EXPECT_EQ(capability_of_gpu("L4"), (ComputeCapability{8, 9}));
  for (const char* text :
       {"sm_90a", "SM90", "sm90a", "compute_90", "compute_90a", "90a", "cc 9.0", "lto_90", "CC9.0"}) {
    EXPECT_EQ(capability_of_gpu(text), (ComputeCapability{9, 0})) << text;
  }
  EXPECT_EQ(capability_of_gpu("sm_100f"), (ComputeCapability{10, 0}));
  for (const char* text : {"sm_", "sm_a", "compute", "a", "sm_90b", "gpu90"})
    EXPECT_FALSE(capability_of_gpu(text)) << text;
}

}  // namespace
}  // namespace varve
