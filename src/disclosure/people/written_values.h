#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "disclosure/lines/text_line.h"

namespace varve {

// Values as people write them behind a key, and pieces of a line that name what they are of.

// Without the value of a form's example ("[e.g. Ubuntu 18.04]"); of a link its text, of brackets around all of it what
// they hold.
std::string_view plain_value(std::string_view value);

// "NVIDIA® GeForce RTX™ 3050" without the signs of trade; commas of Chinese print as commas.
std::string with_plain_marks(std::string_view value);
// Without what stands between backquotes and is longer than a version: messages and commands that somebody quotes.
std::string without_code(std::string_view text);
void replace_all(std::string& text, std::string_view mark, std::string_view other);

// "tf 2.16", "tf2.12.0", "TensorFlow 2.10", what tf.version prints ("v2.11.0-rc2-15-g6290819256d 2.11.0") and how
// Python 2 printed it: ('v1.2.0-rc2-21-g12f033d', '1.2.0').
std::string_view tensorflow_release(std::string_view value);

// "driver 570.86.16", "NVIDIA driver version 535.104.05": the number, where nothing else stands in the piece.
std::string_view driver_of_piece(std::string_view piece);
// "CUDA Toolkit 12.4", "CUDA toolkit 12.4 and cuDNN 8.9.7": its release; empty: it is another.
std::string_view toolkit_of_piece(std::string_view piece);
// "Python 3.10.11", "python3.11"
std::string python_of_piece(std::string_view piece);

// Pieces of a line that are each a key with its value ("显卡：RTX 5080，驱动版本：572.83"); empty: it is not such a
// line.
std::vector<std::string_view> pairs_of_line(std::string_view text);

// Names with their releases right behind them, in small letters, where a line or the value of "Environment" has nothing
// else: "python3.10+cuda12.1+torch2.1.0+cu118", "Python 3.10.14; torch2.4". "Python3.8+" is what something wants.
std::vector<std::pair<std::string, std::string>> glued_releases(const TextLine& line);
// NVIDIA's number of the driver in that of Windows (the-database/mpv-AnimeJaNai#81); empty: it is none, as of Intel's.
std::string driver_of_windows(std::string_view version);
// "RTX 2060" of "GTX 2060"; empty: it is no number of GeForce's behind such a prefix.
std::string with_own_prefix(std::string_view product);
// Whether what stands below a heading is of the machine: "environment", "system info".
bool is_heading_of_machine(std::string_view key);

// Below "Requirements" and "How to install" stands what something wants, below "i saw your environment is:" what
// somebody else has.
class ForeignLists {
 public:
  bool covers(std::string_view text);  // of a line that is not empty; asked of all lines in their order

 private:
  bool is_required_ = false, is_quoted_list_ = false;
};

// "2.8.4 2.9.9" behind "2.7.8": releases that somebody tried one after the other.
bool is_one_of_several(std::string_view behind_version);

// "1.15" of "TF1.15", "2.10.0" of "tf 2.10.0": a release that TensorFlow may have had; else empty.
std::string_view release_of_tf(std::string_view text);

}  // namespace varve
