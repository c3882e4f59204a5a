#include "package/environment_pointers.h"

#include <gtest/gtest.h>

#include "world/test_root.h"

namespace varve {
namespace {

TEST(EnvironmentPointers, ShellsServicesKernelsAndProcesses) {
  const TestRoot root;
  const auto venv = [&](const std::string& path) { root.write(path + "/pyvenv.cfg", "version = 3.11.7\n"); };
  for (const char* path : {"srv/app/venv", "home/me/project/.venv", "data/kernel", "data/running", "data/activated"}) {
    venv(path);
  }
  root.write("opt/conda/envs/ml/conda-meta/history", "");
  root.write("home/me/.bashrc",
             "# mine\nsource \"$HOME/project/.venv/bin/activate\"\nexport PATH=/no/such/bin/x:$PATH\n");
  root.write("etc/systemd/system/app.service", "[Service]\nExecStart=/srv/app/venv/bin/gunicorn app:app\n");
  root.write("home/me/.local/share/jupyter/kernels/gpu/kernel.json",
             R"({"argv": ["/data/kernel/bin/python", "-m", "ipykernel_launcher"]})");
  root.write("usr/local/share/jupyter/kernels/ml/kernel.json", R"({"argv": ["/opt/conda/envs/ml/bin/python"]})");
  root.write("proc/4711/cmdline", std::string("/data/running/bin/python\0train.py\0", 34));
  root.write("proc/4712/cmdline", std::string("sleep\0", 6));
  root.write("proc/4712/environ", std::string("A=b\0VIRTUAL_ENV=/data/activated\0", 32));
  root.write("proc/version", "Linux");
  const auto files = open_root(root.path());
  std::map<std::string, std::string> found;
  for (const EnvironmentPointer& pointer : environment_pointers(**files, {"/home/me"})) {
    found.emplace(pointer.path, pointer.found_by);
  }
  EXPECT_EQ(found.size(), 4u);
  for (const EnvironmentPointer& pointer : process_pointers(**files)) found.emplace(pointer.path, pointer.found_by);
  EXPECT_EQ(found, (std::map<std::string, std::string>{
                       {"/srv/app/venv", "/etc/systemd/system/app.service"},
                       {"/home/me/project/.venv", "/home/me/.bashrc"},
                       {"/data/kernel", "/home/me/.local/share/jupyter/kernels/gpu/kernel.json"},
                       {"/opt/conda/envs/ml", "/usr/local/share/jupyter/kernels/ml/kernel.json"},
                       {"/data/running", "process 4711"},
                       {"/data/activated", "process 4712"}}));
}

}  // namespace
}  // namespace varve
