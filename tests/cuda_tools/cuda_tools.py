#!/usr/bin/env python3
"""The reader of GPU code held against NVIDIA's own tools.

    cuda_tools.py libraries --list FATBIN_LIST [FILE…]
    cuda_tools.py builds --list FATBIN_LIST

libraries: what `cuobjdump --list-elf` and `--list-ptx` list of each file must be what the header pass lists, entry for
entry. Only what cuobjdump does not tell is left aside, and counted: it writes family-specific targets (sm_100f) like
plain ones, lists no LTO-IR, nothing outside the sections made for code, and does not say which cubins hold no function.
Without files: the libraries with GPU code below $VARVE_REAL_VENVS and $VARVE_REAL_TOOLKITS whose names are in SAMPLE.

builds: kernels that nvcc is asked to build for known targets, in all the ways it stores them, must be found as asked.

$VARVE_CUOBJDUMP names cuobjdump; nvcc stands beside it, or is $VARVE_NVCC. Exit status: 0 all agree, 1 a difference,
77 skipped because a tool is not there.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
SAMPLE = re.compile(
    r"lib(cublas|curand|cusparse|cusolver|cufft|nccl|nppif|bitsandbytes_cuda\d+|cudnn_(ops|cnn|adv)\w*)\.so")

KERNEL = """
__global__ void scale(float* values, float factor) { values[threadIdx.x] *= factor; }
void launch(float* values) { scale<<<1, 32>>>(values, 2.0f); }
#ifdef WITH_MAIN
int main() { launch(nullptr); }
#endif
"""
HOST_ONLY = "int answer() { return 42; }\n__device__ int unused_value;\n"


class Entry:
    """A line of fatbin_list."""

    def __init__(self, line):
        fields = line.rstrip("\n").split("\t")
        self.region, self.section, self.searched = int(fields[1]), fields[2], fields[3] == "searched"
        self.kind, self.target, self.codec = fields[4], fields[5], fields[6]
        self.function, self.source = fields[9], fields[10]

    def plain(self):
        """As cuobjdump writes it: sm_100 of sm_100f, sm_120 of compute_120 (PTX 9.0)."""
        number = re.search(r"_(\d+a?)", self.target).group(1)
        return f"sm_{number}"


def listed(program, path, *flags):
    result = subprocess.run([program, *flags, str(path)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"fatbin_list failed on {path}: {result.stderr}")
    return [Entry(line) for line in result.stdout.splitlines()]


def cuobjdump_list(program, path, kind):
    flag, suffix = {"sass": ("--list-elf", "cubin"), "ptx": ("--list-ptx", "ptx")}[kind]
    result = subprocess.run([program, "-all", flag, str(path)], capture_output=True, text=True, check=False)
    if "fatal" in result.stderr:
        return None
    return collections.Counter(re.findall(rf"\.(sm_\d+[a-z]?)\.{suffix}$", result.stdout, re.MULTILINE))


def sample():
    """Libraries below the folders of the environment, each content once (by size and name)."""
    found = {}
    for variable in ("VARVE_REAL_VENVS", "VARVE_REAL_TOOLKITS"):
        for folder in filter(None, os.environ.get(variable, "").split(":")):
            for path in sorted(pathlib.Path(folder).rglob("*.so*")):
                if SAMPLE.match(path.name) and not path.is_symlink():
                    found.setdefault((path.name, path.stat().st_size), path)
    return list(found.values())


def compare_library(options, cuobjdump, path):
    """Prints a row; true when the lists agree, None when cuobjdump makes none."""
    headers = listed(options.list, path)
    agree = True
    for kind in ("sass", "ptx"):
        own = collections.Counter(entry.plain() for entry in headers if entry.kind == kind)
        theirs = cuobjdump_list(cuobjdump, path, kind)
        if theirs is None:  # newer versions refuse files with cubins of architectures they no longer know
            print(f"{path.name:42} cuobjdump refuses the file")
            return None
        if own != theirs:
            agree = False
            print(f"{path}: {kind}: only here {dict(own - theirs)}, only cuobjdump {dict(theirs - own)}")
    exact = listed(options.list, path, "--exact", "--functions")
    count = lambda entries, test: sum(1 for entry in entries if test(entry))
    row = [
        count(headers, lambda e: e.kind == "sass"),
        count(headers, lambda e: e.kind == "ptx"),
        count(headers, lambda e: e.kind == "sass" and e.target.endswith("f")),
        count(exact, lambda e: e.kind == "sass" and e.function == "no"),
        count(exact, lambda e: e.searched and e.kind != "lto_ir"),
        count(exact, lambda e: e.kind == "lto_ir"),
        count(exact, lambda e: e.kind in ("sass", "ptx") and e.function == "unknown"),
        count(exact, lambda e: e.kind == "other"),
    ]
    verdict = "equal" if agree else "DIFFERENT"
    print(f"{path.name:42}" + "".join(f"{value:>9}" for value in row) + f"   {verdict}", flush=True)
    return agree and row[-1] == 0 and row[-2] == 0


def compare_libraries(options, cuobjdump):
    paths = [pathlib.Path(name) for name in options.files] or sample()
    if not paths:
        print("skipped: no libraries: neither files nor VARVE_REAL_VENVS nor VARVE_REAL_TOOLKITS")
        return SKIPPED
    columns = ["cubins", "PTX", "family", "codeless", "outside", "LTO-IR", "opaque", "other"]
    print(f"{'library':42}" + "".join(f"{name:>9}" for name in columns))
    results = [compare_library(options, cuobjdump, path) for path in paths]
    print(f"{results.count(True)} libraries equal, {results.count(False)} different, {results.count(None)} refused")
    return 1 if False in results else 0


def gencode(*rows):
    return [word for virtual, real in rows for word in ("-gencode", f"arch=compute_{virtual},code={real}")]


USUAL = gencode(("80", "sm_80"), ("90", "sm_90"), ("120", "[sm_120,compute_120]"))
USUAL_TARGETS = ["compute_120", "sm_120", "sm_80", "sm_90"]
SPECIFIC = gencode(("90a", "sm_90a"), ("100f", "sm_100f"), ("120a", "sm_120a"))

# name, flags, name of the output, targets of the entries with a function, the only codecs that may occur (None: any).
# Short cubins stay uncompressed in some modes; which, depends on the version of nvcc.
BUILDS = [
    ("as nvcc does it", ["-c", *USUAL], "x.o", USUAL_TARGETS, {"none", "zstd"}),
    ("compressed for size", ["-c", "-compress-mode", "size", *USUAL], "x.o", USUAL_TARGETS, {"zstd"}),
    ("compressed for speed", ["-c", "-compress-mode", "speed", *USUAL], "x.o", USUAL_TARGETS, {"none", "lz4"}),
    ("compressed in balance", ["-c", "-compress-mode", "balance", *USUAL], "x.o", USUAL_TARGETS, None),
    ("not compressed", ["-c", "-no-compress", *USUAL], "x.o", USUAL_TARGETS, {"none"}),
    ("all compressed", ["-c", "-Xfatbin", "-compress-all", *USUAL], "x.o", USUAL_TARGETS, {"zstd"}),
    ("together", ["-c", "-concat", *USUAL], "x.o", USUAL_TARGETS, None),
    ("together, specific", ["-c", "-concat", *SPECIFIC, *USUAL], "x.o",
     sorted(USUAL_TARGETS + ["sm_100f", "sm_120a", "sm_90a"]), None),
    ("together, speed, lines", ["-c", "-concat", "-lineinfo", "-compress-mode", "speed", *USUAL], "x.o",
     USUAL_TARGETS, None),
    ("specific", ["-c", *SPECIFIC], "x.o", ["sm_100f", "sm_120a", "sm_90a"], None),
    ("specific PTX", ["-c", *gencode(("90a", "compute_90a"), ("100f", "compute_100f"))], "x.o",
     ["compute_100f", "compute_90a"], None),
    ("one architecture", ["-c", "-arch=sm_90"], "x.o", ["compute_90", "sm_90"], None),
    ("debug", ["-c", "-G", "-g", *USUAL], "x.o", USUAL_TARGETS, None),
    ("lines", ["-c", "-lineinfo", *USUAL], "x.o", USUAL_TARGETS, None),
    ("relocatable", ["-c", "-rdc=true", *USUAL], "x.o", USUAL_TARGETS, None),
    ("relocatable LTO", ["-c", "-rdc=true", *gencode(("90", "lto_90"), ("120f", "lto_120f"))], "x.o",
     ["lto_120f", "lto_90"], None),
    ("static library", ["-lib", *USUAL], "x.a", USUAL_TARGETS, None),
    ("relocatable static library", ["-lib", "-rdc=true", *USUAL], "x.a", USUAL_TARGETS, None),
    ("shared library", ["-shared", "-Xcompiler", "-fPIC", "-cudart", "none", *USUAL], "x.so", USUAL_TARGETS, None),
    ("program", ["-DWITH_MAIN", "-cudart", "static", *USUAL], "x", USUAL_TARGETS, None),
    ("relocatable program", ["-DWITH_MAIN", "-cudart", "static", "-rdc=true", *USUAL], "x",
     sorted(USUAL_TARGETS + ["sm_120", "sm_80", "sm_90"]), None),
]


def check_build(options, nvcc, folder, build):
    name, flags, output, targets, codecs = build
    libraries = pathlib.Path(nvcc).resolve().parent.parent / "lib"
    target = folder / output
    command = [nvcc, *flags, "-L", str(libraries), "-o", str(target), str(folder / "x.cu")]
    built = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if built.returncode != 0:
        # The wheels of the compiler lack parts (the device runtime, host stubs): said, not hidden.
        print(f"{name:28} not built: {(built.stderr or built.stdout).strip().splitlines()[0][:90]}")
        return None
    entries = [entry for entry in listed(options.list, target, "--exact", "--functions") if entry.function != "no"]
    found = sorted(re.sub(r" \(PTX .*", "", entry.target) for entry in entries)
    stored = {entry.codec for entry in entries if entry.kind != "lto_ir"}
    right = found == targets and (codecs is None or stored <= codecs)
    complaint = "" if right else f": WRONG, asked for {targets} {codecs}"
    print(f"{name:28} {' '.join(found)} ({' '.join(sorted(stored))}){complaint}")
    target.unlink()
    return right


def check_builds(options, cuobjdump):
    nvcc = os.environ.get("VARVE_NVCC") or str(pathlib.Path(cuobjdump).parent / "nvcc")
    if not os.access(nvcc, os.X_OK):
        print("skipped: no nvcc beside cuobjdump, and VARVE_NVCC names none")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "x.cu").write_text(KERNEL)
        results = [check_build(options, nvcc, folder, build) for build in BUILDS]
        (folder / "x.cu").write_text(HOST_ONLY)
        results.append(check_build(options, nvcc, folder, ("no kernel", ["-c", *USUAL], "x.o", [], set())))
    print(f"{results.count(True)} as asked, {results.count(False)} wrong, {results.count(None)} not built")
    if results.count(True) == 0 and results.count(False) == 0:
        return SKIPPED
    return 1 if False in results else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["libraries", "builds"])
    parser.add_argument("--list", required=True, help="the program fatbin_list")
    parser.add_argument("files", nargs="*")
    options = parser.parse_intermixed_args()
    cuobjdump = os.environ.get("VARVE_CUOBJDUMP", "")
    if not cuobjdump or not os.access(cuobjdump, os.X_OK):
        print("skipped: VARVE_CUOBJDUMP does not name NVIDIA's cuobjdump")
        return SKIPPED
    return check_builds(options, cuobjdump) if options.what == "builds" else compare_libraries(options, cuobjdump)


if __name__ == "__main__":
    sys.exit(main())
