#include "package/python_literals.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

std::string text_of(std::string_view source, std::string_view path) {
  const auto constants = python_constants(source);
  const PythonValue* value = find_constant(constants, path);
  if (value == nullptr) return "(nothing)";
  if (value->kind == PythonValue::Kind::none) return "(None)";
  return value->text;
}

TEST(PythonLiterals, TorchSaysItsCuda) {
  const char* annotated =
      "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda']\n__version__ = '2.15.0+cu132'\n"
      "debug = False\ncuda: Optional[str] = '13.2'\nhip: Optional[str] = None\n";
  EXPECT_EQ(text_of(annotated, "cuda"), "13.2");
  EXPECT_EQ(text_of(annotated, "hip"), "(None)");
  EXPECT_EQ(text_of(annotated, "debug"), "False");
  EXPECT_EQ(text_of(annotated, "__version__"), "2.15.0+cu132");
  EXPECT_EQ(python_constants(annotated).at("__all__").items.size(), 3u);
  EXPECT_EQ(text_of("__version__ = '2.1.2+cu121'\r\ncuda = '12.1'\r\n", "cuda"), "12.1");
}

TEST(PythonLiterals, TensorflowsBuildInfo) {
  const char* source =
      "# Generated\n\"\"\"Auto-generated module\ncuda_version = 'not this one'\n\"\"\"\nimport collections\n"
      "build_info = collections.OrderedDict({'cpu_compiler': '/usr/lib/llvm-18/bin/clang',  # a comment\n"
      "  'cuda_compute_capabilities': ['sm_60', 'compute_90'], \"cuda_version\": '12.5.1',\n"
      "  'is_cuda_build': True, 'flags': (1, -2.5), })\n";
  EXPECT_EQ(text_of(source, "build_info.cuda_version"), "12.5.1");
  EXPECT_EQ(text_of(source, "build_info.is_cuda_build"), "True");
  EXPECT_EQ(text_of(source, "cuda_version"), "(nothing)");
  EXPECT_EQ(text_of("x = OrderedDict([('a', 'b'), ('c', None)])\n", "x.a"), "b");
  EXPECT_EQ(text_of("x = dict()\n", "x.a"), "(nothing)");
}

TEST(PythonLiterals, FormsOfStringsAndNames) {
  EXPECT_EQ(text_of("__version__ = version = '0.6.3'\n", "version"), "0.6.3");
  EXPECT_EQ(text_of("__version__ = version = '0.6.3'\n", "__version__"), "0.6.3");
  EXPECT_EQ(text_of("a = ('one'\n     'two')\n", "a"), "(nothing)");  // joined only on one line
  EXPECT_EQ(text_of("a = 'one' 'two'\n", "a"), "onetwo");
  EXPECT_EQ(text_of("a = r'\\d' # text\n", "a"), "\\d");
  EXPECT_EQ(text_of("a = 'it\\'s\\n'\n", "a"), "it's\n");
  EXPECT_EQ(text_of("a = \"\"\"long\ntext\"\"\"\nb = u'x'", "b"), "x");
  EXPECT_EQ(text_of("a = 1\na = 2\n", "a"), "2");
}

TEST(PythonLiterals, NothingIsRunOrGuessed) {
  EXPECT_EQ(text_of("a = open('/etc/passwd').read()\n", "a"), "(nothing)");
  EXPECT_EQ(text_of("a = '1' + '2'\n", "a"), "(nothing)");
  EXPECT_EQ(text_of("a == '1'\n", "a"), "(nothing)");
  EXPECT_EQ(text_of("if True:\n  a = '1'\n", "a"), "(nothing)");
  EXPECT_EQ(text_of("f(\na = '1'\n)\n", "a"), "(nothing)");
}

TEST(PythonLiterals, HostileSourcesEnd) {
  EXPECT_TRUE(python_constants("a = " + std::string(100000, '[')).empty());
  EXPECT_TRUE(python_constants("a = '" + std::string(100000, 'x')).empty());
  EXPECT_TRUE(python_constants(std::string("a = \0'1'", 8)).empty());
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "n" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(python_constants(many).size(), 4096u);
}

}  // namespace
}  // namespace varve
