#include "model/kernels/operation_work.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

TEST(OperationWork, IsTheSameWhicheverFrameworkCallsIt) {
  const std::string work = "512×256 · 256×768";
  EXPECT_EQ(operation_work("aten::mm [[512,256],[256,768]]"), work);
  EXPECT_EQ(operation_work("aten::addmm [[768],[512,256],[256,768]]"), work);
  EXPECT_EQ(operation_work("dot_general (ynn_fusion) [[512,256],[256,768]] bf16"), work);
  EXPECT_EQ(operation_work("jit(block)/dot_general [[512,256],[256,768]]"), work);
  EXPECT_EQ(operation_work("mkldnn::_linear_pointwise [[2,256,256],[768,256],[768]]"), work);
  EXPECT_EQ(operation_work("aten::mm [[768,256],[256,512]]"), work) << "transposed";
  EXPECT_EQ(operation_work("aten::bmm [[8,256,64],[8,64,128]]"), "8 of 128×64 · 64×256");
  EXPECT_EQ(operation_work("aten::bmm [[1,256,64],[1,64,128]]"), "128×64 · 64×256");
  EXPECT_EQ(operation_work("conv_general_dilated [[1,3,8,8],[4,3,3,3]]"),
            operation_work("aten::mkldnn_convolution [[1,3,8,8],[4,3,3,3],[4]]"));
}

TEST(OperationWork, IsNotOfWhatCallsAnotherNorOfShapesThatDoNotFit) {
  EXPECT_EQ(operation_work("aten::matmul [[512,256],[256,768]]"), "");
  EXPECT_EQ(operation_work("aten::mm"), "");
  EXPECT_EQ(operation_work("aten::mm [[512,256],[255,768]]"), "");
  EXPECT_EQ(operation_work("aten::bmm [[8,256,64],[4,64,256]]"), "");
  EXPECT_EQ(operation_work("aten::addmm [[512,256],[256,768]]"), "");
  EXPECT_EQ(operation_work("aten::add [[512,256],[512,256]]"), "");
  EXPECT_EQ(operation_work("aten::mm [[512,x],[]]"), "");
  EXPECT_EQ(operation_work("aten::mm [["), "");
}

TEST(OperationWork, TypesStandBehindTheShapes) {
  EXPECT_EQ(types_behind("aten::mm [[8,64],[64,8]] bf16"), "bf16");
  EXPECT_EQ(types_behind("aten::copy_ [[8],[8]] bf16+fp32"), "bf16+fp32");
  EXPECT_EQ(types_behind("aten::mm [[8,64],[64,8]]"), "");
  EXPECT_EQ(types_behind("aten::mm"), "");
  EXPECT_EQ(without_shapes("aten::mm [[8,64],[64,8]] bf16"), "aten::mm");
}

}  // namespace
}  // namespace varve
