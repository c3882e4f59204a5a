#include "tables/framework_images.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

std::string cuda_of(std::string_view word) {
  const auto image = framework_image_of(word);
  return image ? image->cuda : "nothing";
}

TEST(FrameworkImages, AMonthsBaseTellsTheCuda) {
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/pytorch:25.03-py3"), "12.8");
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/tensorflow:23.05-tf2-py3"), "12.1");
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/tensorrt:20.07.1-py3"), "11.0");
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/tritonserver:24.10-py3"), "12.6");
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/tritonserver:24.10-trtllm-python-py3"), "12.5") << "another base";
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/tritonserver:23.10-trtllm-python-py3"), "nothing") << "a base without a row";
  EXPECT_EQ(framework_image_of("nvcr.io/nvidia/pytorch:24.05-py3")->branches, (std::vector{470, 525, 535, 545}));
  EXPECT_TRUE(framework_image_of("nvcr.io/nvidia/pytorch:25.03-py3")->branches.empty()) << "not stated";
}

TEST(FrameworkImages, NamesAreFoundAsTheyAreWritten) {
  for (const char* word : {"`nvcr.io/nvidia/pytorch:24.05-py3`", "docker://nvcr.io/nvidia/pytorch:24.05-py3",
                           "(nvcr.io/nvidia/pytorch:24.05-py3).", "IMAGE=nvcr.io/nvidia/pytorch:24.05-py3",
                           "nvcr.io#nvidia/pytorch:24.05-py3", "image:nvcr.io/nvidia/pytorch:24.05-py3",
                           "\"nvcr.io/nvidia/pytorch:24.05-py3\",", "nvcr.io/nvidia/pytorch:24.05-py3@sha256:0123"}) {
    const auto image = framework_image_of(word);
    ASSERT_TRUE(image) << word;
    EXPECT_EQ(image->name, "nvcr.io/nvidia/pytorch:24.05-py3") << word;
  }
}

TEST(FrameworkImages, WhatTellsNothingIsNotGuessed) {
  for (const char* word :
       {"nvcr.io/nvidia/pytorch", "nvcr.io/nvidia/pytorch:latest", "nvcr.io/nvidia/pytorch:99.01-py3",
        "nvcr.io/nvidia/pytorch:", "nvcr.io/nvidia/pytorch:24.06-py3-igpu", "nvcr.io/nvidia/nemo:24.05",
        "someone/pytorch:24.05-py3", "rayproject/ray:2.9.0-gpu", "rapidsai/base:25.11-py3",
        "lmsysorg/sglang:v0.4.6.post5-rocm630", "vllm/vllm-openai:latest", "vllm/vllm-openai:v0.9.0rc1", "/", ":",
        "a/b:c", ""}) {
    EXPECT_FALSE(framework_image_of(word)) << word;
  }
}

TEST(FrameworkImages, ATagMayNameTheCuda) {
  EXPECT_EQ(cuda_of("rapidsai/base:25.04-cuda12.8-py3.12"), "12.8");
  EXPECT_EQ(cuda_of("nvcr.io/nvidia/cuda-dl-base:25.11-cuda13.0-devel-ubuntu24.04"), "13.0");
  EXPECT_EQ(cuda_of("lmsysorg/sglang:v0.5.9-cu129-amd64-runtime"), "12.9");
  EXPECT_EQ(cuda_of("rayproject/ray:2.49.2-py312-cu128"), "12.8");
  EXPECT_EQ(cuda_of("quay.io/jupyter/pytorch-notebook:cuda12-python-3.11.8"), "12");
  EXPECT_EQ(cuda_of("vllm/vllm-openai:v0.21.0-cu129"), "12.9");
}

TEST(FrameworkImages, AnImageIsOfAPackagesRelease) {
  const auto image = framework_image_of("vllm/vllm-openai:v0.8.5.post1");
  EXPECT_FALSE(image) << "the release is not one of numbers";
  const auto plain = framework_image_of("vllm/vllm-openai:v0.8.4");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->package + " " + plain->version, "vllm 0.8.4");
  EXPECT_TRUE(plain->cuda.empty());
  EXPECT_FALSE(plain->asks);
  const auto asking = framework_image_of("docker.io/vllm/vllm-openai:v0.9.0");
  ASSERT_TRUE(asking);
  EXPECT_EQ(asking->cuda, "12.8");
  EXPECT_TRUE(asking->asks);
}

TEST(FrameworkImages, AContainerSaysItsRelease) {
  EXPECT_EQ(framework_image_of_banner("NVIDIA Release 23.09 (build 69180607)")->cuda, "12.2");
  EXPECT_FALSE(framework_image_of_banner("NVIDIA Release 23.09"));
  EXPECT_FALSE(framework_image_of_banner("NVIDIA Release 99.09 (build 1)"));
}

TEST(FrameworkImages, AdviceAndQuestionsAreNone) {
  EXPECT_TRUE(is_image_advice("You should use nvcr.io/nvidia/pytorch:24.05-py3"));
  EXPECT_TRUE(is_image_advice("Does nvcr.io/nvidia/pytorch:24.05-py3 run there?"));
  EXPECT_TRUE(is_image_advice("It works with nvcr.io/nvidia/pytorch:24.05-py3"));
  EXPECT_FALSE(is_image_advice("I am using the nvcr.io/nvidia/pytorch:24.05-py3 container"));
}

}  // namespace
}  // namespace varve
