#include "kernels/trace/csv_rows.h"

#include <algorithm>

namespace varve {

Result<bool> CsvRows::next() {
  constexpr std::size_t kLongestRow = std::size_t{1} << 20;
  row_.clear();
  is_damaged_ = false;
  bool has_begun = false, in_quotes = false, was_cut = false;
  for (TraceLines::Line line;;) {
    const auto more = lines_.next(line);
    if (!more) return more.error();
    if (!*more) {
      is_damaged_ = has_begun && in_quotes;
      if (has_begun) split_row();
      return has_begun;
    }
    if (!has_begun && line.text.empty()) continue;
    if (!has_begun) at_ = line.at;
    if (has_begun && !was_cut) row_ += '\n';
    has_begun = true;
    row_ += line.text;
    // Two quotes for one inside a text do not matter here.
    in_quotes ^= std::count(line.text.begin(), line.text.end(), '"') % 2 == 1;
    is_damaged_ = row_.size() > kLongestRow;
    was_cut = line.too_long;  // the rest of the line follows
    if (is_damaged_ || (!in_quotes && !was_cut)) break;
  }
  if (!is_damaged_) split_row();
  return true;
}

void CsvRows::split_row() {
  fields_.clear();
  texts_.clear();
  texts_.reserve(row_.size());  // so that views into it stay
  std::size_t begin = 0;
  bool in_quotes = false;
  const auto end_field = [&] {
    fields_.push_back(std::string_view(texts_).substr(begin));
    begin = texts_.size();
  };
  for (std::size_t i = 0; i < row_.size(); ++i) {
    const char c = row_[i];
    if (c == '"') {
      const bool is_doubled = in_quotes && i + 1 < row_.size() && row_[i + 1] == '"';
      if (is_doubled) {
        texts_ += c;
        ++i;
      } else {
        in_quotes = !in_quotes;
      }
    } else if (c == ',' && !in_quotes) {
      end_field();
    } else {
      texts_ += c;
    }
  }
  end_field();
}

}  // namespace varve
