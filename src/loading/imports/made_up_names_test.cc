#include "loading/imports/made_up_names.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

using Names = std::vector<std::string>;

TEST(MadeUpNames, HaveTheNumbersOfTheCudaThatItWasBuiltFor) {
  const TestRoot root;
  root.write("site/tensorflow/python/platform/build_info.py",
             "build_info = collections.OrderedDict([('cuda_version', '12.5.1'), ('cudnn_version', '9')])\n");
  const auto files = open_root(root.path());
  Package package{.name = "tensorflow",
                  .version = "2.18.1",
                  .role = PackageRole::framework,
                  .installer = {},
                  .cuda = known_fact(std::string("12.5.1"), "made"),
                  .requirements = {}};
  EXPECT_EQ(made_up_names(**files, "/site", package),
            (Names{"libcudart.so.12", "libcublas.so.12", "libcublasLt.so.12", "libcufft.so.11", "libcusolver.so.11",
                   "libcusparse.so.12", "libcudnn.so.9"}));
  package.cuda = known_fact(std::string("11.8"), "made");
  EXPECT_EQ(made_up_names(**files, "/site", package).front(), "libcudart.so.11.0");
  EXPECT_EQ(made_up_names(**files, "/nowhere", package).back(), "libcusparse.so.11") << "nothing states cuDNN's";
  package.name = "tensorflow-cpu";
  EXPECT_TRUE(made_up_names(**files, "/site", package).empty());
}

}  // namespace
}  // namespace varve
