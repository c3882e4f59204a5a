#pragma once

namespace varve {

struct TextStyle {
  bool colour = false;  // ANSI escape sequences; without them the text is plain UTF-8
  int width = 100;      // columns a table may take; longer cells continue on the next line, nothing is cut off
};

}  // namespace varve
