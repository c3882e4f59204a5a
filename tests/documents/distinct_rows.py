#!/usr/bin/env python3
"""No row of a table in data/ stands twice: a reader would take one of them, and whoever mends the other wonders.

usage: distinct_rows.py SOURCE
"""
import collections
import json
import pathlib
import sys

# What makes a row of a list the row of one thing. A list that is not named here may hold no two equal rows.
KEYS = {
    "cuda_releases.json rows": ["cuda"],
    "dispatch_changes.json rows": ["id"],
    "dispatch_settings.json settings": ["name"],
    "driver_branches.json rows": ["branch"],
    "error_codes.json rows": ["code"],
    "error_patterns.json causes": ["id"],
    "error_patterns.json rows": ["id"],
    "findings.json findings": ["id"],
    "framework_builds.json rows": ["framework", "version", "variant", "platform"],
    "framework_facts.json facts": ["id"],
    "gpu_architectures.json rows": ["capability"],
    "gpu_products.json products": ["product"],
    "kernel_patterns.json schemes": ["regex"],
    "known_issues.json rows": ["id"],
    "libraries.json rows": ["stem"],
    "metric_directions.json directions": ["words"],
    "packages.json packages": ["name"],
}


def without_repeats(pairs):
    """An object of JSON whose fields stand once."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError(f"a field stands twice in {json.dumps(pairs, ensure_ascii=False)[:200]}")
    return fields


def repeated(table, name, rows):
    """A sentence for every row of a list whose key another one has."""
    keys = KEYS.get(f"{table} {name}")
    places = collections.defaultdict(list)
    for key in keys or []:
        if not any(key in row for row in rows):
            yield f"{table}: no row of {name} has {key}"
    for at, row in enumerate(rows):
        told = [row.get(key) for key in keys] if keys and isinstance(row, dict) else row
        places[json.dumps(told, sort_keys=True, ensure_ascii=False)].append(at)
    for told, found in places.items():
        if len(found) > 1:
            where = ", ".join(f"{name}[{at}]" for at in found)
            yield f"{table}: {where}: {' '.join(keys or ['the row'])} {told[:200]} stands {len(found)} times"


def torn_devices(products):
    """A PCI id is one chip: a sentence for each that stands in rows of several capabilities."""
    chips = collections.defaultdict(dict)
    for row in products:
        for device in row.get("pci_ids", []):
            chips[device][row["compute_capability"]] = row["product"]
    for device, told in chips.items():
        if len(told) > 1:
            yield f"gpu_products.json: PCI id {device} is of " + ", of ".join(f"{v} ({k})" for k, v in told.items())


def wrong_in(table, document):
    lists = {name: rows for name, rows in document.items() if isinstance(rows, list) and name != "description"}
    for name, rows in lists.items():
        yield from repeated(table, name, rows)
    if table == "gpu_products.json":
        yield from torn_devices(lists.get("products", []))
    for known in KEYS:
        if known.split()[0] == table and known.split()[1] not in lists:
            yield f"{table}: there is no list {known.split()[1]}, whose rows are to be told apart"


if __name__ == "__main__":
    wrong = []
    for path in sorted((pathlib.Path(sys.argv[1]) / "data").glob("*.json")):
        try:
            wrong += wrong_in(path.name, json.loads(path.read_text(), object_pairs_hook=without_repeats))
        except ValueError as error:
            wrong.append(f"{path.name}: {error}")
    print("\n".join(wrong) or "every row stands once")
    sys.exit(bool(wrong))
