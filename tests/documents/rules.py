#!/usr/bin/env python3
"""docs/rules/ is what the table of rules says: one page for each area, written from `varve explain --list --json`.

usage: rules.py VARVE DOCS_RULES_FOLDER [--update]     without --update it fails where the pages are out of date
"""
import json
import pathlib
import subprocess
import sys

HEAD = "Written from the table of rules by tests/documents/rules.py; do not edit.\n"


def page(area, rules):
    lines = [f"# {area.title()} rules", "", HEAD]
    for rule in rules:
        lines += [f"## {rule['id']}", "", rule["statement"], "",
                  f"- severity: {rule['severity']}",
                  f"- layer: {rule['layer']}",
                  f"- kind of fault: {rule['category']}",
                  f"- who can mend it: {rule['mender']}",
                  f"- needs: {', '.join(rule['needs']) or 'nothing beyond what was captured'}",
                  f"- what follows: {rule['consequence']}",
                  f"- what to do: {rule['fix']}",
                  f"- source: {rule['source']}", ""]
    return "\n".join(lines)


def index(areas):
    lines = ["# Rules of `varve check`", "", HEAD,
             "`varve explain ID` prints the same in a terminal. A rule whose facts are missing is not judged: the check "
             "says which fact, and why.", ""]
    for area, rules in areas.items():
        lines += [f"## [{area.title()}]({area}.md)", "", "| id | severity | what must hold |", "|---|---|---|"]
        lines += [f"| [`{rule['id']}`]({area}.md#{rule['id'].lower()}) | {rule['severity']} | {rule['statement']} |"
                  for rule in rules]
        lines.append("")
    return "\n".join(lines)


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    listed = json.loads(subprocess.run([program, "explain", "--list", "--json"], check=True, capture_output=True).stdout)
    areas = {}
    for rule in listed["rules"]:
        areas.setdefault(rule["area"], []).append(rule)
    wanted = {f"{area}.md": page(area, rules) for area, rules in areas.items()} | {"README.md": index(areas)}
    if "--update" in sys.argv:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.md"):
            old.unlink()
        for name, text in wanted.items():
            (folder / name).write_text(text)
        return
    there = {path.name: path.read_text() for path in folder.glob("*.md")}
    wrong = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    print(f"{len(listed['rules'])} rules in {len(areas)} areas; pages that are out of date: {wrong or 'none'}")
    sys.exit(1 if wrong or not areas else 0)


if __name__ == "__main__":
    main()
