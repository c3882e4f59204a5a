#!/usr/bin/env python3
"""Every finding id in src/ has its row in data/findings.json or is a rule's, and docs/FINDINGS.md is what the rows say.

usage: findings.py SOURCE [--update]
"""
import json
import pathlib
import re
import sys

AREAS = {"RUN": "## While running", "CMP": "## When comparing", "LOG": "## When checking"}
root = pathlib.Path(sys.argv[1])
page = root / "docs/FINDINGS.md"
rows = json.loads((root / "data/findings.json").read_text())["findings"]


def table(area):
    lines = ["| id | severity | what it says | what to do |", "|---|---|---|---|"]
    lines += [f"| `{row['id']}` | {row['severity']} | {row['says']} | {row['fix']} |"
              for row in rows if row["id"].startswith(f"VRV-{area}-")]
    return "\n".join(lines) + "\n"


def page_of_rows(text):
    for area, heading in AREAS.items():
        before, heading_line, after = re.split(f"^({heading}.*\n)", text, maxsplit=1, flags=re.M)
        after = re.sub(r"(?:^\|.*\n)+", lambda _: table(area), after, count=1, flags=re.M)
        text = before + heading_line + after
    return text


used = {found for path in (root / "src").rglob("*.cc") if not path.stem.endswith("_test")
        for found in re.findall(r'"(VRV-[A-Z]+-[A-Z-]*[A-Z])"', path.read_text())}
rules = {found for path in (root / "docs/rules").glob("*.md")
         for found in re.findall(r"VRV-[A-Z]+-[A-Z-]*[A-Z]", path.read_text())}
known = {row["id"] for row in rows} | rules
wrong = [f"{name} is missing in data/findings.json and docs/rules" for name in sorted(used - known)]
wrong += [f"{name} is told, and nothing finds it" for name in sorted(known - used)]
text = page_of_rows(page.read_text())
if "--update" in sys.argv:
    page.write_text(text)
elif text != page.read_text():
    wrong.append("docs/FINDINGS.md is not what data/findings.json says: give --update")
if wrong:
    print("\n".join(wrong))
sys.exit(1 if wrong or not used else 0)
