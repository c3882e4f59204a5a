#!/usr/bin/env python3
"""What `varve check --pid N` says of living processes, against their own words.

    live.py VARVE [NAME…]    NAME: small, torch212, torch215; all without one
    VARVE_REAL_DRIVERS: a folder with 470, 525, 535, 550; VARVE_REAL_VENVS: one with venv-NAME

Programs: torch as it is installed, and a small one in C that is linked with a shared or a static CUDA runtime. Each says
which runtime it has (cudaRuntimeGetVersion) and what that answers (cudaGetDeviceCount: 35 the driver is too old, 100 no
device), and then waits while its libraries are replaced and removed beneath it, it lives in another root, or belongs to
another user. Needs root for the last two. Exits 1 when a cell disagrees, 77 when there is nothing to compare.
"""
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NONE, OLD, REACHES = "no driver", "driver too old", "reaches device enumeration"
GONE = "VRV-LIBRARY-GONE-BENEATH"
NOBODY = "nobody"

C_PROGRAM = r"""
#include <stdio.h>
int cudaRuntimeGetVersion(int*), cudaDriverGetVersion(int*), cudaGetDeviceCount(int*);
int main(void) {
  char line[16];
  do {
    int runtime = 0, driver = 0, count = 0;
    cudaRuntimeGetVersion(&runtime);
    cudaDriverGetVersion(&driver);
    printf("%d %d %d\n", runtime, driver, cudaGetDeviceCount(&count));
    fflush(stdout);
  } while (fgets(line, sizeof line, stdin));
  return 0;
}
"""
TORCH_PROGRAM = """
import ctypes, sys, torch
path = next(line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if "libcudart" in line)
runtime = ctypes.CDLL(path)
while True:
    values = [ctypes.c_int(), ctypes.c_int(), ctypes.c_int()]
    runtime.cudaRuntimeGetVersion(ctypes.byref(values[0]))
    runtime.cudaDriverGetVersion(ctypes.byref(values[1]))
    answer = runtime.cudaGetDeviceCount(ctypes.byref(values[2]))
    print(values[0].value, values[1].value, answer, flush=True)
    if not sys.stdin.readline():
        break
"""


class Living:
    """A process that says its own words when it is asked."""

    def __init__(self, command, driver, user=None, root=None):
        variables = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        if driver:
            variables["LD_LIBRARY_PATH"] = driver

        def become():
            if root:
                os.chroot(root)
                os.chdir("/")
            if user:
                entry = pwd.getpwnam(user)
                os.setgroups([])
                os.setgid(entry.pw_gid)
                os.setuid(entry.pw_uid)

        self.process = subprocess.Popen(command, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, preexec_fn=become)
        self.words = self.read()

    def read(self):
        return [int(word) for word in self.process.stdout.readline().split()]

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.words = self.read()

    def runtime(self):
        return f"{self.words[0] // 1000}.{self.words[0] % 1000 // 10}"

    def outcome(self):
        if self.words[2] == 35:
            return NONE if self.words[1] == 0 else OLD
        # 304: a driver that serves the runtime misses something of the system around it (a root without /proc).
        return REACHES if self.words[2] in (100, 304) else f"answer {self.words[2]}"

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def check(varve, pid, user=None, empty=None):
    """The JSON of varve check --pid, and the text that people read; `user`: who asks; `empty`: a folder without a driver.

    A machine without a GPU is no machine that lacks a driver, so that has to be supposed.
    """
    command = [varve, "check", "--pid", str(pid), "--no-handshake", "--no-cache"]
    command += ["--driver-root", empty] if empty else []

    def become():
        if user:
            entry = pwd.getpwnam(user)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)

    document = subprocess.run(command + ["--json"], text=True, capture_output=True, timeout=600, preexec_fn=become)
    text = subprocess.run(command, text=True, capture_output=True, timeout=600, preexec_fn=become)
    return (json.loads(document.stdout) if document.stdout else {}), text.stdout + text.stderr


