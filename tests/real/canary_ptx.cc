// Prints the kernels that Varve brings along, as PTX: canary_ptx product | handshake
#include <fmt/format.h>

#include <string_view>

#include "driver/handshake/gpu_canary.h"
#include "driver/handshake/handshake_steps.h"

int main(int count, char** arguments) {
  const std::string_view which = count > 1 ? arguments[1] : "";
  if (which != "product" && which != "handshake") return 2;
  fmt::print("{}", which == "product" ? varve::gpu_canary_ptx() : varve::handshake_ptx());
}
