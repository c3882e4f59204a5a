#!/usr/bin/env python3
"""Real toolkits, and what a shell then runs: `toolkit list`, `env` and `use` against nvcc's own words.

    toolkits.py VARVE [--keep DIR]      DIR keeps what was fetched

Made here: three toolkits of NVIDIA's wheels (13.0, 13.2 and the newest 13), each in a venv as pip leaves it and, copied,
in a folder as NVIDIA's installer leaves it (cuda-13.0, lib64), one of them under a name with a blank and a quote; the wheel
of 12.9, which has ptxas and no nvcc; and Debian's toolkit, unpacked as a root, where the archive has it. Witnesses are
programs alone: `command -v nvcc`, `nvcc --version`, a kernel compiled by it (nvcc itself cannot where its path has a quote),
the runtime that this program then has, and the variables of the shell before and after. Each shell that is here is asked
(bash, dash, zsh, fish). Prints a row a cell; exits 1 when one disagrees, 77 when no toolkit can be had.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WHEELS = ("nvidia-cuda-nvcc", "nvidia-cuda-runtime", "nvidia-nvvm", "nvidia-cuda-crt", "nvidia-cuda-cccl")
RELEASES = ("13.0", "13.2", "13")
PROGRAM = """
#include <cstdio>
#include <cuda_runtime.h>
__global__ void fill(int* x) { *x = 1; }
int main() { int version = 0; cudaRuntimeGetVersion(&version); std::printf("runtime %d\\n", version); return 0; }
"""
# What every shell is asked after the commands of `env` were evaluated.
ASK = 'command -v nvcc; echo "home=$CUDA_HOME"; echo "path=$PATH"; echo "libraries=$LD_LIBRARY_PATH"'
EVALUATE = {"bash": 'eval "$({env})"', "dash": 'eval "$({env})"', "zsh": 'eval "$({env})"', "fish": "{env} --shell fish | source"}
ASK_FISH = 'command -v nvcc; echo "home=$CUDA_HOME"; echo "path="(string join : $PATH); echo "libraries="(string join : $LD_LIBRARY_PATH)'


def run(command, variables=None, folder=None, timeout=600):
    return subprocess.run(command, env=variables, cwd=folder, text=True, capture_output=True, timeout=timeout)


def plain_variables(**more):
    """Those of a shell in which nothing names a toolkit."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/"), **more}


def quoted(text):
    return "'" + str(text).replace("'", "'\\''") + "'"


class Rows:
    """A row a question; what disagrees is counted."""

    def __init__(self):
        self.cells, self.wrong = 0, 0
        print("| toolkit | asked | expected | met |\n|---|---|---|---|")

    def add(self, toolkit, asked, expected, met):
        agree = expected == met
        self.cells, self.wrong = self.cells + 1, self.wrong + (not agree)
        print(f"| {toolkit} | {asked} | {expected} | {met if agree else f'{met} **wrong**'} |", flush=True)


class Toolkit:
    """A folder with bin/nvcc, and the release that its nvcc says."""

    def __init__(self, name, folder):
        self.name, self.folder = name, Path(folder)
        self.nvcc = self.folder / "bin" / "nvcc"
        said = run([str(self.nvcc), "--version"], plain_variables()).stdout
        found = re.search(r"V(\d+\.\d+\.\d+)", said)
        self.version = found.group(1) if found else ""

    @property
    def release(self):
        return ".".join(self.version.split(".")[:2])


def install(python, release, venv):
    """A toolkit of wheels; None: the registry has none of this release."""
    if run([python, "-m", "venv", str(venv)]).returncode != 0:
        return None
    wanted = [f"{name}=={release}.*" for name in WHEELS]
    done = run([str(venv / "bin" / "pip"), "install", "--quiet", "--no-deps", "--disable-pip-version-check", *wanted], timeout=1200)
    found = sorted(venv.glob("lib/python*/site-packages/nvidia/cu13"))
    return found[0] if done.returncode == 0 and found and (found[0] / "bin" / "nvcc").exists() else None


def as_installed(wheel, folder):
    """The same files as NVIDIA's installer lays them out: libraries in lib64, with the names that linkers look for."""
    shutil.copytree(wheel, folder, symlinks=True)
    (folder / "lib").rename(folder / "lib64")
    (folder / "lib").symlink_to("lib64")  # where nvcc of 13.2 looks; that of 13.0 looks in lib64
    for library in (folder / "lib64").glob("lib*.so.*"):
        link = folder / "lib64" / (library.name.split(".so")[0] + ".so")
        if not link.exists():
            link.symlink_to(library.name)
    return folder


