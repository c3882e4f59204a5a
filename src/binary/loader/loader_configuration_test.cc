#include "binary/loader/loader_configuration.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {

TEST(LoaderConfiguration, NamesFoldersInTheOrderOfItsFiles) {
  const TestRoot root;
  root.write("etc/ld.so.conf", "/opt/first/ # a remark\ninclude ld.so.conf.d/*.conf\n/opt/last\n");
  root.write("etc/ld.so.conf.d/b.conf", "/opt/b\n/opt/first\n");
  root.write("etc/ld.so.conf.d/a.conf", "/opt/a=libc6\nrelative/is/none\n");
  root.write("etc/ld.so.conf.d/c.other", "/opt/c\n");
  EXPECT_EQ(configured_directories(**open_root(root.path())),
            (std::vector<std::string>{"/opt/first", "/opt/a", "/opt/b", "/opt/last"}));
}

// Files that include one another would be read as often as there are ways through them.
TEST(LoaderConfiguration, EndsWhereFilesIncludeOneAnother) {
  const TestRoot root;
  root.write("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n");
  for (int i = 0; i < 120; ++i) {
    root.write("etc/ld.so.conf.d/" + std::to_string(i) + ".conf", "/opt/x\ninclude *.conf\ninclude *.conf\n");
  }
  EXPECT_EQ(configured_directories(**open_root(root.path())), std::vector<std::string>{"/opt/x"});
}

}  // namespace varve
