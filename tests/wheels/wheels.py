#!/usr/bin/env python3
"""Compares what Varve reads from the files of real environments with what their packages say when they are imported.

usage: wheels.py VARVE      VARVE_REAL_VENVS names a folder of venvs called venv-…; without it the check is skipped (77)

For every venv: the names, versions and installers of the packages that Varve keeps are those of importlib.metadata;
their requirements on Linux and x86-64 are those that pip's `packaging` finds; the CUDA that a framework was built for is
what the imported framework says; and each package that importlib.metadata knows and data/packages.json lists is there.
"""
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys

SKIPPED = 77
DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "packages.json"

# Runs inside the venv. Each import on its own: one that fails (no driver here) says so and is not compared.
ASK = r"""
import importlib, importlib.metadata, json, sys
out = {"packages": [], "cuda": {}, "failed": {}}
for dist in importlib.metadata.distributions():
    out["packages"].append({"name": dist.metadata["Name"], "version": dist.version,
                            "installer": (dist.read_text("INSTALLER") or "").strip(), "requires": dist.requires or []})
def ask(name, how):
    try:
        out["cuda"][name] = how()
    except ModuleNotFoundError:
        pass
    except Exception as error:
        out["failed"][name] = f"{type(error).__name__}: {error}"[:200]
ask("torch", lambda: importlib.import_module("torch").version.cuda)
ask("onnxruntime-gpu", lambda: importlib.import_module("onnxruntime.capi.build_and_package_info").cuda_version)
ask("tensorflow", lambda: importlib.import_module("tensorflow.python.platform.build_info").build_info["cuda_version"])
ask("cupy", lambda: importlib.import_module("cupy._environment").get_preload_config()["cuda"])
print("ASKED" + json.dumps(out))
"""


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def rows():
    return json.loads(DATA.read_text(encoding="utf-8"))["packages"]


def row_of(name, table):
    return next((row for row in table if fnmatch.fnmatchcase(normal(name), row["name"])), None)


def ask_python(venv):
    found = subprocess.run([str(venv / "bin" / "python"), "-c", ASK], capture_output=True, text=True, timeout=600)
    lines = [line for line in found.stdout.splitlines() if line.startswith("ASKED")]
    if not lines:
        raise RuntimeError(f"{venv.name}: its Python ends with {found.returncode}: {found.stderr[-300:]}")
    return json.loads(lines[0][len("ASKED"):])


def ask_varve(varve, venv):
    found = subprocess.run([varve, "capture", "--env", str(venv), "--json"], capture_output=True, text=True, timeout=300)
    if found.returncode != 0:
        raise RuntimeError(f"{venv.name}: varve ends with {found.returncode}: {found.stderr[-300:]}")
    environments = json.loads(found.stdout).get("environments", [])
    if len(environments) != 1:
        raise RuntimeError(f"{venv.name}: {len(environments)} environments instead of one")
    return environments[0]


def expected_requirements(requires, table):
    """Names and specifiers that apply without an extra, of packages with GPU code."""
    from pip._vendor.packaging.requirements import Requirement
    place = {"platform_system": "Linux", "sys_platform": "linux", "platform_machine": "x86_64", "extra": ""}
    wanted = set()
    for line in requires:
        requirement = Requirement(line)
        row = row_of(requirement.name, table)
        if row is None or row["role"] == "library":
            continue
        if requirement.marker is None or requirement.marker.evaluate(place):
            wanted.add((normal(requirement.name), str(requirement.specifier)))
    return wanted


def same_specifier(text):
    from pip._vendor.packaging.specifiers import SpecifierSet
    return str(SpecifierSet(text))


def compare(venv, environment, asked, table):
    """Yields a sentence for everything that differs."""
    known = {normal(package["name"]): package for package in asked["packages"]}
    kept = {normal(package["name"]): package for package in environment["packages"]}
    for name, package in known.items():
        if row_of(name, table) is not None and name not in kept:
            yield f"{name} {package['version']} is installed, Varve does not show it"
    for name, package in kept.items():
        if name not in known:
            yield f"Varve shows {name}, Python does not know it"
            continue
        theirs = known[name]
        if package["version"] != theirs["version"]:
            yield f"{name}: version {package['version']} instead of {theirs['version']}"
        if package.get("installer", "") != theirs["installer"]:
            yield f"{name}: installer {package.get('installer')} instead of {theirs['installer']}"
        row = row_of(name, table)
        if row["role"] == "library" or row.get("cuda") == "none":
            continue
        shown = {(normal(pin["name"]), same_specifier(pin.get("specifier", ""))) for pin in package.get("requirements", [])}
        missing = expected_requirements(theirs["requires"], table) - shown
        if missing:
            yield f"{name}: requirements not shown: {sorted(missing)}"
        for pin in package.get("requirements", []):
            there = known.get(normal(pin["name"]), {}).get("version", "")
            if pin.get("installed", "") != there:
                yield f"{name}: {pin['name']} is said to be {pin.get('installed')!r} there instead of {there!r}"
    for name, cuda in asked["cuda"].items():
        match = [package for each, package in kept.items() if each == name or each.startswith(name + "-cuda")]
        if not match:
            yield f"{name} can be imported, Varve does not show it"
        elif match[0]["cuda"].get("value") != cuda:
            yield f"{name}: CUDA {match[0]['cuda'].get('value')} instead of {cuda}"


def main():
    folder = os.environ.get("VARVE_REAL_VENVS", "")
    venvs = sorted(path for path in pathlib.Path(folder).glob("venv-*") if (path / "pyvenv.cfg").exists()) if folder else []
    if not venvs:
        print("VARVE_REAL_VENVS is not set, or holds no venv-…: nothing to compare with")
        return SKIPPED
    try:
        import pip._vendor.packaging.requirements  # noqa: F401
    except ImportError:
        print("this Python has no pip, whose packaging library judges the markers")
        return SKIPPED
    table, wrong = rows(), 0
    for venv in venvs:
        asked = ask_python(venv)
        environment = ask_varve(sys.argv[1], venv)
        problems = list(compare(venv, environment, asked, table))
        for problem in problems:
            print(f"{venv.name}: {problem}")
        for name, why in asked["failed"].items():
            print(f"{venv.name}: {name} cannot be imported here, not compared ({why})")
        print(f"{venv.name}: {len(environment['packages'])} packages, CUDA of {len(asked['cuda'])} asked, {len(problems)} differ")
        wrong += len(problems)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
