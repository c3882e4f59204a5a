#include "package/python_imports.h"

#include <gtest/gtest.h>

namespace varve {
namespace {
using Names = std::vector<std::string>;

TEST(PythonImports, NameWhatIsImportedAtOnce) {
  EXPECT_EQ(
      imports_at_once("import os, torch._C as c\nfrom .lib import *\nfrom . import _C\nfrom a import (b,  # x\n  c)\n"),
      (Names{"os", "torch._C", ".lib", "._C", "a", "a.b", "a.c"}));
}

TEST(PythonImports, TextsAndCommentsAreNoImports) {
  EXPECT_EQ(imports_at_once("\"\"\"\nimport one\n\"\"\"\n# import two\nx = 'import three'\nimport four\n"),
            (Names{"four"}));
  EXPECT_EQ(imports_at_once("x = '''\\'''\nimport one\n\"\"\"\\\\'''\nimport two\nx = '\\'\nimport three\n"),
            (Names{"two", "three"}));
}

TEST(PythonImports, WhatMayNotBeImportedIsLeftOut) {
  EXPECT_TRUE(
      imports_at_once("def f():\n    import one\nclass A:\n    import two\nif TYPE_CHECKING:\n    import three\n"
                      "if flag:\n    import four\n")
          .empty());
  EXPECT_TRUE(imports_at_once("try:\n    import one\nexcept ImportError:\n    one = None\n").empty());
}

TEST(PythonImports, AHandlerThatRaisesGuardsNothing) {
  EXPECT_EQ(imports_at_once("try:\n    from cupy import _core\nexcept ImportError as error:\n    raise ImportError(\n"
                            "        'no') from error\nimport two\n"),
            (Names{"cupy", "cupy._core", "two"}));
  EXPECT_EQ(imports_at_once("try:\n    import one\nexcept OSError:\n    pass\n"), (Names{"one"}));
  EXPECT_EQ(imports_at_once("try:\n    import one\nfinally:\n    pass\n"), (Names{"one"}));
  EXPECT_TRUE(imports_at_once("try:\n    import one\nexcept ImportError:\n    if x:\n        raise\n").empty());
}

TEST(PythonImports, BothBranchesLeaveNoWayAround) {
  EXPECT_EQ(imports_at_once("if flag:\n    from torch._C import *\nelse:\n    from torch._C import *\n"),
            (Names{"torch._C"}));
}

TEST(PythonImports, EndsOnAnyText) {
  for (const char* text : {"", "'", "'\\", "\"\"\"", "\"\"\"\\", "\"\"\"\\\"\"\"", "(", "from", "import",
                           "from x import", "\\", "if x:", "try:", "except:"}) {
    (void)imports_at_once(text);
  }
}

}  // namespace
}  // namespace varve
