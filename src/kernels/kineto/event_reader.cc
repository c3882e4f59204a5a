#include "kernels/kineto/event_reader.h"

#include <optional>

#include "kernels/json/json_members.h"
#include "kernels/json/plain_word.h"
#include "kernels/json/same_bytes.h"

namespace varve {

namespace {
constexpr std::size_t kMostSteps = 4096, kMostText = std::size_t{1} << 18, kMostInstead = 16;

void set_word(KinetoField field, PlainWord word, const char* at, KinetoEvent& event) {
  if (field == KinetoField::start) {
    event.start_ns = nanoseconds_of(word, at);
  } else if (field == KinetoField::duration) {
    event.duration_ns = nanoseconds_of(word, at);
  } else if (const auto number = is_number(field) ? whole_number_of(word, at) : std::nullopt) {
    set_kineto_number(field, number, event);
  } else {
    set_kineto_field(field, {at, word.size}, event);
  }
}

const char* end_of_container(const char* at, const char* end) {
  const char* stop = end_of_short_container(at);
  return stop != nullptr && stop <= end ? stop : end_of_json_container(at, end);
}

// Sets the field to the value that begins at `at`; yields its end. nullptr: what stands there is better read slowly.
inline const char* read_value(KinetoField field, const char* at, const char* end, KinetoEvent& event) {
  if (*at != '"' && *at != '[' && *at != '{') {
    if (field == KinetoField::unused || is_number(field)) {
      const ShortNumber number = short_number(at);
      if (number.size != 0 && number.size <= static_cast<std::size_t>(end - at)) {
        set_kineto_number(field, number.value, event);
        return at + number.size;
      }
    }
    const PlainWord word = plain_word(at);
    if (word.size == 0 || word.size > static_cast<std::size_t>(end - at)) return nullptr;
    if (field != KinetoField::unused) set_word(field, word, at, event);
    return at + word.size;
  }
  if (*at == '{' && field == KinetoField::arguments) return nullptr;
  const char* stop = *at == '"' ? end_of_json_string(at, end) : end_of_container(at, end);
  if (stop == nullptr || field == KinetoField::unused) return stop;
  set_kineto_field(field, {at, static_cast<std::size_t>(stop - at)}, event);
  return stop;
}

bool is_plain(std::string_view value) {
  return value.starts_with('"') || value.starts_with('[') || value.starts_with('{') ||
         plain_word(value.data()).size == value.size();
}
}  // namespace

bool KinetoEventReader::read(std::string_view text, KinetoEvent& event) {
  if (read_known(text, event)) return true;
  event = {};
  return read_any(text, event);
}

bool KinetoEventReader::read_known(std::string_view text, KinetoEvent& event) const {
  const char* at = text.data();
  const char* end = at + text.size();
  for (const Step* step = &steps_.front(); true;) {
    std::uint32_t which = step->next;
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    for (; which != 0; which = step->otherwise) {
      step = &steps_[which];
      if (begins_with(rest, {texts_.data() + step->at, step->size})) break;
    }
    if (which == 0) return false;
    at += step->size;
    if (step->is_last) return at == end;
    at = read_value(step->field, at, end, event);
    if (at == nullptr) return false;
  }
}

bool KinetoEventReader::read_any(std::string_view text, KinetoEvent& event) {
  parts_.clear();
  bool is_whole = true;
  const auto take = [&](KinetoField field, std::string_view value) {
    set_kineto_field(field, value, event);
    const auto begin = static_cast<std::size_t>(value.data() - text.data());
    parts_.push_back({begin, begin + value.size(), field});
  };
  JsonMembers members(text);
  for (std::string_view key, value; members.next(key, value);) {
    const KinetoField field = kineto_field(key);
    if (field != KinetoField::arguments || !value.starts_with('{')) {
      take(field, value);
      continue;
    }
    JsonMembers arguments(value);
    while (arguments.next(key, value)) take(kineto_argument(key), value);
    is_whole = is_whole && !arguments.is_broken();
  }
  is_whole = is_whole && !members.is_broken();
  if (is_whole) learn(text);
  return is_whole;
}

// A value that is not plain may look to one who counts brackets as if it were larger: then nothing is learned.
void KinetoEventReader::learn(std::string_view text) {
  for (const Part& part : parts_) {
    if (!is_plain(text.substr(part.begin, part.end - part.begin))) return;
  }
  std::uint32_t step = 0;
  std::size_t from = 0;
  parts_.push_back({text.size(), text.size(), KinetoField::unused});
  for (const Part& part : parts_) {
    step = learn_step(step, text.substr(from, part.begin - from), part.field, part.begin == text.size());
    if (step == 0) return;
    from = part.end;
  }
}

// The step that follows another with what stands between; 0: there is no room for it.
std::uint32_t KinetoEventReader::learn_step(std::uint32_t after, std::string_view between, KinetoField field,
                                            bool is_last) {
  std::uint32_t* place = &steps_[after].next;
  std::size_t instead = 0;
  for (; *place != 0; place = &steps_[*place].otherwise, ++instead) {
    const Step& known = steps_[*place];
    const bool is_same = std::string_view(texts_).substr(known.at, known.size) == between;
    if (is_same && known.field == field && known.is_last == is_last) return *place;
  }
  if (instead >= kMostInstead || steps_.size() >= kMostSteps || texts_.size() + between.size() > kMostText) return 0;
  const auto number = static_cast<std::uint32_t>(steps_.size());
  *place = number;
  steps_.push_back(
      {static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(between.size()), 0, 0, field, is_last});
  texts_ += between;
  return number;
}

}  // namespace varve
