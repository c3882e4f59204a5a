#include "harness/recorders/choose.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

class FakeRecorder : public Recorder {
 public:
  FakeRecorder(std::string name, bool cupti, Fit fit) : name_(std::move(name)), cupti_(cupti), fit_(fit) {}
  std::string_view name() const override { return name_; }
  bool needs_cupti() const override { return cupti_; }
  Consideration consider(const RecordingGround&) const override { return {fit_, "because of " + name_}; }
  Result<std::unique_ptr<RecordedUnit>> prepare(const RecordingGround&, const std::string&) const override {
    return Error{"preparing", name_, "never called here", ""};
  }

 private:
  std::string name_;
  bool cupti_;
  Fit fit_;
};

std::vector<std::unique_ptr<Recorder>> recorders(Fit torch, Fit cuda, Fit onednn) {
  std::vector<std::unique_ptr<Recorder>> made;
  made.push_back(std::make_unique<FakeRecorder>("torch", true, torch));
  made.push_back(std::make_unique<FakeRecorder>("cuda", true, cuda));
  made.push_back(std::make_unique<FakeRecorder>("onednn", false, onednn));
  return made;
}

// "torch>cuda onednn": a recorder with its alternatives, a word each.
std::string used(KernelsWay way, const std::vector<std::unique_ptr<Recorder>>& all) {
  const World world = host_world();
  const ChosenRecorders chosen = choose_recorders(
      way, all, {.world = world, .program = {}, .environment = {}, .libraries = {}, .fastest_seconds = 1});
  std::string text;
  for (const auto& alternatives : chosen.used) {
    if (!text.empty()) text += ' ';
    for (const Recorder* recorder : alternatives) {
      text += (recorder == alternatives.front() ? "" : ">") + std::string(recorder->name());
    }
  }
  return text;
}

TEST(ChooseRecorders, NeverTwoThatListenToCupti) {
  EXPECT_EQ(used(KernelsWay::automatic, recorders(Fit::fits, Fit::fits, Fit::fits)), "torch>cuda onednn");
  EXPECT_EQ(used(KernelsWay::automatic, recorders(Fit::not_needed, Fit::fits, Fit::not_needed)), "cuda");
  EXPECT_EQ(used(KernelsWay::automatic, recorders(Fit::fits, Fit::impossible, Fit::fits)), "torch onednn");
  EXPECT_EQ(used(KernelsWay::automatic, recorders(Fit::not_needed, Fit::impossible, Fit::not_needed)), "");
}

TEST(ChooseRecorders, ANameIsTakenAtItsWord) {
  const auto all = recorders(Fit::not_needed, Fit::fits, Fit::fits);
  EXPECT_EQ(used(KernelsWay::torch, all), "torch") << "what was loaded may not have been seen";
  EXPECT_EQ(used(KernelsWay::cuda, all), "cuda");
  EXPECT_EQ(used(KernelsWay::cuda, recorders(Fit::fits, Fit::impossible, Fit::fits)), "");
  EXPECT_EQ(used(KernelsWay::cpu, all), "onednn");
  EXPECT_EQ(used(KernelsWay::none, all), "");
}

TEST(ChooseRecorders, SaysWhyOfEach) {
  const World world = host_world();
  const ChosenRecorders chosen =
      choose_recorders(KernelsWay::automatic, recorders(Fit::fits, Fit::fits, Fit::not_needed),
                       {.world = world, .program = {}, .environment = {}, .libraries = {}, .fastest_seconds = 1});
  ASSERT_EQ(chosen.choices.size(), 3u);
  EXPECT_TRUE(chosen.choices[0].used);
  EXPECT_EQ(chosen.choices[0].why, "because of torch");
  EXPECT_FALSE(chosen.choices[1].used);
  EXPECT_EQ(chosen.choices[1].why, "torch goes first, and CUPTI serves one at a time");
  EXPECT_EQ(chosen.choices[2].why, "because of onednn");
  const ChosenRecorders named =
      choose_recorders(KernelsWay::torch, recorders(Fit::not_needed, Fit::fits, Fit::fits),
                       {.world = world, .program = {}, .environment = {}, .libraries = {}, .fastest_seconds = 1});
  EXPECT_EQ(named.choices[0].why, "--kernels=torch, though because of torch") << "it is used all the same";
}

TEST(ChooseRecorders, EveryWordHasItsWay) {
  for (const std::string& word : kernels_way_words()) EXPECT_TRUE(kernels_way_from(word)) << word;
  EXPECT_EQ(kernels_way_words().front(), "auto");
  EXPECT_FALSE(kernels_way_from("gpu"));
}

// A side with these libraries mapped, as the real recorders see it.
std::string fits(const std::string& path) {
  const World world = host_world();
  const RecordingGround ground{
      .world = world, .program = {}, .environment = {}, .libraries = {{path, "", "", false}}, .fastest_seconds = 1};
  std::string text;
  for (const auto& recorder : all_recorders()) {
    if (recorder->consider(ground).fit == Fit::fits) text += std::string(recorder->name()) + " ";
  }
  return text;
}

TEST(AllRecorders, FitWhatWasLoaded) {
  EXPECT_EQ(fits("/venv/lib/python3.11/site-packages/torch/lib/libtorch_cpu.so"), "torch onednn ");
  EXPECT_EQ(fits("/venv/lib/python3.11/site-packages/jaxlib/libjax_common.so"), "frameworks ");
  EXPECT_EQ(fits("/venv/lib/python3.11/site-packages/tensorflow/libtensorflow_cc.so.2"), "frameworks onednn ");
  EXPECT_EQ(fits("/usr/lib/libdnnl.so.3"), "onednn ");
  EXPECT_EQ(fits("/usr/lib/libopenblas.so.0"), "");
}

}  // namespace
}  // namespace varve
