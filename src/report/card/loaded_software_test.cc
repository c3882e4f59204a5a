#include "report/card/loaded_software.h"

#include <gtest/gtest.h>

#include "report/card/card.h"

namespace varve {
namespace {

const std::string kSite = "/venv/lib/python3.11/site-packages/";

Library library_at(const std::string& path) {
  Library library;
  library.path = path;
  return library;
}

// A program in an environment of many frameworks, that loaded numpy and LightGBM.
Run run_of_lightgbm() {
  Run run;
  Variant& variant = run.variants.emplace_back();
  variant.name = "A";
  variant.packages = ImportedPackages{
      .environment = "/venv",
      .missing = {},
      .python = "3.11.7",
      .versions = {{"jax", "0.10.2"}, {"onnxruntime", "1.20.1"}, {"numpy", "2.4.6"}, {"lightgbm", "4.6.0"}},
      .libraries = {{kSite + "numpy/_core/_multiarray_umath.so", "numpy"},
                    {kSite + "lightgbm/lib_lightgbm.so", "lightgbm"}}};
  Unit& unit = run.units.emplace_back();
  unit.variant = "A";
  unit.role = UnitRole::timing;
  for (const auto& [path, package] : variant.packages->libraries) unit.libraries.push_back(library_at(path));
  Profile& profile = unit.profiles.by_kind[kCpuSamples];
  profile.whole_ns = 100;
  ProfileRow row{.key = {.kernel = run.kernels.intern({.key = {"split", kSite + "lightgbm/lib_lightgbm.so", ""}})},
                 .samples = 1};
  row.time.total_ns = 103;  // samples count whole periods: more than the clocks do
  add_rows(profile, {row});
  return run;
}

std::string card_line(const Run& run, const std::string& name) {
  for (const CardLine& line : make_card(run, nullptr)) {
    if (line.name == name) return line.text;
  }
  return "";
}

TEST(LoadedSoftware, InstalledIsNotLoaded) {
  const varve::Run run = run_of_lightgbm();
  EXPECT_EQ(card_line(run, "software"), "Python 3.11.7, numpy 2.4.6, lightgbm 4.6.0");
  EXPECT_EQ(card_line(run, "installed beside"), "jax 0.10.2, onnxruntime 1.20.1");
}

TEST(LoadedSoftware, AFrameworkThatSaidWhatItWasToldWasLoaded) {
  varve::Run run = run_of_lightgbm();
  run.variants[0].framework["jax.version"] = known_fact(std::string("0.10.2"), "test");
  EXPECT_EQ(loaded_software(run, run.variants[0]), "Python 3.11.7, jax 0.10.2, numpy 2.4.6, lightgbm 4.6.0");
}

TEST(LoadedSoftware, ALibraryInThePackagesFolderTellsItWithoutAListOfFiles) {
  varve::Run run = run_of_lightgbm();
  run.units[0].libraries.push_back(library_at(kSite + "onnxruntime/capi/onnxruntime_pybind11_state.so"));
  EXPECT_EQ(installed_software(run, run.variants[0]), "jax 0.10.2");
}

TEST(LoadedSoftware, WhereNoLibraryIsToldThatIsSaid) {
  varve::Run run = run_of_lightgbm();
  run.units[0].libraries.clear();
  run.units[0].profiles = {};
  run.variants[0].packages->libraries.clear();
  EXPECT_EQ(loaded_software(run, run.variants[0]), "Python 3.11.7, what it loaded was not seen");
}

TEST(LoadedSoftware, SharesOfTheCardAreNotMoreThanAll) {
  EXPECT_EQ(card_line(run_of_lightgbm(), "kernels"), "other 100 % of CPU time");
}

}  // namespace
}  // namespace varve
