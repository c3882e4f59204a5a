// What a consumer would not find, and what would not bind.
#include <fmt/format.h>

#include <algorithm>

#include "base/library_file_name.h"
#include "base/text.h"
#include "model/words/lookup_way.h"
#include "rules/analysis/consumer_answers.h"
#include "rules/situation/bringing_wheel.h"
#include "rules/situation/library_facts.h"
#include "rules/situation/overwritten_files.h"
#include "tables/libraries.h"

namespace varve {

namespace {
constexpr std::size_t kMostShown = 4;

std::string listed(const std::vector<std::string>& texts) { return and_more(texts, kMostShown); }

std::string wanted_text(const ConsumedLibrary& library) {
  return library.asked_by.empty() ? library.name
                                  : fmt::format("{} (for {})", library.name, base_name(library.asked_by));
}

bool is_program(const ConsumerView& view) {
  return view.consumer.kind == ConsumerKind::binary || view.consumer.kind == ConsumerKind::process;
}

// "; nvidia-cudnn-cu13 would bring it", where somebody knows.
std::string wheel_text(const ConsumerView& view, const LibraryIndex& index, const std::vector<Loss>& losses,
                       const Loss& first) {
  const std::string_view remark = lookup_remark(first.library->why);
  if (lookup_way(first.library->why) == LookupWay::nowhere && !remark.empty()) return "; " + std::string(remark);
  std::vector<std::string> names = {first.library->name};
  for (const Loss& loss : losses) {
    if (loss.effect == first.effect && loss.is_missing() && &loss != &first) names.push_back(loss.library->name);
  }
  const std::string wheel = bringing_wheels(view, index, names);
  return wheel.empty() ? std::string() : "; " + wheel;
}

// What fails first: "broken at first use of libcudnn_cnn.so.9".
std::string used_part(const Loss& loss) {
  return loss.by_name || loss.part.empty() ? loss.library->name : base_name(loss.part);
}

struct MissingTexts {
  std::vector<std::string> start, use, gpu_part, aside;
  std::vector<std::string> used;  // what fails where it is used first
  const Loss* first = nullptr;    // the worst
  bool at_start = false;          // something that the import is known to load
  bool damage = false;            // of what fails at first use
  bool part_of_api = false;       // a side piece that is imported, not opened in the depth
};

MissingTexts missing_texts(const std::vector<Loss>& losses) {
  MissingTexts texts;
  for (const Loss& loss : losses) {
    if (!loss.is_missing() && !loss.by_name) continue;
    if (texts.first == nullptr) texts.first = &loss;
    std::vector<std::string>& list = loss.effect == LossEffect::start      ? texts.start
                                     : loss.effect == LossEffect::use      ? texts.use
                                     : loss.effect == LossEffect::gpu_part ? texts.gpu_part
                                                                           : texts.aside;
    list.push_back(wanted_text(*loss.library));
    const std::string used = used_part(loss);
    const bool is_use = loss.effect == LossEffect::use;
    if (is_use && std::find(texts.used.begin(), texts.used.end(), used) == texts.used.end()) texts.used.push_back(used);
    texts.damage = texts.damage || (is_use && loss.damage);
    texts.at_start = texts.at_start || (loss.effect == LossEffect::start && loss.at_start);
    texts.part_of_api = texts.part_of_api || loss.of_api;
  }
  return texts;
}
}  // namespace

namespace {
// Without a GPU nobody asks for the driver, but what needs its libcuda does not load without one. Empty: nothing does.
std::string absent_driver_text(const std::vector<ConsumedLibrary>& libraries) {
  const auto is_absent = [](const ConsumedLibrary& one) {
    return one.path.empty() && one.kind == DependencyKind::needed &&
           split_library_file_name(one.name).stem == "libcuda";
  };
  const auto absent = std::find_if(libraries.begin(), libraries.end(), is_absent);
  return absent == libraries.end() ? "" : "; not " + wanted_text(*absent) + ", which a driver brings";
}

ConsumerAnswer answer_own_libraries(const ConsumerView& view, const std::vector<Loss>& losses,
                                    const LibraryIndex& index, bool has_no_gpu) {
  const std::vector<std::string>& packages = view.consumer.lacks_packages;
  if (!packages.empty()) {
    return {Question::libraries, CheckState::broken,
            fmt::format("the import fails: it imports {}, which is not there", join(packages, ", "))};
  }
  if (view.consumer.libraries.empty()) {
    return {Question::libraries, CheckState::not_applicable, "it has none that load CUDA"};
  }
  const MissingTexts texts = missing_texts(losses);
  const std::string wheel = texts.first == nullptr ? "" : wheel_text(view, index, losses, *texts.first);
  if (!texts.start.empty()) {
    const std::string what = !texts.at_start ? "" : is_program(view) ? "it does not start: " : "the import fails: ";
    return {Question::libraries, CheckState::broken, what + "not found: " + listed(texts.start) + wheel};
  }
  if (!texts.use.empty()) {
    return {Question::libraries, has_no_gpu && !texts.damage ? CheckState::degraded : CheckState::broken,
            fmt::format("broken at first use of {}; not found: {}{}", listed(texts.used), listed(texts.use), wheel)};
  }
  if (!texts.gpu_part.empty()) {
    return {Question::libraries, CheckState::degraded,
            "its GPU part cannot be loaded, so it works on the CPU or fails where it is used; not found: " +
                listed(texts.gpu_part) + wheel};
  }
  const std::vector<ConsumedLibrary>& all = view.consumer.libraries;
  const auto found =
      std::count_if(all.begin(), all.end(), [](const ConsumedLibrary& one) { return !one.path.empty(); });
  std::string detail = fmt::format("all {} found", found);
  if (has_no_gpu) detail += absent_driver_text(all);
  if (!texts.aside.empty()) detail += "; side pieces would not load without " + listed(texts.aside);
  return {Question::libraries, texts.part_of_api ? CheckState::degraded : CheckState::ok, std::move(detail)};
}

// "cupy-cuda12x 13.6.0 wrote over cub.so and 18 more of it"; empty: nobody did.
std::string overwriting_text(const ConsumerView& view) {
  if (view.package == nullptr || view.environment == nullptr) return {};
  const std::string label = view.package->name + " " + view.package->version;
  std::vector<std::string> texts;
  for (const OverwrittenFiles& files : overwritten_files(*view.environment)) {
    if (!files.is_of(label) || files.owners == std::set<std::string>{label}) continue;
    std::vector<std::string> others;
    for (const std::string& one :
         files.owners.empty() ? std::set(files.packages.begin(), files.packages.end()) : files.owners) {
      if (one != label) others.push_back(one);
    }
    texts.push_back(fmt::format("{} {} over {}", join(others, " and "),
                                files.owners.empty() ? "may have written" : "wrote", files.names()));
  }
  return join(texts, "; ");
}
}  // namespace

ConsumerAnswer answer_libraries(const ConsumerView& view, const std::vector<Loss>& losses, const LibraryIndex& index,
                                bool has_no_gpu) {
  ConsumerAnswer answer = answer_own_libraries(view, losses, index, has_no_gpu);
  const std::string overwriting = overwriting_text(view);
  if (overwriting.empty()) return answer;
  const bool is_fine = answer.state == CheckState::ok || answer.state == CheckState::not_applicable;
  answer.detail = is_fine ? overwriting : overwriting + "; " + answer.detail;
  if (is_worse(CheckState::degraded, answer.state)) answer.state = CheckState::degraded;
  return answer;
}

ConsumerAnswer answer_symbols(const ConsumerView& view, const std::vector<Loss>& losses, bool has_no_gpu) {
  if (view.consumer.libraries.empty()) return {Question::symbols, CheckState::not_applicable, "it has no libraries"};
  if (!view.consumer.symbols_checked) {
    const std::string& remark = view.consumer.remark;
    const bool process = view.consumer.kind == ConsumerKind::process;
    const std::string why = process ? "of a process the libraries alone are known" : "captured without --exact";
    return {Question::symbols, CheckState::cannot_tell, remark.empty() ? "they were not compared: " + why : remark};
  }
  std::vector<std::string> broken, gpu_part, aside, absent;
  bool at_start = false;
  for (const Loss& loss : losses) {
    const ConsumedLibrary& library = *loss.library;
    if (loss.is_missing() && loss.effect != LossEffect::side_piece) absent.push_back(library.name);
    if (library.unresolved_count == 0 || loss.by_name) continue;
    std::string first;
    if (!library.unresolved.empty()) {
      const UnresolvedSymbol& symbol = library.unresolved.front();
      first = ", first " + (symbol.name.empty() ? "the version " + symbol.version : symbol.name);
    }
    const std::string text = fmt::format("{} lacks {}{}", base_name(library.path), library.unresolved_count, first);
    const bool for_gpu = loss.effect == LossEffect::gpu_part && has_no_gpu;
    std::vector<std::string>& list = loss.effect == LossEffect::side_piece ? aside : for_gpu ? gpu_part : broken;
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);  // one a folder (cu12, cu13)
    at_start = at_start || (loss.effect == LossEffect::start && loss.at_start);
  }
  if (!broken.empty()) {
    const std::string what = !at_start ? "" : is_program(view) ? "it does not start: " : "the import fails: ";
    return {Question::symbols, CheckState::broken, what + listed(broken)};
  }
  if (!gpu_part.empty()) {
    return {Question::symbols, CheckState::degraded, "its GPU part cannot be loaded: " + listed(gpu_part)};
  }
  if (!absent.empty()) {
    return {Question::symbols, CheckState::cannot_tell,
            "what is not found (" + listed(absent) + ") may define what others want"};
  }
  std::string detail = "all bind";
  if (!aside.empty()) detail += "; side pieces do not: " + listed(aside);
  return {Question::symbols, CheckState::ok, std::move(detail)};
}

}  // namespace varve