def debian_root(work):
    """Debian's toolkit, unpacked, with the headers of its package for developers; None: no archive has it."""
    root = work / "root"
    if (root / "usr/bin/nvcc").exists():
        return root
    sources = [path.read_text() for path in Path("/etc/apt/sources.list.d").glob("*.sources")]
    archive = re.search(r"^URIs: *(\S+)", "\n".join(sources), re.M)
    keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not archive or not keyring.exists() or shutil.which("apt-get") is None:
        return None
    (work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "list").write_text(f"deb [signed-by={keyring}] {archive.group(1)} bookworm main contrib non-free\n")
    options = ["-o", f"Dir::Etc::SourceList={work}/list", "-o", "Dir::Etc::SourceParts=/dev/null", "-o",
               f"Dir::State::lists={work}/lists", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o",
               "APT::Sandbox::User=root"]
    run(["apt-get", *options, "-qq", "update"])
    root.mkdir()
    for package, members in (("nvidia-cuda-toolkit", []), ("libcudart11.0", []),
                             ("nvidia-cuda-dev", ["./usr/include/cuda*", "./usr/lib/x86_64-linux-gnu/libcudart*"])):
        run(["apt-get", *options, "-qq", "download", package], folder=work, timeout=1800)
        for file in work.glob(f"{package}_*.deb"):
            take = "tar -x --wildcards -C " + quoted(root) + "".join(" " + quoted(member) for member in members)
            run(["bash", "-c", f"dpkg-deb --fsys-tarfile {quoted(file)} | {take}"])
            file.unlink()
    return root if (root / "usr/bin/nvcc").exists() else None


def listed(varve, variables, *more):
    return json.loads(run([varve, "toolkit", "list", "--json", *more], variables).stdout)


def shells():
    return [shell for shell in EVALUATE if shutil.which(shell)]


def in_shell(shell, commands):
    return run([shutil.which(shell), "-c", "\n".join(commands)], plain_variables())


def answers_of(done):
    """What ASK printed: the nvcc that is found, and the variables."""
    lines = done.stdout.splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("/"))
    return (lines[0] if lines and lines[0].startswith("/") else ""), pairs


def judge_list(rows, varve, toolkits):
    """Each by itself: the version that its nvcc says, nothing lacking."""
    for toolkit in toolkits:
        row = listed(varve, plain_variables(CUDA_HOME=str(toolkit.folder)))
        found = [one for one in row["toolkits"] if one["path"] == str(toolkit.folder)]
        rows.add(toolkit.name, "list", f"{toolkit.version}, complete",
                 f"{found[0]['nvcc']}, {'complete' if found[0]['complete'] else 'lacks ' + ', '.join(found[0]['lacks'])}"
                 if found else "not there")
        active = row["active"]
        rows.add(toolkit.name, "active by CUDA_HOME", str(toolkit.folder), active["path"] if isinstance(active, dict) else active)


def judge_env(rows, varve, toolkits, work):
    source = work / "fill.cu"
    source.write_text(PROGRAM)
    for at, toolkit in enumerate(toolkits):
        other = toolkits[(at + 1) % len(toolkits)]
        command = f"{quoted(varve)} toolkit env {quoted(toolkit.folder)}"
        before = f"{quoted(varve)} toolkit env {quoted(other.folder)}"
        for shell in shells():
            ask = ASK_FISH if shell == "fish" else ASK
            done = in_shell(shell, [EVALUATE[shell].format(env=before), EVALUATE[shell].format(env=command), ask,
                                    "nvcc --version"])
            nvcc, pairs = answers_of(done)
            rows.add(toolkit.name, f"env in {shell}: nvcc", str(toolkit.nvcc), nvcc)
            rows.add(toolkit.name, f"env in {shell}: its version", True, f"V{toolkit.version}" in done.stdout)
            rows.add(toolkit.name, f"env in {shell}: CUDA_HOME", str(toolkit.folder), pairs.get("home"))
            rows.add(toolkit.name, f"env in {shell}: what is left of {other.name}", False,
                     str(other.folder) in pairs.get("path", "").split(":") + pairs.get("libraries", "").split(":") or
                     f"{other.folder}/bin" in pairs.get("path", "").split(":"))
        if "'" not in str(toolkit.folder):
            judge_program(rows, varve, toolkit, command, source)
        undo = [f"undo=\"$({command} --undo)\"", "before=\"$(env | grep -v ^_= | sort)\"", EVALUATE["bash"].format(env=command),
                "eval \"$undo\"", "unset undo", "after=\"$(env | grep -v ^_= | sort)\"", "[ \"$before\" = \"$after\" ] && echo same"]
        rows.add(toolkit.name, "env --undo", "same", in_shell("bash", undo).stdout.strip())


def judge_program(rows, varve, toolkit, command, source):
    """What is compiled in that shell: with the static runtime, and with the shared one where a linker finds it."""
    major, minor = toolkit.release.split(".")
    shared = any((toolkit.folder / folder / "libcudart.so").exists() for folder in ("lib", "lib64"))
    for runtime in ["static", "shared"] if shared else ["static"]:
        program = source.with_name(f"fill-{toolkit.name.replace(' ', '-')}-{runtime}")
        build = f"nvcc -arch=sm_90 -cudart {runtime} {quoted(source)} -o {quoted(program)}"
        done = in_shell("bash", [EVALUATE["bash"].format(env=command), build, quoted(program)])
        said = (done.stdout + done.stderr).strip().splitlines()
        rows.add(toolkit.name, f"env: compiled with the {runtime} runtime, and run",
                 f"runtime {int(major) * 1000 + int(minor) * 10}", said[-1][:120] if said else "")


