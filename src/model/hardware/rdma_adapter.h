#pragma once
#include <optional>
#include <string>
#include <vector>

namespace varve {

// A network adapter that memory can be read and written through (InfiniBand, RoCE). What is not known is empty.
struct RdmaAdapter {
  std::string name;             // as the kernel calls it: "mlx5_0"
  std::string link_layer;       // "InfiniBand" or "Ethernet", as the kernel writes it; Ethernet is RoCE
  std::optional<int> gigabits;  // a second, of its first port that is up
  bool is_down = false;
};

inline constexpr const char* kRdmaAdapters = "network.rdma";

// Items of the fact network.rdma: "mlx5_0, InfiniBand, 400 Gb/s", "mlx5_3, Ethernet, down", "mlx5_4".
std::string rdma_adapter_text(const RdmaAdapter& adapter);
RdmaAdapter rdma_adapter_from(const std::string& text);

}  // namespace varve
