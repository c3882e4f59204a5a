#include "rules/situation/consumer_runtimes.h"

#include <gtest/gtest.h>

namespace varve {
namespace {

// A process that has mapped files, each with the runtime that it is or carries ("": it could not be read).
class MappedProcess {
 public:
  MappedProcess& maps(const std::string& path, const std::string& runtime) {
    ConsumedLibrary library;
    library.name = path.substr(path.rfind('/') + 1);
    library.path = path;
    library.why = "mapped";
    consumer_.libraries.push_back(std::move(library));
    Binary binary;
    binary.path = path;
    binary.runtime =
        runtime.empty() ? missing_fact(Missing::denied, path, "permission denied") : known_fact(runtime, "test");
    stack_.binaries.push_back(std::move(binary));
    return *this;
  }
  // "13.2 (libcudart.so.13) main"
  std::vector<std::string> runtimes(ConsumerKind kind = ConsumerKind::process) {
    consumer_.kind = kind;
    stack_.consumers = {consumer_};
    const std::vector<ConsumerView> views = consumer_views(stack_);
    std::vector<std::string> texts;
    for (const ConsumerRuntime& runtime : runtimes_of(views.front(), {})) {
      texts.push_back(to_string(runtime.version) + " (" + runtime.origin + ")" + (runtime.main ? " main" : ""));
    }
    return texts;
  }

 private:
  Stack stack_;
  Consumer consumer_;
};

using Texts = std::vector<std::string>;

// A process chooses no more: the runtime that decides is the newest that it has mapped, whatever else carries one.
TEST(ConsumerRuntimes, OfAProcessAreDecidedByWhatItHasMapped) {
  MappedProcess process;
  process.maps("/env/libcufile.so.0", "12.2").maps("/env/libcudart.so.12", "12.8").maps("/env/libcudart.so.13", "13.2");
  EXPECT_EQ(process.runtimes(),
            (Texts{"13.2 (libcudart.so.13) main", "12.8 (libcudart.so.12)", "12.2 (libcufile.so.0 carries it)"}));
  // A module with a copy of its own stands beside what the framework calls.
  MappedProcess with_module;
  with_module.maps("/env/cuda/bindings/runtime.so", "13.5").maps("/env/libcudart.so.13", "13.2");
  EXPECT_EQ(with_module.runtimes(), (Texts{"13.5 (runtime.so carries it)", "13.2 (libcudart.so.13) main"}));
}

TEST(ConsumerRuntimes, OfAStaticProgramAreInsideIt) {
  EXPECT_EQ(MappedProcess().maps("/opt/app", "12.9").runtimes(), Texts{"12.9 (app carries it) main"});
}

// The name is all that there is of a file that nobody may read; it is a runtime all the same.
TEST(ConsumerRuntimes, AreToldByTheNameWhereTheFileCannotBeRead) {
  EXPECT_EQ(MappedProcess().maps("/env/libcudart.so.12 (deleted)", "").runtimes(),
            Texts{"12 (by the name libcudart.so.12 (deleted)) main"});
  EXPECT_EQ(MappedProcess().maps("/env/libcudart.so.12.1.105", "").maps("/env/libnccl.so.2", "12.2").runtimes(),
            (Texts{"12.2 (libnccl.so.2 carries it)", "12.1 (by the name libcudart.so.12.1.105) main"}));
  EXPECT_EQ(MappedProcess().maps("/env/libcudart.so.11.0", "").runtimes(),
            Texts{"11 (by the name libcudart.so.11.0) main"});
}

// thundersvm 0.3.12 carries its runtime and needs one library of CUDA 9.0, which no table has.
TEST(ConsumerRuntimes, AreToldByTheNamesThatLibrariesHadUpToCuda10) {
  const auto told_by = [](const std::string& name) { return MappedProcess().maps("/env/" + name, "").runtimes(); };
  EXPECT_EQ(told_by("libcusparse.so.9.0"), Texts{"9.0 (by the name libcusparse.so.9.0) main"});
  EXPECT_TRUE(told_by("libfoo.so.9.0").empty());
  EXPECT_TRUE(told_by("libcusparse.so.9.0.176").empty()) << "a file name is no SONAME";
}

}  // namespace
}  // namespace varve