def judge_use(rows, varve, toolkits, work):
    """The link of everybody, from each toolkit to the next."""
    link = work / "local" / "cuda"
    link.parent.mkdir()
    for toolkit in toolkits + toolkits[:1]:
        done = run([varve, "toolkit", "use", str(toolkit.folder), "--link", str(link)], plain_variables())
        said = run([str(link / "bin" / "nvcc"), "--version"], plain_variables()).stdout if done.returncode == 0 else done.stderr
        rows.add(toolkit.name, "use: what LINK/bin/nvcc says", True, f"V{toolkit.version}" in said)
        shell = run(["bash", "-c", "command -v nvcc && nvcc --version"], plain_variables(PATH=f"{link}/bin:/usr/bin:/bin"))
        rows.add(toolkit.name, "use: what a shell then runs", True, f"V{toolkit.version}" in shell.stdout)
        leftovers = [path.name for path in link.parent.iterdir() if path.name != "cuda"]
        rows.add(toolkit.name, "use: what is left beside the link", [], leftovers)


def judge_half(rows, varve, python, work):
    """The wheel of 12.9 has ptxas and cannot compile: told, and refused."""
    venv = work / "venv-half"
    run([python, "-m", "venv", str(venv)])
    done = run([str(venv / "bin" / "pip"), "install", "--quiet", "--no-deps", "--disable-pip-version-check",
                "nvidia-cuda-nvcc-cu12==12.9.*"], timeout=600)
    if done.returncode != 0:
        return
    found = [one for one in listed(varve, plain_variables(VIRTUAL_ENV=str(venv)))["toolkits"] if one["kind"] == "wheels"]
    programs = sorted(path.name for path in venv.glob("lib/python*/site-packages/nvidia/cuda_nvcc/bin/*"))
    rows.add("wheel of 12.9", "list: nvcc is lacking", "nvcc" not in programs, bool(found) and "nvcc" in found[0]["lacks"])
    rows.add("wheel of 12.9", "list: ptxas is lacking", "ptxas" not in programs, bool(found) and "ptxas" in found[0]["lacks"])
    used = run([varve, "toolkit", "use", str(venv), "--link", str(work / "half")], plain_variables())
    rows.add("wheel of 12.9", "use is refused", True, used.returncode != 0 and not (work / "half").exists())


def judge_debian(rows, varve, root):
    """Files are read; its nvcc is run in the unpacked tree."""
    script = root / "usr/lib/nvidia-cuda-toolkit/bin/nvcc"
    said = run([str(script), "--version"], plain_variables()).stdout if script.exists() else ""
    version = re.search(r"V(\d+\.\d+\.\d+)", said)
    found = listed(varve, plain_variables(), "--root", str(root))["toolkits"]
    rows.add("Debian's", "list --root: nvcc", version.group(1) if version else "", found[0]["nvcc"] if found else "not there")
    rows.add("Debian's", "list --root: ptxas is lacking", not (root / "usr/bin/ptxas").exists(), bool(found) and "ptxas" in found[0]["lacks"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("varve")
    parser.add_argument("--keep", default="", help="a folder that keeps what was fetched")
    options = parser.parse_args()
    varve, python = str(Path(options.varve).resolve()), sys.executable
    work = Path(tempfile.mkdtemp(prefix="toolkits-")).resolve()
    kept = Path(options.keep).resolve() if options.keep else work
    kept.mkdir(parents=True, exist_ok=True)
    try:
        toolkits = []
        for release in RELEASES:
            venv = kept / f"venv-{release}"
            present = sorted(venv.glob("lib/python*/site-packages/nvidia/cu13"))
            wheel = present[0] if present else install(python, release, venv)
            if wheel is None:
                continue
            toolkits.append(Toolkit(f"wheels {release}", wheel))
            name = "it's cuda 13" if release == "13" else f"cuda-{release}"
            toolkits.append(Toolkit(f"folder {name}", as_installed(wheel, work / name)))
        if not toolkits:
            print("no toolkit can be had from the package registry")
            return 77
        rows = Rows()
        judge_list(rows, varve, toolkits)
        judge_env(rows, varve, toolkits, work)
        judge_use(rows, varve, toolkits, work)
        judge_half(rows, varve, python, work)
        root = debian_root(kept / "debian")
        if root is not None:
            judge_debian(rows, varve, root)
        else:
            print("Debian's toolkit cannot be had")
        print(f"{rows.cells} cells, {rows.wrong} disagree")
        return 1 if rows.wrong else 0
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
