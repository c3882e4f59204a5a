#include "harness/readings/output_equality.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/test_sources.h"
#include "harness/readings/npy_array.h"
#include "world/test_root.h"

namespace varve {
namespace {

std::string array(const std::string& name) {
  std::ifstream file(test::source_path("fuzz/corpus/npy/" + name));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const auto floats = read_npy(array("floats.npy"));
  ASSERT_TRUE(floats);
  EXPECT_EQ(floats->shape, "(2, 2)");
  EXPECT_EQ(floats->values, (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(read_npy(array("halves.npy"))->values, (std::vector<double>{1, -2, 0.5}));
  EXPECT_EQ(read_npy(array("whole.npy"))->values, (std::vector<double>{-5}));
  EXPECT_FALSE(read_npy(array("floats.npy").substr(0, 140)));
  EXPECT_FALSE(read_npy("\x93NUMPY"));
}

TEST(CompareOutputs, ArraysByTheirValues) {
  std::string other = array("floats.npy");
  other[other.size() - 1] = '\x40';
  other[other.size() - 4] = '\x01';  // the last bit of 4.0f
  EXPECT_FALSE(compare_outputs(array("floats.npy"), other, 0).equal);
  EXPECT_TRUE(compare_outputs(array("floats.npy"), other, 1e-6).equal);
  other[other.size() - 2] = '\0';  // 4.0f becomes 2.0f
  const OutputDifference wrong = compare_outputs(array("floats.npy"), other, 1e-6);
  EXPECT_FALSE(wrong.equal);
  EXPECT_EQ(wrong.text, "1 of 4 values differ; value 3: 4 became 2");
  EXPECT_EQ(compare_outputs(array("floats.npy"), array("halves.npy"), 1).text, "the array's shape (2, 2) became (3,)");
}

TEST(CompareOutputs, TextWordByWord) {
  EXPECT_TRUE(compare_outputs("loss 0.51230\nok\n", "loss 0.51231\nok\n", 1e-4).equal);
  EXPECT_EQ(compare_outputs("loss 0.51230\nok\n", "loss 0.6\nok\n", 1e-4).text,
            "line 1: \"loss 0.51230\" became \"loss 0.6\"");
  EXPECT_EQ(compare_outputs("the cat\n", "the dog\n", 1).text, "line 1: \"the cat\" became \"the dog\"");
  EXPECT_EQ(compare_outputs("a\n", "a\nb\n", 1).text.substr(0, 6), "line 2");
}

TEST(CompareOutputs, JsonByItsStructure) {
  EXPECT_TRUE(compare_outputs(R"({"a": 1.0, "b": [2]})", R"({"b": [2.0000001], "a": 1})", 1e-6).equal);
  EXPECT_EQ(compare_outputs(R"({"a": {"b": [1, 2]}})", R"({"a": {"b": [1, 3]}})", 1e-6).text, "/a/b/1: 2 became 3");
  EXPECT_FALSE(compare_outputs(R"({"a": 1})", R"({"a": 1, "b": 2})", 1e-6).equal);
}

TEST(OutputWatch, HoldsUnitsAgainstTheFirst) {
  const TestRoot root;
  const std::string file = root.prepare("out.txt");
  OutputWatch watch({file, "-"}, 0);
  const auto unit = [&](const std::string& text, const std::string& printed) {
    watch.begin();
    std::ofstream(file + ".new") << text;
    std::rename((file + ".new").c_str(), file.c_str());
    watch.output(printed);
    return watch.finish(true);
  };
  EXPECT_EQ(unit("1", "done").at(0).text, "the reference");
  EXPECT_TRUE(unit("1", "done").at(1).equal);
  EXPECT_FALSE(unit("2", "done").at(0).equal);
  EXPECT_FALSE(unit("1", "failed").at(1).equal);
  watch.begin();
  EXPECT_EQ(watch.finish(true).at(0).text, "it is as it was before the unit: the unit did not write it");
}

}  // namespace
}  // namespace varve
