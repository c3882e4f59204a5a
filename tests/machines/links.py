#!/usr/bin/env python3
"""Holds on every fake machine, with and without a log, that the chain, the findings and the exit status say one thing.

  links.py VARVE [--only ID]

One computation gives all three: a finding of severity error breaks a link, a broken link ends with 1 and is named by the
headline, and no link is broken that neither a finding nor a consumer nor the handshake accounts for. Never 1 with all
links sound, and never 0 with a log in which no error is known or whose error is not decided.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import machines  # noqa: E402

ORDER = ["hardware", "os", "kernel_driver", "user_driver", "container", "host_toolkit", "bundled_runtime",
         "kernel_library", "kernels", "settings", "handshake"]
LOGS = {  # beside the case's own: one that many causes stand behind, one that is known for nothing
    "no driver": "RuntimeError: Found no NVIDIA driver on your system.\n",
    "shared memory": "DataLoader worker (pid 1) is killed: insufficient shared memory (shm)\n",
    "nothing": "all is well\n",
}


def link_of(finding):
    layer = finding["layer"]
    if layer == "framework":
        return "kernels" if finding.get("category") == "kernel_coverage" else "bundled_runtime"
    return layer


def problems(document, status, with_log):
    """What does not hold, in words."""
    links = {link["layer"]: link["state"] for link in document["chain"]}
    broken = [layer for layer in links if links[layer] == "broken"]
    errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
    if list(links) != [layer for layer in ORDER if layer in links]:
        yield f"the links are not in order: {list(links)}"
    for finding in errors:
        if links.get(link_of(finding)) != "broken":
            yield f"{finding['id']} is an error, and its link {link_of(finding)} is {links.get(link_of(finding))}"
    if document.get("first_broken") != (broken[0] if broken else None):
        yield f"the headline says {document.get('first_broken')}, the chain {broken}"
    if (status == 1) != bool(broken):
        yield f"it ends with {status}, and {broken or 'no link'} is broken"
    reasons = {link_of(finding) for finding in errors}
    consumers = any(answer["state"] == "broken" for consumer in document["consumers"] for answer in consumer["answers"])
    for layer in broken:
        if layer not in reasons and layer not in ("kernel_driver", "handshake") and not consumers:
            yield f"nothing accounts for the broken link {layer}"
    standings = [error["standing"] for error in document.get("errors", []) if error.get("candidates")]
    if with_log and status == 0 and (not standings or set(standings) & {"undecided", "refuted"}):
        yield f"it ends with 0, and the log tells nothing: {standings}"


def check(varve, root, log, folder):
    path = pathlib.Path(folder) / "log"
    path.write_text(log or "")
    command = [varve, "check", "--root", str(root), "--json"] + (["--log", str(path)] if log is not None else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout), done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("varve")
    parser.add_argument("--only", default="", help="machines whose file name holds this")
    arguments = parser.parse_args()
    failed = judged = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted([*HERE.glob("healthy/*.json"), *HERE.glob("cases/*.json")]):
            if arguments.only not in path.stem:
                continue
            case = json.loads(path.read_text())
            root = pathlib.Path(folder) / "root"
            machines.build(machines.expand(case.get("machine", case)), root)
            logs = {"no log": None, **LOGS}
            if case.get("log"):
                logs["its own log"] = "\n".join(case["log"]) + "\n"
            for name, log in logs.items():
                document, status = check(arguments.varve, root, log, folder)
                judged += 1
                for problem in problems(document, status, log is not None):
                    print(f"{path.stem}, {name}: {problem}")
                    failed += 1
    print(f"{judged} checks, {failed} contradictions")
    sys.exit(1 if failed or judged == 0 else 0)


if __name__ == "__main__":
    main()
