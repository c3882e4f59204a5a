#!/usr/bin/env python3
"""Builds the fake machines and lets `varve check` judge them.

  cases.py VARVE [FILE…] [--only ID] [--keep DIR] [--quiet] [--without-healthy] [--published FILE]

A healthy machine must have no finding above `note`. A case is a hit when check names its category: strict when the
first finding has it; lenient when any finding above `note` has it or one of the case's other categories. Where none is
above `note`, only the rule that the case names (`note`) counts: some notes nearly every environment gets. An answer is
wrong when something is told above `note` and none of it is of an accepted category; silent when nothing is. Prints them
by difficulty, a third of them, chosen by a hash of the name, apart: whoever writes rules and messages looks at the
others; and the published cases that have no machine, with the reason (left_out.json). Ends with 1 when a healthy
machine alarms, a case is no lenient hit, or a published case is neither built nor left out.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import machines  # noqa: E402


def check(varve, root, log, folder):
    command = [varve, "check", "--root", str(root), "--json"]
    if log:
        path = pathlib.Path(folder) / "log"
        path.write_text("\n".join(log) + "\n")
        command += ["--log", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[:500]}")


def loud(document):
    return [finding for finding in document["findings"] if finding["severity"] != "note"]


def words(finding):
    return f"{finding['severity']} {finding['id']} ({finding['category']}): {finding['evidence'][:200]}"


def machines_of(arguments, folder):
    for path in sorted((HERE / folder).glob("*.json")):
        if arguments.only in path.stem and (not arguments.files or path in arguments.files):
            yield path


def judge_healthy(arguments, folder):
    failed = 0
    for path in machines_of(arguments, "healthy"):
        root = pathlib.Path(folder) / "root"
        machines.build(machines.expand(json.loads(path.read_text())), root)
        found = loud(check(arguments.varve, root, None, folder))
        print(f"healthy  {'silent' if not found else 'ALARM '}  {path.stem}")
        for finding in found:
            print(f"           {words(finding)}")
        failed += bool(found)
    return failed


def judge_case(arguments, case, folder):
    root = pathlib.Path(folder) / "root"
    machines.build(machines.expand(case["machine"]), root)
    document = check(arguments.varve, root, None if arguments.without_logs else case.get("log"), folder)
    found = loud(document)
    accepted = {case["category"], *case.get("alt_category", [])}
    strict = bool(found) and document["findings"][0]["category"] == case["category"]
    lenient = any(finding["category"] in accepted for finding in found)
    if not found:  # what every default installation of its time has is no alarm, only a note
        lenient = any(finding["id"] == case.get("note") and finding["category"] in accepted for finding in document["findings"])
    return strict, lenient, found


def is_held_out(path):
    return int(hashlib.sha256(path.stem.encode()).hexdigest(), 16) % 3 == 0


def print_counts(title, counts):
    print(f"\n{title:42} cases  strict  lenient  wrong  silent")
    for kind, (total, strict, lenient, wrong, silent) in sorted(counts.items()):
        print(f"{kind:42} {total:5} {strict:7} {lenient:8} {wrong:6} {silent:7}")


def judge_cases(arguments, folder):
    counts = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    held_out = collections.defaultdict(lambda: [0, 0, 0, 0, 0])
    missed = 0
    for path in machines_of(arguments, "cases"):
        case = json.loads(path.read_text())
        strict, lenient, found = judge_case(arguments, case, folder)
        kind = case["difficulty"] + ("" if case.get("stands_for") else ", not published")
        with_log = " with a message" if case.get("log") and not arguments.without_logs else " by its files alone"
        rows = [counts[kind]] + ([held_out[kind.split(",")[0] + "," + with_log]] if is_held_out(path) else [])
        for row in rows:
            row[0] += 1
            row[1] += strict
            row[2] += lenient
            row[3] += bool(found) and not lenient
            row[4] += not found and not lenient
        missed += not lenient
        if strict and arguments.quiet:
            continue
        print(f"{case['category']:20} {'strict' if strict else 'lenient' if lenient else 'MISSED'}  {path.stem}")
        for finding in found[:3 if strict else 8]:
            print(f"           {words(finding)}")
    if arguments.files:
        return missed
    print_counts("difficulty", counts)
    print_counts("the held-out third of them", held_out)
    return missed


def published_without_machine(path):
    """Published cases that are neither built nor left out with a reason."""
    built = {number for case in (HERE / "cases").glob("*.json") for number in json.loads(case.read_text()).get("stands_for", [])}
    left_out = json.loads((HERE / "left_out.json").read_text()) if (HERE / "left_out.json").exists() else {}
    for number, reason in left_out.items():
        print(f"left out  {number}: {reason}")
    if path is None:
        return 0
    document = json.loads(pathlib.Path(path).read_text())
    cases = document if isinstance(document, list) else document["cases"]
    missing = [case["id"] for case in cases if case["difficulty"] != "message_only" and case["id"] not in built and case["id"] not in left_out]
    for number in missing:
        print(f"NEITHER BUILT NOR LEFT OUT  {number}")
    return len(missing)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("varve")
    parser.add_argument("files", nargs="*", type=lambda name: pathlib.Path(name).resolve(), help="only these machines")
    parser.add_argument("--only", default="", help="machines whose file name holds this")
    parser.add_argument("--keep", help="build in this folder; the last machine stays there")
    parser.add_argument("--quiet", action="store_true", help="only what is no strict hit")
    parser.add_argument("--without-healthy", action="store_true")
    parser.add_argument("--without-logs", action="store_true", help="what the files alone tell")
    parser.add_argument("--published", help="the file of published cases, to see that none is forgotten")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.keep or made
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        failed = 0 if arguments.without_healthy else judge_healthy(arguments, folder)
        failed += judge_cases(arguments, folder)
    if not arguments.files:
        failed += published_without_machine(arguments.published)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
