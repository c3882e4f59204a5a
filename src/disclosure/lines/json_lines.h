#pragma once
#include <functional>
#include <string_view>

namespace varve {

// Gives JSON that was printed without blanks as the lines that it has when it is printed for people: a member or an
// element a line, brackets as there. What is no JSON comes as some lines; it may be cut anywhere.
//   {"Env":["A=b"],"Init":null}  →  {  "Env": [  "A=b"  ],  "Init": null  }
void each_json_line(std::string_view json, const std::function<void(std::string_view)>& take);

}  // namespace varve
