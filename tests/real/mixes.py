#!/usr/bin/env python3
"""Holds what Varve says of libraries without loading them against what the loader does with them.

usage: mixes.py VARVE [SET...]
  VARVE_REAL_VENVS  a folder of venvs called venv-…; those that are there are used
  VARVE_REAL_MIXES  a folder of single wheels, one a folder (see WHEELS); what is missing is fetched from the registry
  VARVE_REAL_DRIVERS  a folder with a driver in 550: libcuda for libraries that need it
Without the first two the check is skipped (77). SET: cudnn, cudnn8, nvjitlink, cublas, extensions, intact.

Every library is opened with dlopen(path, RTLD_NOW) in a child with the same LD_LIBRARY_PATH, after the libraries that
the consumer would have loaded before it; Varve's answer is that of `varve capture --coverage --exact`: whether any file
that comes with it lacks a library or a symbol. Every cell must agree.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
WHEELS = {
    "cudnn-9.13": "nvidia-cudnn-cu13==9.13.0.50",
    "cudnn-9.26": "nvidia-cudnn-cu13==9.26.0.51",
    "cudnn-8.5-cu11": "nvidia-cudnn-cu11==8.5.0.96",
    "nvjitlink-12.1": "nvidia-nvjitlink-cu12==12.1.105",
    "nvjitlink-12.4": "nvidia-nvjitlink-cu12==12.4.127",
    "nvjitlink-12.9": "nvidia-nvjitlink-cu12==12.9.86",
    "cusparse-12.5": "nvidia-cusparse-cu12==12.5.4.2",
    "cublas-12.9": "nvidia-cublas-cu12==12.9.1.4",
    "cublas-12.1": "nvidia-cublas-cu12==12.1.3.1",
    "cusolver-11.7": "nvidia-cusolver-cu12==11.7.5.82",
    "cusolver-11.4": "nvidia-cusolver-cu12==11.4.5.107",
    "torchaudio-2.5": "torchaudio==2.5.1",
    "torchaudio-2.1": "torchaudio==2.1.2",
    "torchvision-0.16": "torchvision==0.16.2",
    "torchvision-0.20": "torchvision==0.20.1",
    "xformers-0.0.23": "xformers==0.0.23.post1",
    "vllm-0.2.7": "vllm==0.2.7",
    "sgl-kernel-0.3": "sgl-kernel==0.3.2",
}
EXTENSIONS = [name for name in WHEELS if name.startswith(("torch", "xformers", "vllm", "sgl"))]

# Opens each path of the list in turn and says how it went; all stay open, as they would in the consumer.
OPEN = r"""
import ctypes, os, sys
for path in sys.stdin.read().splitlines():
    print("TRY", path, flush=True)
    try:
        ctypes.CDLL(path, mode=os.RTLD_NOW)
        print("OPEN", path, flush=True)
    except OSError as error:
        print("FAIL", path, "|", str(error).replace("\n", " "), flush=True)