class Table:
    def __init__(self, varve, empty):
        self.varve, self.empty, self.cells, self.wrong = varve, empty, 0, 0
        print("| program | driver | state | its own words | Varve | |\n|---|---|---|---|---|---|")

    def row(self, program, driver, state, own, said, agrees):
        self.cells += 1
        self.wrong += not agrees
        print(f"| {program} | {driver} | {state} | {own} | {said} | {'agrees' if agrees else 'DISAGREES'} |", flush=True)

    def compare(self, program, driver, state, living, changed=False, user=None, by_name=False):
        """`by_name`: the runtime's file cannot be read, so that its name is all there is."""
        document, text = check(self.varve, living.process.pid, user, self.empty if driver == "none" else None)
        verdict = next((c for c in document.get("consumers", []) if c["kind"] == "process"), {})
        detail = next((a["detail"] for a in verdict.get("answers", []) if a["question"] == "driver"), "")
        found = re.search(r"runtime ([\d.]+) ", detail)
        runtime = found.group(1) if found else "none"
        told = any(finding["id"] == GONE for finding in document.get("findings", []))
        own = living.runtime()
        right = runtime == own or (by_name and own.startswith(runtime + "."))
        agrees = right and verdict.get("outcome") == living.outcome() and told == changed and "no CUDA" not in text
        self.row(program, driver, state, f"{own}, {living.outcome()}",
                 f"{runtime}, {verdict.get('outcome')}" + (", told that files are gone" if told else ""), agrees)

    def denied(self, program, driver, living, user):
        document, text = check(self.varve, living.process.pid, user)
        link = next((link for link in document.get("chain", []) if link["layer"] == "bundled_runtime"), {})
        agrees = link.get("state") == "cannot tell" and "no CUDA" not in text
        self.row(program, driver, f"asked about by {user}", f"{living.runtime()}, {living.outcome()}",
                 link.get("state", "no document"), agrees)


def replace(path, other):
    """As an installer does it: the new file under another name, then in the old one's place."""
    copy = path.with_name(path.name + ".new")
    shutil.copy(other, copy)
    os.replace(copy, path)


def torch_rows(table, venvs, name, drivers, scratch):
    source = Path(venvs, f"venv-{name}")
    runtimes = sorted(source.glob("lib/python*/site-packages/nvidia/*/lib/libcudart.so.*"))
    if not runtimes:
        return
    others = [path for path in sorted(Path(venvs).glob(f"venv-*/lib/python*/site-packages/nvidia/*/lib/{runtimes[0].name}"))
              if path.stat().st_size != runtimes[0].stat().st_size]
    for branch, folder in drivers.items():
        copy = Path(scratch, f"{name}-{branch}")
        subprocess.run(["cp", "-al", source, copy], check=True)
        runtime = copy / runtimes[0].relative_to(source)
        living = Living([str(copy / "bin" / "python"), "-W", "ignore", "-c", TORCH_PROGRAM], folder)
        table.compare(name, branch, "as it started", living)
        replace(runtime, others[0] if others else runtimes[0])
        living.ask()
        table.compare(name, branch, "libcudart replaced", living, changed=True)
        runtime.unlink()
        living.ask()
        table.compare(name, branch, "libcudart removed", living, changed=True)
        living.end()
        shutil.rmtree(copy)


def small_programs(venvs, folder):
    """The C program with each release of the runtime that the environments have, shared and static."""
    source = Path(folder, "own.c")
    source.write_text(C_PROGRAM)
    programs, seen = [], set()
    for archive in sorted(Path(venvs).glob("venv-*/lib/python*/site-packages/nvidia/*/lib/libcudart_static.a")):
        shared = sorted(archive.parent.glob("libcudart.so.*"))
        if not shared or archive.stat().st_size in seen:
            continue
        seen.add(archive.stat().st_size)
        home = Path(folder, f"runtime{len(seen)}")
        home.mkdir()
        shutil.copy(shared[0], home / shared[0].name)
        for kind, linked in (("static", [str(archive), "-ldl", "-lpthread", "-lrt"]),
                             ("shared", [str(home / shared[0].name), f"-Wl,-rpath,{home}"])):
            program = home / kind
            done = subprocess.run(["gcc", str(source), "-o", str(program)] + linked, capture_output=True)
            if done.returncode == 0:
                programs.append((kind, program, home / shared[0].name))
    return programs


