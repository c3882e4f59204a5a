// Adapters of RDMA as their tools print them, short quotations of public reports.
#include <gtest/gtest.h>

#include "disclosure/stack_of_text.h"

namespace varve {

namespace {
std::string adapters_in(const std::string& text) {
  static const Knowledge knowledge = *load_knowledge();
  Disclosure disclosure = read_disclosure_text(text);
  const Stack stack = stack_of_text(disclosure, "t", knowledge);
  const Fact& fact = stack.facts.at(kRdmaAdapters);
  return fact.is_known() ? value_text(*fact.value) : "";
}
}  // namespace

TEST(RdmaText, Ibstat) {
  EXPECT_EQ(adapters_in("CA 'mlx5_5'\n"
                        "        CA type: MT4129\n"
                        "        Node GUID: 0x0000000000000000\n"
                        "        Port 1:\n"
                        "                State: Active\n"
                        "                Physical state: LinkUp\n"
                        "                Rate: 400\n"
                        "                Link layer: InfiniBand\n"
                        "CA 'mlx5_6'\n"
                        "        Port 1:\n"
                        "                State: Down\n"
                        "                Rate: 40\n"
                        "                Link layer: Ethernet\n"),
            "mlx5_5, InfiniBand, 400 Gb/s, mlx5_6, Ethernet, down");
}

TEST(RdmaText, IbstatusAndIbvDevinfo) {
  EXPECT_EQ(adapters_in("Infiniband device 'mlx5_0' port 1 status:\n"
                        "        default gid:     fe80:0000:0000:0000:0000:0000:0000:0000\n"
                        "        state:           4: ACTIVE\n"
                        "        rate:            100 Gb/sec (4X EDR)\n"
                        "        link_layer:      Ethernet\n"),
            "mlx5_0, Ethernet, 100 Gb/s");
  EXPECT_EQ(adapters_in("hca_id:\tmlx5_0\n"
                        "\ttransport:\t\t\tInfiniBand (0)\n"
                        "\t\tport:\t1\n"
                        "\t\t\tstate:\t\t\tPORT_ACTIVE (4)\n"
                        "\t\t\tlink_layer:\t\tInfiniBand\n"),
            "mlx5_0, InfiniBand");
}

// The legend names them, NCCL says what each is; nothing else of the line is kept.
TEST(RdmaText, ALegendAndWhatNcclSays) {
  EXPECT_EQ(adapters_in("NIC Legend:\n\n  NIC0: mlx5_0\n  NIC1: mlx5_bond_0\n\nGPU0: not an adapter\n"),
            "mlx5_0, mlx5_bond_0");
  EXPECT_EQ(
      adapters_in(
          "NIC Legend:\n\n  NIC0: mlx5_0\n  NIC1: mlx5_1\n"
          "host:1:2 [0] NCCL INFO NET/IB : Using [0]mlx5_0:1/RoCE [1]mlx5_1:1/IB/SHARP [RO]; OOB eth0:10.0.0.1<0>\n"),
      "mlx5_0, Ethernet, mlx5_1, InfiniBand");
}

TEST(RdmaText, LspciCountsOnlyWhereNothingNamesThem) {
  const std::string bus = "86:00.0 Infiniband controller: Mellanox Technologies MT2910 Family [ConnectX-7]\n";
  EXPECT_EQ(adapters_in(bus), "on 86:00.0, InfiniBand");
  EXPECT_EQ(adapters_in(bus + "CA 'mlx5_0'\n"), "mlx5_0");
}

TEST(RdmaText, OtherLinesAreNobodys) {
  EXPECT_EQ(adapters_in("CA '../../etc'\nhca_id: \nNIC Legend:\n\nNET/IB : Using nothing\nNET/IB : No device found.\n"),
            "");
}

TEST(RdmaAdapter, IsReadAsItIsWritten) {
  for (const char* text : {"mlx5_0, InfiniBand, 400 Gb/s", "mlx5_3, Ethernet, down", "mlx5_4"}) {
    EXPECT_EQ(rdma_adapter_text(rdma_adapter_from(text)), text);
  }
}

}  // namespace varve