os._exit(0)
"""


def environment(library_path):
    found = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "LD_PRELOAD")}
    if library_path:
        found["LD_LIBRARY_PATH"] = library_path
    return found


def open_really(python, paths, library_path):
    """What the loader does with each: None where it opens, else its message. One that ends the process starts another,
    with what was open before it."""
    answers = {}
    good = []
    left = list(dict.fromkeys(paths))
    while left:
        child = subprocess.run([python, "-c", OPEN], input="\n".join(good + left), capture_output=True, text=True,
                               env=environment(library_path), timeout=900)
        tried = None
        for line in child.stdout.splitlines():
            word, _, rest = line.partition(" ")
            if word == "TRY":
                tried = rest
            elif word == "OPEN":
                answers[rest] = None
            elif word == "FAIL":
                path, _, message = rest.partition(" | ")
                answers[path] = message
        if tried is None:
            raise RuntimeError(f"{python} cannot be started: {child.stderr[-300:]}")
        if tried not in answers:
            answers[tried] = f"the process ended with {child.returncode}: {child.stderr.strip()[-200:]}"
        good = [path for path in good + left if path in answers and answers[path] is None]
        left = [path for path in left if path not in answers]
    return answers


def capture(varve, arguments, library_path):
    done = subprocess.run([varve, "capture", "--coverage", "--exact", "--json", *arguments], capture_output=True,
                          text=True, env=environment(library_path), timeout=900)
    if done.returncode != 0:
        raise RuntimeError(f"varve capture {' '.join(map(str, arguments))}: {done.stderr[-300:]}")
    return json.loads(done.stdout)


def absolute(path):
    return os.path.expanduser(path)


class Verdicts:
    """What a captured consumer says of the libraries that it opens one by one."""

    def __init__(self, stack, consumer):
        self.rows = {row["path"]: row for row in consumer.get("libraries", []) if row.get("path")}
        self.missing = {row["name"] for row in consumer.get("libraries", []) if not row.get("path")}
        self.by_name = {}
        for row in self.rows.values():
            self.by_name.setdefault(row["name"], row["path"])
        self.needed = {}
        for binary in stack.get("binaries", []):
            if binary.get("soname"):
                self.by_name.setdefault(binary["soname"], binary["path"])
            self.needed[binary["path"]] = [d["name"] for d in binary.get("dependencies", []) if d["kind"] == "needed"]
        self.remark = consumer.get("remark", "")

    def roots(self):
        return [row["path"] for row in self.rows.values()
                if row["why"] != "the program" and (not row.get("asked_by") or row["kind"] == "opened")]

    def why_not(self, root):
        """What would keep the loader from opening it; None: nothing."""
        seen, queue = {root}, [root]
        for path in queue:
            row = self.rows.get(path)
            if row and row.get("unresolved_count", 0) > 0:
                first = row["unresolved"][0]
                return f"{os.path.basename(path)}: {first['name'] or 'version'} {first.get('version', '')}".strip()
            for name in self.needed.get(path, []):
                to = self.by_name.get(name)
                if to is None or (to not in self.rows and name in self.missing):
                    if name in self.missing:
                        return f"{os.path.basename(path)}: {name} is not found"
                    continue
                if to in self.rows and to not in seen:
                    seen.add(to)
                    queue.append(to)
        return None


class Table:
    def __init__(self):
        self.cells = []
        self.wrong = []

    def add(self, group, mix, library, said, did):
        agrees = (said is None) == (did is None)
        self.cells.append((group, mix, library, said, did, agrees))
        if not agrees:
            self.wrong.append(f"{group}: {mix}: {library}\n    varve: {said or 'opens'}\n    loader: {did or 'opens'}")

    def print(self):
        groups = collections.OrderedDict()
        for group, mix, library, said, did, agrees in self.cells:
            groups.setdefault((group, mix), []).append((library, said, did, agrees))
        print(f"{'set':<12} {'mix':<58} {'opened':>6} {'fail':>5} {'agree':>6}  libraries that fail")
        for (group, mix), cells in groups.items():
            fails = [library for library, _, did, _ in cells if did is not None]
            agree = sum(1 for cell in cells if cell[3])
            shown = ", ".join(fails[:4]) + (" …" if len(fails) > 4 else "")
            print(f"{group:<12} {mix:<58} {len(cells):>6} {len(fails):>5} {agree:>6}  {shown}")
        agree = sum(1 for cell in self.cells if cell[5])
        print(f"{agree} of {len(self.cells)} cells agree; "
              f"{sum(1 for cell in self.cells if cell[4] is not None)} libraries do not open")


def link_tree(source, target):
    subprocess.run(["cp", "-al", str(source), str(target)], check=True)


def libraries_of(folder):
    return sorted(path for path in folder.iterdir() if ".so" in path.name)


def check_files(table, varve, group, mix, files, library_path=""):
    """Each file on its own, as any program would open it."""
    python = shutil.which("python3")
    stack = capture(varve, [str(path) for path in files], library_path)
    consumers = {absolute(consumer["name"]): consumer for consumer in stack.get("consumers", [])}
    for path in files:
        said = Verdicts(stack, consumers[str(path)]).why_not(str(path))
        did = open_really(python, [str(path)], library_path)[str(path)]
        table.add(group, mix, path.name, said, did)


def swap_cudnn(table, varve, wheels, work):
    folder = pathlib.Path("nvidia/cudnn/lib")
    sets = {name: wheels / name / folder for name in ("cudnn-9.13", "cudnn-9.26")}
    common = sorted({path.name for path in libraries_of(sets["cudnn-9.13"])} &
                    {path.name for path in libraries_of(sets["cudnn-9.26"])})
    for base, other in (("cudnn-9.13", "cudnn-9.26"), ("cudnn-9.26", "cudnn-9.13")):
        for name in common:
            mixed = work / f"{base}-with-{name}" / folder
            mixed.parent.mkdir(parents=True)
            link_tree(sets[base], mixed)
            (mixed / name).unlink()
            os.link(sets[other] / name, mixed / name)
            check_files(table, varve, "cudnn", f"{base}, {name} of {other[6:]}", libraries_of(mixed))


def mix_cublas(table, varve, wheels, work):
    lib = pathlib.Path("nvidia/cublas/lib")
    for base, other in (("cublas-12.9", "cublas-12.1"), ("cublas-12.1", "cublas-12.9")):
        mixed = work / f"{base}-mixed" / lib
        mixed.parent.mkdir(parents=True)
        link_tree(wheels / base / lib, mixed)
        (mixed / "libcublasLt.so.12").unlink()
        os.link(wheels / other / lib / "libcublasLt.so.12", mixed / "libcublasLt.so.12")
        check_files(table, varve, "cublas", f"{base}, libcublasLt of {other[7:]}", libraries_of(mixed))
    for solver in ("cusolver-11.7", "cusolver-11.4"):
        for blas in ("cublas-12.9", "cublas-12.1"):
            for linker in ("nvjitlink-12.9", "nvjitlink-12.1"):
                path = ":".join(str(wheels / part) for part in (
                    f"{blas}/nvidia/cublas/lib", "cusparse-12.5/nvidia/cusparse/lib",
                    f"{linker}/nvidia/nvjitlink/lib"))
                files = libraries_of(wheels / solver / "nvidia/cusolver/lib")
                check_files(table, varve, "cublas", f"{solver}, {blas}, cusparse-12.5, {linker}", files, path)


def mix_nvjitlink(table, varve, wheels, _work):
    files = libraries_of(wheels / "cusparse-12.5/nvidia/cusparse/lib")
    for name in ("nvjitlink-12.1", "nvjitlink-12.4", "nvjitlink-12.9"):
        linker = str(wheels / name / "nvidia/nvjitlink/lib")
        check_files(table, varve, "nvjitlink", f"cusparse-12.5, {name}", files, linker)
    check_files(table, varve, "nvjitlink", "cusparse-12.5 alone", files)


def check_environment(table, varve, group, mix, venv, library_path, only=None):
    """Every library that the packages of an environment open, one after the other in a child of its Python."""
    stack = capture(varve, ["--env", str(venv)], library_path)
    for consumer in stack.get("consumers", []):
        if only and consumer["package"] not in only:
            continue
        verdicts = Verdicts(stack, consumer)
        roots = verdicts.roots()
        if not roots:
            continue
        real = open_really(str(venv / "bin" / "python"), [absolute(path) for path in roots], library_path)
        for path in roots:
            table.add(group, f"{mix}: {consumer['name']}", os.path.basename(path), verdicts.why_not(path),
                      real[absolute(path)])


def site_packages(venv):
    return next((venv / "lib").glob("python3*/site-packages"))


def mix_extensions(table, varve, wheels, work, venvs, driver):
    for venv in ("venv-torch215", "venv-torch212"):
        if not (venvs / venv).is_dir():
            continue
        for extension in EXTENSIONS:
            copy = work / f"{venv}-{extension}"
            link_tree(venvs / venv, copy)
            for part in (wheels / extension).iterdir():
                target = site_packages(copy) / part.name
                if part.is_dir() and not target.exists():
                    link_tree(part, target)
            check_environment(table, varve, "extensions", f"{venv[5:]}", copy, driver, [extension.rpartition("-")[0]])
            shutil.rmtree(copy)


def check_intact(table, varve, venvs, driver):
    for venv in sorted(venvs.glob("venv-*")):
        if (venv / "bin" / "python").exists():
            check_environment(table, varve, "intact", venv.name[5:], venv, driver)


def mix_old_cudnn(table, varve, wheels, venvs, driver):
    if (venvs / "venv-torch212").is_dir():
        path = ":".join(part for part in (str(wheels / "cudnn-8.5-cu11/nvidia/cudnn/lib"), driver) if part)
        check_environment(table, varve, "cudnn8", "cuDNN 8.5 for CUDA 11 first", venvs / "venv-torch212", path)


def fetch(folder):
    tool = shutil.which("uv")
    install = [tool, "pip"] if tool else [sys.executable, "-m", "pip"]
    for name, wheel in WHEELS.items():
        if (folder / name / ".complete").exists():
            continue
        done = subprocess.run([*install, "install", "-q", "--no-deps", "--target", str(folder / name), wheel])
        if done.returncode != 0:
            return f"no {wheel} from the registry"
        (folder / name / ".complete").touch()
    return None


def main():
    varve = os.path.abspath(sys.argv[1])
    sets = sys.argv[2:] or ["cudnn", "cudnn8", "nvjitlink", "cublas", "extensions", "intact"]
    if "VARVE_REAL_VENVS" not in os.environ or "VARVE_REAL_MIXES" not in os.environ:
        print("no real libraries: set VARVE_REAL_VENVS and VARVE_REAL_MIXES")
        return SKIPPED
    venvs = pathlib.Path(os.environ["VARVE_REAL_VENVS"]).resolve()
    wheels = pathlib.Path(os.environ["VARVE_REAL_MIXES"]).resolve()
    lacking = fetch(wheels)
    if lacking:
        print(lacking)
        return SKIPPED
    drivers = pathlib.Path(os.environ.get("VARVE_REAL_DRIVERS", "")) / "550"
    driver = next((str(path.parent.resolve()) for path in sorted(drivers.rglob("libcuda.so.1"))), "")
    table = Table()
    work = pathlib.Path(tempfile.mkdtemp(prefix="work-", dir=wheels))  # beside the wheels: hard links
    try:
        if "cudnn" in sets:
            swap_cudnn(table, varve, wheels, work)
        if "cudnn8" in sets:
            mix_old_cudnn(table, varve, wheels, venvs, driver)
        if "nvjitlink" in sets:
            mix_nvjitlink(table, varve, wheels, work)
        if "cublas" in sets:
            mix_cublas(table, varve, wheels, work)
        if "extensions" in sets:
            mix_extensions(table, varve, wheels, work, venvs, driver)
        if "intact" in sets:
            check_intact(table, varve, venvs, driver)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    table.print()
    for cell in table.wrong:
        print(cell)
    return 1 if table.wrong or not table.cells else 0


if __name__ == "__main__":
    sys.exit(main())
