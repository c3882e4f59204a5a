#include "harness/recorders/choose.h"

#include <fmt/format.h>

#include <array>

#include "harness/recorders/recorders.h"
#include "model/words/enum_names.h"

namespace varve {

namespace {
constexpr EnumNames<KernelsWay, 5> kWays{{{
    {KernelsWay::automatic, "auto"},
    {KernelsWay::torch, "torch"},
    {KernelsWay::cuda, "cuda"},
    {KernelsWay::cpu, "cpu"},
    {KernelsWay::none, "none"},
}}};

bool is_a_name(KernelsWay way) { return way == KernelsWay::torch || way == KernelsWay::cuda; }
}  // namespace

std::vector<std::string> kernels_way_words() {
  std::vector<std::string> words;
  for (const auto& [way, word] : kWays.rows) words.emplace_back(word);
  return words;
}

std::optional<KernelsWay> kernels_way_from(const std::string& word) { return kWays.value(word); }

std::vector<std::unique_ptr<Recorder>> all_recorders() {
  std::vector<std::unique_ptr<Recorder>> recorders;
  recorders.push_back(torch_recorder());
  recorders.push_back(cuda_recorder());
  recorders.push_back(framework_recorder());
  recorders.push_back(onednn_recorder());
  return recorders;
}

ChosenRecorders choose_recorders(KernelsWay way, const std::vector<std::unique_ptr<Recorder>>& recorders,
                                 const RecordingGround& ground) {
  ChosenRecorders chosen;
  if (way == KernelsWay::none) return chosen;
  constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
  std::size_t listens_to_cupti = kNobody;  // its place in chosen.used
  for (const auto& recorder : recorders) {
    Consideration considered = recorder->consider(ground);
    RecorderChoice choice{std::string(recorder->name()), considered.fit == Fit::fits, std::move(considered.why)};
    if (is_a_name(way)) {
      const bool named = recorder->name() == kWays.name(way);
      choice.used = named && considered.fit != Fit::impossible;
      if (!named) choice.why = fmt::format("--kernels={}", kWays.name(way));
      if (named && considered.fit == Fit::not_needed) {
        choice.why = fmt::format("--kernels={}, though {}", kWays.name(way), choice.why);
      }
    } else if (choice.used && way == KernelsWay::cpu && recorder->needs_cupti()) {
      choice.used = false;
      choice.why = "--kernels=cpu";
    } else if (choice.used && recorder->needs_cupti() && listens_to_cupti != kNobody) {
      choice.used = false;
      choice.why =
          fmt::format("{} goes first, and CUPTI serves one at a time", chosen.used[listens_to_cupti].front()->name());
      chosen.used[listens_to_cupti].push_back(recorder.get());
    }
    if (choice.used) {
      if (recorder->needs_cupti()) listens_to_cupti = chosen.used.size();
      chosen.used.push_back({recorder.get()});
    }
    chosen.choices.push_back(std::move(choice));
  }
  return chosen;
}

}  // namespace varve
