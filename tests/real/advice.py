#!/usr/bin/env python3
"""Every line of advice can be followed: its commands are resolved against the package index, with the environment's Python.

  advice.py VARVE [--all]

Without --all two of the Pythons, one old and one new: a minute instead of a quarter of an hour.

Environments are made as folders of metadata alone, one a framework and Python; `varve check ENV --driver D --gpu G
--advise` says what to install in each. Each `pip install` is resolved with `uv pip compile` for that Python (nothing is
downloaded but metadata). Commands for pytorch.org's indexes are resolved against them where they can be reached; where
not, the same versions must be in the package index for that Python, and the line is counted apart.

77 where uv or the package index is missing.
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

PYTHONS = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
MACHINES = [("470", "V100"), ("525", "A100"), ("535", "T4"), ("550", "L40S"), ("570", "V100"), ("580", "P100"), ("580", "H100"), ("595", "RTX 5090")]
# What is in the environment: a distribution, its version, the CUDA that it was built for, and the Pythons that it has
# wheels for. The last one has no framework: what fits a machine is said of all.
FRAMEWORKS = [("torch", "2.15.0", "13.2", PYTHONS[3:]), ("torch", "2.1.2", "12.1", PYTHONS[:4]), ("tensorflow", "2.14.0", "", PYTHONS[1:4]),
              ("jax", "0.8.1", "", PYTHONS[3:]), ("cupy-cuda12x", "13.2.0", "", PYTHONS[1:5]), ("cupy-cuda13x", "14.0.1", "", PYTHONS[2:]),
              ("onnxruntime-gpu", "1.29.0", "", PYTHONS[3:]), ("packaging", "24.0", "", PYTHONS)]


def make_environment(folder, python, name, version, cuda):
    packages = folder / "lib" / f"python{python}" / "site-packages"
    info = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {python}.1\n")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if cuda:
        (packages / "torch").mkdir()
        (packages / "torch" / "version.py").write_text(f"cuda = '{cuda}'\n")


def commands_of(varve, environment, driver, gpu):
    arguments = [varve, "check", str(environment), "--driver", driver, "--gpu", gpu, "--advise", "--json"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    advice = "\n".join(json.loads(done.stdout)["advice"])
    return sorted(set(re.findall(r'pip install (?:"[^"]*"|[a-z][a-z-]*)(?: "[^"]*"| [a-z]+(?=[ .;\n]|$)| --index-url \S+?(?=[.;]?(?:\s|$)))*', advice)))


def resolve(requirements, python, index=None):
    """Nothing when it can be resolved, else the reason in one line."""
    # This interpreter is named, or uv would ask every Python on PATH who it is, each time.
    command = ["uv", "pip", "compile", "-", "--quiet", "--no-header", "--python", sys.executable, "--python-version", python,
               "--only-binary", ":all:"]
    if index:
        command += ["--index-url", index]
    done = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, timeout=300)
    warned = "does not have an extra" in done.stderr
    return None if done.returncode == 0 and not warned else " ".join(done.stderr.split())[:300] or "no answer"


def follow(command, python, reachable):
    words = shlex.split(command)[2:]
    index = None
    if "--index-url" in words:
        at = words.index("--index-url")
        index = words[at + 1]
        words = words[:at] + words[at + 2:]
    host = index.split("/")[2] if index else ""
    if index and host not in reachable:
        reachable[host] = resolve(["torch"], "3.11", index) is None
    if index and reachable[host]:
        return "by its own index", resolve(words, python, index)
    return ("as versions alone" if index else "by the package index"), resolve(words, python)


def advised_commands(varve, pythons):
    """(command, Python) of everything that is advised, each once."""
    advised = {}
    with tempfile.TemporaryDirectory() as made:
        for number, (python, framework) in enumerate((p, f) for f in FRAMEWORKS for p in f[3] if p in pythons):
            environment = pathlib.Path(made) / str(number)
            make_environment(environment, python, *framework[:3])
            for driver, gpu in MACHINES:
                advised.update(((command, python), None) for command in commands_of(varve, environment, driver, gpu))
    return list(advised)


def main():
    varve = str(pathlib.Path(sys.argv[1]).resolve())
    if shutil.which("uv") is None or resolve(["packaging"], "3.11") is not None:
        print("uv or the package index is not here")
        return 77
    pythons = PYTHONS if "--all" in sys.argv[2:] else ["3.10", "3.13"]
    advised = advised_commands(varve, pythons)
    failed, reachable = 0, {}
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(4) as at_once:  # uv waits for the index most of the time
        answers = at_once.map(lambda advice: follow(*advice, reachable), advised)
        for (command, python), (how, problem) in zip(advised, answers):
            counts[how] += 1
            failed += problem is not None
            print(f"{'FAILED  ' if problem else 'resolved'}  Python {python}  {command}" + (f"\n          {problem}" if problem else ""), flush=True)
    print(f"\n{len(advised)} commands, {failed} cannot be followed; " + ", ".join(f"{count} {how}" for how, count in sorted(counts.items())))
    return 1 if failed or len(advised) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