def jail_of(program, runtime, driver, folder):
    """A root of its own: the program, what it needs, and a driver."""
    needed = subprocess.run(["ldd", str(program)], text=True, capture_output=True).stdout
    # What the driver and a static runtime open or need besides.
    paths = set(re.findall(r"(/\S+) \(0x", needed)) | {f"/lib/x86_64-linux-gnu/lib{name}" for name in
                                                       ("dl.so.2", "pthread.so.0", "rt.so.1", "m.so.6")}
    for path in paths | {str(program), str(runtime)}:
        if Path(path).exists():
            Path(folder + path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder + path)
    shutil.copytree(driver, folder + "/driver", symlinks=True)


def small_rows(table, programs, drivers, scratch):
    for kind, program, runtime in programs:
        for branch, folder in drivers.items():
            living = Living([str(program)], folder)
            name = f"C, {kind} {living.runtime()}"
            table.compare(name, branch, "as it started", living)
            living.end()
            if os.geteuid() != 0 or folder is None:
                continue
            living = Living([str(program)], folder, user=NOBODY)
            table.compare(name, branch, f"of the user {NOBODY}", living)
            table.compare(name, branch, f"of {NOBODY}, asked about by {NOBODY}", living, user=NOBODY)
            living.end()
            living = Living([str(program)], folder)
            table.denied(name, branch, living, NOBODY)
            living.end()
            jail = tempfile.mkdtemp(dir=scratch)
            jail_of(program, runtime, folder, jail)
            living = Living([str(program)], "/driver", root=jail)
            table.compare(name, branch, "in a root of its own", living)
            living.end()
        if kind == "shared" and os.geteuid() == 0:
            branch, folder = list(drivers.items())[-1]
            living = Living([str(program)], folder, user=NOBODY)
            runtime.unlink()
            table.compare(f"C, {kind} {living.runtime()}", branch, f"removed, asked about by {NOBODY}", living, changed=True,
                          user=NOBODY, by_name=True)
            living.end()


def main():
    varve = shutil.which(sys.argv[1]) or sys.argv[1]
    driver_root, venvs = os.environ.get("VARVE_REAL_DRIVERS", ""), os.environ.get("VARVE_REAL_VENVS", "")
    if not driver_root or not venvs:
        print("set VARVE_REAL_DRIVERS and VARVE_REAL_VENVS")
        return 77
    drivers = {"none": None}
    for branch in ("525", "535", "550"):
        found = sorted(Path(driver_root, branch).rglob("libcuda.so.1"))
        if found:
            drivers[branch] = str(found[0].parent)
    # Beside the environments, so that files can be shared with them instead of copied; open to the other user.
    with tempfile.TemporaryDirectory(dir=str(Path(venvs).resolve().parent), prefix="live-") as scratch:
        os.chmod(scratch, 0o755)
        tool = Path(scratch, "varve")
        shutil.copy(varve, tool)
        for branch, folder in list(drivers.items()):
            if folder is not None:
                drivers[branch] = str(shutil.copytree(folder, Path(scratch, f"driver{branch}"), symlinks=True))
        empty = Path(scratch, "empty")
        empty.mkdir()
        table = Table(str(tool), str(empty))
        wanted = sys.argv[2:] or ["small", "torch212", "torch215"]
        if "small" in wanted:
            small_rows(table, small_programs(venvs, scratch), drivers, scratch)
        few = {branch: drivers[branch] for branch in ("none", "535", "550") if branch in drivers}
        for name in ("torch212", "torch215"):
            if name in wanted:
                torch_rows(table, venvs, name, few, scratch)
    print(f"\n{table.cells} cells, {table.cells - table.wrong} agree")
    if table.cells == 0:
        return 77
    return 1 if table.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
