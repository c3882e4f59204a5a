#!/usr/bin/env python3
"""The framework bump for real: examples/attention in two environments, measured in turns and compared.

usage: framework_bump.py VARVE     VARVE_REAL_VENVS names a folder with venv-torch212 and venv-torch215; without: skipped (77)

With a mask PyTorch 2.1.2 takes attention apart and 2.15.0 has one fused kernel: the comparison must name both, explain at
least 90 % of the change by it, close its sums, and call the change one bundle. Without a mask both take the fused kernel:
nothing may be called replaced. Speeds are printed and not asserted: a shared machine may be too noisy to call one.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "attention" / "attention.py"
PAIRS = os.environ.get("VARVE_BUMP_PAIRS", "6")
EXCHANGED = {"replaced", "appeared", "vanished"}


def compared(varve, pythons, arguments, folder):
    document = str(pathlib.Path(folder) / "run.json")
    # PyTorch opens its own window up to a second late: so many steps that it falls among them on a fast machine too.
    command = [str(SCRIPT), "--steps", "15", "--warmup", "1", *arguments]
    ran = subprocess.run([varve, "run", "--units", PAIRS, "--warmup", "1", "-o", document, "--", pythons[0], *command,
                          "--against", "--", pythons[1], *command], capture_output=True, text=True, timeout=1500)
    if ran.returncode != 0:
        raise RuntimeError(f"varve run ends with {ran.returncode}: {ran.stderr[-500:]}")
    answer = subprocess.run([varve, "compare", document, "--json"], capture_output=True, text=True, timeout=60)
    text = subprocess.run([varve, "compare", document], capture_output=True, text=True, timeout=60).stdout
    return json.loads(answer.stdout), text


def open_sums(account):
    """Sentences about sums that do not close; of a real document to a nanosecond a unit."""
    rows = account["rows"]
    for side in ("a_seconds", "b_seconds"):
        total = sum(row[side] for row in rows)
        if abs(total - account[side]) > 1e-6:
            yield f"{side}: rows sum to {total}, the whole is {account[side]}"
        for row in rows:
            parts = row.get("parts", [])
            if parts and abs(sum(part[side] for part in parts) - row[side]) > 1e-6:
                yield f"{side}: the parts of {row['label']} do not sum to it"


def faults_of_the_bump(comparison, text):
    account = comparison["accounts"][0]
    yield from open_sums(account)
    attention = [row for row in account["rows"] if row["label"] == "aten::scaled_dot_product_attention"]
    if not attention or attention[0]["state"] != "replaced":
        yield f"attention is not called replaced: {[row['state'] for row in attention]}"
        return
    detail = attention[0].get("detail", "")
    before, _, after = detail.partition(" → ")  # as a recorder saw it; on a busy machine its window may show one side only
    if not any(name in before for name in ("_math", "softmax", "expf")) or "flash_attention" not in after:
        yield f"the replaced attention is not named on both sides: {detail!r}"
    explained = sum(row["change"]["value"] for row in account["rows"] if row["state"] not in {"remainder", "unseen"})
    share = explained / account["total"]["value"]
    if share < 0.9:
        yield f"{share:.0%} of the change is explained"
    print(f"attention: {attention[0]['change']['value'] / account['total']['value']:.0%} of the change of CPU time, "
          f"{detail}; all rows {share:.0%}")
    if not comparison["change"].startswith("torch 2.1.2 → 2.15.0 and what came with it"):
        yield f"the change is called {comparison['change']!r}"
    if len(comparison["bundles"]) != 1 or not comparison["bundles"][0]["under_test"]:
        yield "the bundle is not what is under test"
    if comparison["control"] not in {"controlled", "controlled_with_gaps"}:
        yield f"the comparison is {comparison['control']}"
    if len(text.splitlines()) > 60:
        yield f"the answer takes {len(text.splitlines())} lines"


def faults_of_the_null(comparison):
    account = comparison["accounts"][0]
    yield from open_sums(account)
    for row in account["rows"]:
        if row["state"] in EXCHANGED:
            yield f"{row['label']} is called {row['state']}"


def main():
    folder = pathlib.Path(os.environ.get("VARVE_REAL_VENVS", "/nonexistent"))
    pythons = [str(folder / name / "bin" / "python") for name in ("venv-torch212", "venv-torch215")]
    if not all(os.path.exists(python) for python in pythons):
        print("VARVE_REAL_VENVS names no folder with venv-torch212 and venv-torch215")
        return SKIPPED
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, arguments, judge in (("with a mask", ["--mask"], lambda *answer: faults_of_the_bump(*answer)),
                                       ("without", ["--no-mask"], lambda comparison, _: faults_of_the_null(comparison))):
            comparison, text = compared(sys.argv[1], pythons, arguments, scratch)
            print(f"{name}: {comparison['verdict']}")
            for fault in judge(comparison, text):
                print(f"{name}: {fault}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
