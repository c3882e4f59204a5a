"""The scripts with stand-ins for what they call: which packages they ask for, and which status they end with."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
NEEDED_COMMANDS = ("bash", "env", "sed", "sort", "grep", "mkdir", "dirname", "cat")

# Stands in for the example: the kernels of the CPU are in OWN_CORE, those the library takes on request in CORES. RATES
# says how fast each is, "Haswell=92,110": one execution after another; 100 where it says nothing.
EXAMPLE = """#!/usr/bin/env bash
core=${OPENBLAS_CORETYPE:-$OWN_CORE}
[[ " $CORES " == *" $core "* ]] || core=$OWN_CORE
if [[ $1 == --print-blas ]]; then echo "core: $core"; fi
[[ $core != "${BROKEN_CORE:-}" ]] || exit 1
[[ $1 == --threads ]] || exit 0
rates=(100)
for entry in $RATES; do
  if [[ ${entry%%=*} == "$core" ]]; then IFS=, read -ra rates <<<"${entry#*=}"; fi
done
echo run >>"$CALLS.$core"
runs=$(grep -c run "$CALLS.$core")
echo "tokens/s: ${rates[(runs - 1) % ${#rates[@]}]} (median)"
"""
# Stands in for varve: writes down how it was called, ends with the status that COMPARE_STATUS names for compare.
VARVE = """#!/usr/bin/env bash
echo "$*" >>"$CALLS"
[[ $1 != compare ]] || exit "$COMPARE_STATUS"
"""


class Sandbox(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.calls = self.folder / "calls"

    def program(self, path, text):
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755)
        return target

    def called(self):
        return self.calls.read_text().splitlines() if self.calls.exists() else []


class InstallDependenciesTest(Sandbox):
    def setUp(self):
        super().setUp()
        for name in NEEDED_COMMANDS:
            self.program(f"bin/{name}", f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')

    def offer_apt(self, installed, available=()):
        self.program("bin/dpkg-query", "#!/bin/sh\n" + "".join(f"echo installed {name}\n" for name in installed))
        self.program("bin/apt-get", f'#!/bin/sh\necho "$*" >>{self.calls}\n')
        self.program("bin/apt-cache", f'#!/bin/sh\ncase " {" ".join(available)} " in *" $2 "*) echo found;; esac\n')
        self.program("bin/sudo", '#!/bin/sh\nexec "$@"\n')

    def install(self, *arguments):
        return subprocess.run([SCRIPTS / "install-dependencies", *arguments], capture_output=True, text=True,
                              env={"PATH": str(self.folder / "bin")})

    def all_packages(self):
        """What it asks for on a bare system."""
        self.offer_apt([])
        words = self.install("test", "--dry-run").stdout.replace("\n", " ").split()
        return [word for word in words if "-" in word or word in ("cmake", "g++", "gcc", "python3", "hyperfine", "binutils",
                                                                 "ccache", "clang")]

    def test_without_apt_it_says_what_is_needed(self):
        done = self.install("test")
        self.assertEqual(done.returncode, 4)
        for name in ("CMake", "OpenSSL", "OpenBLAS", "GoogleTest"):
            self.assertIn(name, done.stderr)

    def test_nothing_is_asked_of_apt_when_everything_is_there(self):
        self.offer_apt(self.all_packages())
        done = self.install("test")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.called(), [])

    def test_only_what_is_missing_is_installed(self):
        packages = self.all_packages()
        self.offer_apt([name for name in packages if name not in ("libfmt-dev", "ninja-build")])
        self.assertEqual(self.install("build").returncode, 0)
        installs = [call for call in self.called() if " install " in call]
        self.assertEqual(len(installs), 1)
        self.assertIn("--no-install-recommends", installs[0])
        self.assertEqual({word for word in installs[0].split() if word in packages}, {"libfmt-dev", "ninja-build"})

    def test_a_release_without_an_optional_package_is_no_failure(self):
        self.offer_apt([name for name in self.all_packages() if name != "libdnnl-dev"])
        done = self.install("test")
        self.assertEqual(done.returncode, 0)
        self.assertIn("libdnnl-dev", done.stderr)
        self.assertEqual([call for call in self.called() if " install " in call], [])

    def test_an_unknown_argument_is_a_usage_error(self):
        self.assertEqual(self.install("tests").returncode, 2)


class TestTest(Sandbox):
    def setUp(self):
        super().setUp()
        self.program("scripts/test", (SCRIPTS / "test").read_text())
        self.program("bin/cmake", f'#!/bin/sh\necho "cmake $*" >>{self.calls}\n')
        self.program("bin/ctest", f'#!/bin/sh\necho "ctest $*" >>{self.calls}\n[ "$2" != "$FAILING" ]\n')

    def run_tests(self, *arguments, failing=""):
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        return subprocess.run([self.folder / "scripts/test", "--no-install", *arguments], capture_output=True, text=True,
                              env=dict(os.environ, PATH=path, FAILING=failing))

    def test_it_says_how_long_each_preset_took(self):
        done = self.run_tests()
        self.assertEqual(done.returncode, 0, done.stderr)
        times = done.stdout.split("how long it took\n")[1].splitlines()
        self.assertEqual([line.split()[:2] for line in times],
                         [["asan", "build"], ["asan", "tests"], ["ci", "build"], ["ci", "tests"], ["disk", "left"]])
        self.assertRegex(times[0], r" 0 min 0\d s$")
        self.assertRegex(times[-1], r"left +[\d.]+[KMGT]$")

    def test_a_failing_preset_does_not_hide_the_next(self):
        done = self.run_tests(failing="asan")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the preset asan failed", done.stderr)
        self.assertIn("ctest --preset ci", self.called())

    def test_what_failed_stands_at_the_end(self):
        listing = self.folder / "build/asan/Testing/Temporary/LastTestsFailed.log"
        listing.parent.mkdir(parents=True)
        listing.write_text("17:Files.Open\n203:golden: run/first\n")
        written = "17/203 Testing: Files.Open\nOutput:\n-----\n%s<end of output>\n-----\n"
        listing.with_name("LastTest.log").write_text(
            "1/203 Testing: Files.OpenToo\nOutput:\n-----\nanother\n<end of output>\n" +
            written % "".join(f"line {number}\n" for number in range(100)))
        done = self.run_tests(failing="asan")
        last = "".join(f"    line {number}\n" for number in range(70, 100))
        self.assertTrue(done.stdout.endswith("== failed: asan tests\n  Files.Open\n" + last + "  golden: run/first\n"),
                        done.stdout)

    def test_quick_is_what_ci_builds(self):
        self.run_tests("--quick")
        self.assertEqual([call for call in self.called() if "asan" in call], [])


class MainJobTest(Sandbox):
    def setUp(self):
        super().setUp()
        for name in ("main-job", "choose-kernels"):
            self.program(f"scripts/{name}", (SCRIPTS / name).read_text())
        self.program("build/release/varve", VARVE)
        self.program("build/release/examples/transformer", EXAMPLE)

    def run_job(self, *arguments, own="Cooperlake", cores="Cooperlake Haswell Sandybridge", status=0, broken="",
                rates=""):
        environment = dict(os.environ, CALLS=str(self.calls), OWN_CORE=own, CORES=cores, COMPARE_STATUS=str(status),
                           BROKEN_CORE=broken, RATES=rates, OPENBLAS_CORETYPE="Nehalem")
        return subprocess.run([self.folder / "scripts/main-job", *arguments], capture_output=True, text=True,
                              env=environment, cwd="/")

    def against(self):
        words = next(call for call in self.called() if call.startswith("run ")).split()
        return words[words.index("--against-env") + 1]

    def test_it_ends_with_the_report(self):
        done = self.run_job()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.splitlines()[-1].endswith("build/quickstart/report.html"))
        self.assertEqual([call.split()[0] for call in self.called()], ["capture", "run", "compare", "report"])

    def test_the_next_older_instruction_set_is_measured_against_when_it_differs_enough(self):
        done = self.run_job(rates="Cooperlake=100,101,99 Haswell=80,81,79 Sandybridge=40,41,39")
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Haswell")
        self.assertNotIn("may be ambiguous", done.stderr)

    # Pairs wander by 14 %: twenty of them tell 13 %, two thousand 2 %.
    WANDERING = "Cooperlake=100,120,95 Haswell=105,92,100 Sandybridge=50,66,45"

    def test_a_difference_that_the_pairs_cannot_tell_is_passed_over(self):
        done = self.run_job(rates=self.WANDERING)
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Sandybridge")
        self.assertIn("too little to tell", done.stderr)

    def test_more_pairs_tell_a_smaller_difference(self):
        self.run_job("--units", "2000", rates=self.WANDERING)
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Haswell")

    def test_where_none_can_be_told_it_says_so_and_takes_the_largest(self):
        done = self.run_job(rates="Cooperlake=100,160,70 Haswell=95,105,80 Sandybridge=98,110,85")
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Haswell")
        self.assertIn("may be ambiguous", done.stderr)

    def test_the_next_older_instruction_set_is_measured_against_when_all_are_alike(self):
        for own, expected in (("Cooperlake", "Haswell"), ("Zen", "Sandybridge"), ("Sandybridge", "Nehalem")):
            self.calls.unlink(missing_ok=True)
            self.run_job(own=own, cores="Cooperlake Zen Haswell Sandybridge Nehalem Prescott")
            self.assertEqual(self.against(), "OPENBLAS_CORETYPE=" + expected)

    def test_where_the_library_fell_back_to_its_oldest_kernels_newer_ones_are_measured_against(self):
        self.run_job(own="Prescott", cores="SkylakeX Haswell Prescott", broken="SkylakeX",
                     rates="Prescott=100,101,99 Haswell=220,221,219")
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Haswell")

    def test_kernels_that_the_library_does_not_take_are_passed_over(self):
        self.run_job(cores="Cooperlake Sandybridge")
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Sandybridge")

    def test_kernels_that_do_not_run_are_passed_over(self):
        self.run_job(broken="Haswell")
        self.assertEqual(self.against(), "OPENBLAS_CORETYPE=Sandybridge")

    def test_without_a_choice_the_same_is_measured_against_the_same(self):
        for own in ("unknown", "POWER9"):
            self.calls.unlink(missing_ok=True)
            done = self.run_job(own=own, cores="")
            self.assertEqual(done.returncode, 0)
            self.assertIn("A and B are the same", done.stdout)
            self.assertEqual(self.against(), "OPENBLAS_NUM_THREADS=1")

    def test_every_verdict_is_a_success_and_a_failure_is_none(self):
        for status, expected in ((0, 0), (1, 0), (3, 0), (2, 4), (4, 4)):
            self.assertEqual(self.run_job(status=status).returncode, expected, status)

    def test_the_number_of_units_is_handed_on_and_checked(self):
        self.run_job("--units", "7", "--out", str(self.folder / "elsewhere"))
        self.assertTrue(any("--units 7" in call and "elsewhere/run.json" in call for call in self.called()))
        for wrong in ("0", "-1", "many", ""):
            self.assertEqual(self.run_job("--units", wrong).returncode, 2)


if __name__ == "__main__":
    unittest.main()
