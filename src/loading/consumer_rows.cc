// What consumer_loading.cc writes down: a row of the consumer for every file, and the remark.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "loading/consumer_loading.h"
#include "model/words/lookup_way.h"

namespace varve {

std::string ConsumerLoading::asked_by(const LoadedObject& object) const {
  return &object == set_.objects.data() ? std::string() : object.real_path;
}

ConsumedLibrary& ConsumerLoading::row_of(const std::string& name, const std::string& path) {
  const auto [at, is_new] = rows_.emplace(path.empty() ? name : path, consumer_.libraries.size());
  if (is_new) consumer_.libraries.push_back({.name = name, .path = path, .why = {}, .asked_by = {}, .unresolved = {}});
  return consumer_.libraries[at->second];
}

void ConsumerLoading::note_objects(std::size_t first, const Request& request) {
  for (std::size_t i = first; i < set_.objects.size(); ++i) {
    const LoadedObject& object = set_.objects[i];
    // Also into what then fails to load; not into what the program itself consists of, unless that is the question.
    if (i >= global_.size() || consumer_.kind == ConsumerKind::binary) (void)files_.look_into(object);
    const std::size_t count = consumer_.libraries.size();
    const std::string name = object.names.empty() ? object.path : object.names.front();
    ConsumedLibrary& row = row_of(file_name(name), object.real_path);
    if (consumer_.libraries.size() == count) continue;  // noted when something else failed to load it
    const bool is_root = i == first && !request.name.empty();
    row.why = is_root && !request.why.empty() ? request.why : object.why;
    row.kind = is_root ? request.kind : DependencyKind::needed;
    if (object.loader && i > 0 && lookup_way(object.why) != LookupWay::mapped) {
      row.asked_by = *object.loader == 0 && is_root ? std::string() : set_.objects[*object.loader].real_path;
    }
  }
}

void ConsumerLoading::note_missing(const std::string& name, DependencyKind kind, const std::string& asker) {
  const std::size_t count = consumer_.libraries.size();
  ConsumedLibrary& row = row_of(name, "");
  // The first who asks counts, unless another cannot load without it.
  const bool is_new = consumer_.libraries.size() > count;
  if (!is_new && (row.kind == kind || kind == DependencyKind::opened)) return;
  row.kind = kind;
  row.why = to_string(LookupWay::nowhere);
  const auto [begin, end] = held_.equal_range(name);
  const auto wheel = std::find_if(begin, end, [&](const auto& held) {
    return held.second->role == PackageRole::runtime && takes_ && !takes_({}, *held.second);
  });
  if (wheel != end) row.why += "; nothing looks for it in " + files_.shown(wheel->second->path);
  row.asked_by = asker;
}

void ConsumerLoading::make_required(const HeldLibrary& library) {
  const auto row = rows_.find(library.real_path);
  if (row != rows_.end()) consumer_.libraries[row->second].at_start = true;
}

void ConsumerLoading::note_absent(const std::string& name, bool at_start, const std::string& remark) {
  note_missing(name, at_start ? DependencyKind::needed : DependencyKind::opened, "");
  ConsumedLibrary& row = row_of(name, "");
  row.at_start = row.at_start || at_start;
  if (!remark.empty()) row.why = std::string(to_string(LookupWay::nowhere)) + "; " + remark;
}

void ConsumerLoading::make_optional(const HeldLibrary& library) {
  const auto row = rows_.find(library.real_path);
  if (row != rows_.end()) consumer_.libraries[row->second].kind = DependencyKind::opened;
}

void ConsumerLoading::finish() {
  settle_unresolved();
  std::vector<std::string> remarks;
  const auto some = [this](const std::set<std::string>& paths) {
    std::vector<std::string> texts;
    for (const std::string& path : paths) texts.push_back(files_.shown(path));
    return and_more(texts, 1);
  };
  if (!has_program_) remarks.push_back("the program that would load it was not found");
  if (other_loader_) remarks.push_back("symbols were not judged: its loader is not that of glibc");
  if (unsure_of_c_names_) {
    remarks.push_back(fmt::format("names of C without a version were not judged: {} may define them",
                                  has_program_ ? "the driver, which is not here," : "what was not found"));
  }
  if (lacks_c_library_) remarks.push_back("symbols were not judged: the C library of their machine is not here");
  if (!unread_.empty()) remarks.push_back("the symbols of " + some(unread_) + " could not be read");
  if (!elsewhere_.empty()) {
    remarks.push_back("symbols of " + some(elsewhere_) + " are defined only by files that must be opened for all");
  }
  if (opened_ >= kMostOpened) remarks.push_back(fmt::format("no more than {} libraries were opened", kMostOpened));
  consumer_.symbols_checked = !judged_.empty();
  if (!remarks.empty()) consumer_.remark = join(remarks, "; ");
  for (ConsumedLibrary& library : consumer_.libraries) {
    library.name = clean_utf8(library.name, 256);
    for (std::string* text : {&library.path, &library.why, &library.asked_by}) *text = files_.shown(*text);
  }
}

}  // namespace varve
