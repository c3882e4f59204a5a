#!/usr/bin/env python3
"""Runs the program as a user would and holds what it says against what it promises.

A case is a folder tests/golden/<verb>/<case>/ with
  cmd     the arguments of varve, one shell-quoted line, run inside a scratch copy of the case's folder
          ($HERE is the case, $FIXTURES tests/golden/fixtures); a line "! CMD" before it is executed by bash first; a line
          "$ CMD" is bash instead, with the program as $VARVE
  env     variables the program gets on top of ours, NAME=VALUE a line
  status  the exit status that must come (0 when the file is missing)
  stdout, stderr   the whole text that must come; compared only where the file is there
  json    one assertion a line on the document on stdout: a Python expression over `d`
  absent  one text a line that may be in nothing the program wrote, neither stdout, stderr nor a file

A golden text belongs only where it does not move from run to run; numbers that do are asserted in `json`.
`golden.py PROGRAM CASE --update` rewrites stdout and stderr.
"""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent


def lines(path):
    if not path.exists():
        return []
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def run_case(program, case, scratch):
    environment = dict(os.environ, HERE=str(case), FIXTURES=str(GOLDEN / "fixtures"), VARVE=program, NO_COLOR="1",
                       LC_ALL="C.UTF-8")
    environment.update(line.split("=", 1) for line in lines(case / "env"))
    result = None
    for line in lines(case / "cmd"):
        if line.startswith("! "):
            subprocess.run(["bash", "-c", line[2:]], cwd=scratch, env=environment, check=True, timeout=120)
            continue
        if line.startswith("$ "):
            result = subprocess.run(["bash", "-c", line[2:]], cwd=scratch, env=environment, capture_output=True,
                                    timeout=300, stdin=subprocess.DEVNULL)
            continue
        words = [word.replace("$HERE", str(case)).replace("$FIXTURES", str(GOLDEN / "fixtures"))
                 for word in shlex.split(line)]
        result = subprocess.run([program, *words], cwd=scratch, env=environment, capture_output=True, timeout=300,
                                stdin=subprocess.DEVNULL)
    return result


def check_texts(case, result, update):
    failures = []
    for name, got in (("stdout", result.stdout), ("stderr", result.stderr)):
        wanted = case / name
        if not wanted.exists():
            continue
        if update:
            wanted.write_bytes(got)
        elif wanted.read_bytes() != got:
            failures.append(f"{name} is not what {wanted} says; it is:\n{got.decode(errors='replace')}")
    return failures


def check_document(case, result):
    assertions = lines(case / "json")
    if not assertions:
        return []
    try:
        document = json.loads(result.stdout)
    except ValueError as error:
        return [f"stdout is no JSON: {error}"]
    failures = []
    for assertion in assertions:
        try:
            if not eval(assertion, {"d": document}):
                failures.append(f"does not hold: {assertion}")
        except Exception as error:  # a missing key is a failure with its name, not a crash of the runner
            failures.append(f"{assertion}: {error!r}")
    return failures


def check_absent(case, result, scratch):
    written = {"stdout": result.stdout, "stderr": result.stderr}
    written.update({path.name: path.read_bytes() for path in scratch.rglob("*") if path.is_file()})
    return [f"{text!r} is in {name}" for text in lines(case / "absent")
            for name, content in written.items() if text.encode() in content]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("case", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    case = options.case.resolve()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        if (case / "in").exists():
            shutil.copytree(case / "in", scratch, dirs_exist_ok=True)
        result = run_case(os.path.abspath(options.program), case, scratch)
        status = int((case / "status").read_text()) if (case / "status").exists() else 0
        failures = [] if result.returncode == status else [
            f"exit status {result.returncode}, not {status}; stderr:\n{result.stderr.decode(errors='replace')}"]
        failures += check_texts(case, result, options.update)
        failures += check_document(case, result)
        failures += check_absent(case, result, scratch)
    for failure in failures:
        print(f"{case.name}: {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
