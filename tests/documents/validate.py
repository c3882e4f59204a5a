#!/usr/bin/env python3
"""Checks documents against a JSON Schema 2020-12, offline.

usage: validate.py SCHEMA [DOC...]      a DOC "-" is stdin

References between the schemas that stand beside SCHEMA are resolved by their $id or file name; nothing is fetched.
Without a DOC, only SCHEMA itself is checked. Exit status: 0 valid, 1 not valid, 2 usage or unreadable, 77 (skip)
without the Python module jsonschema.
"""
import datetime
import json
import os
import pathlib
import re
import sys

SKIP = 77
SYSTEM_PYTHON = "/usr/bin/python3"

try:
    import jsonschema
except ImportError:
    # python3-jsonschema of Debian and Ubuntu belongs to the system's Python, which need not be first on PATH.
    if os.path.exists(SYSTEM_PYTHON) and os.environ.get("VARVE_VALIDATE_AGAIN") != "1":
        os.environ["VARVE_VALIDATE_AGAIN"] = "1"
        os.execv(SYSTEM_PYTHON, [SYSTEM_PYTHON] + sys.argv)
    print("skipped: the Python module jsonschema is not there (Debian, Ubuntu: python3-jsonschema)")
    sys.exit(SKIP)

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")
def is_date_time(value):
    """RFC 3339, section 5.6; jsonschema's own check needs a further module and is silently left out without it."""
    if not isinstance(value, str):
        return True
    shape = r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
    match = re.fullmatch(shape, value)
    if not match:
        return False
    try:
        datetime.datetime.strptime(match[1] + " " + match[2], "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    return True


def reject_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in set(names):
        if names.count(name) > 1:
            raise ValueError(f'the name "{name}" stands twice in one object')
    return dict(pairs)


def reject_constant(name):
    raise ValueError(f"{name} is not JSON")


def load(path):
    try:
        text = sys.stdin.read() if str(path) == "-" else pathlib.Path(path).read_text(encoding="utf-8")
        return json.loads(text, object_pairs_hook=reject_duplicates, parse_constant=reject_constant)
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        sys.exit(2)


def with_absolute_references(node, base):
    """A copy in which "#/x" is "base#/x": jsonschema before 4.18 cannot join a fragment to a urn."""
    if isinstance(node, list):
        return [with_absolute_references(part, base) for part in node]
    if not isinstance(node, dict):
        return node
    return {name: base + part if name == "$ref" and isinstance(part, str) and part.startswith("#")
            else with_absolute_references(part, base) for name, part in node.items()}


def make_validator(schema_path):
    schema = load(schema_path)
    draft = jsonschema.Draft202012Validator
    try:
        draft.check_schema(schema)
    except jsonschema.SchemaError as error:
        print(f"{schema_path}: not a valid schema: {error.json_path}: {error.message}", file=sys.stderr)
        sys.exit(1)
    neighbours = {}
    for path in sorted(schema_path.parent.glob("*.json")):
        neighbour = load(path)
        neighbours[path.name] = neighbour
        if isinstance(neighbour, dict) and "$id" in neighbour:
            neighbours[neighbour["$id"]] = neighbour
    try:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012
    except ImportError:  # jsonschema before 4.18
        neighbours = {name: with_absolute_references(content, content.get("$id", name) if isinstance(content, dict) else "")
                      for name, content in neighbours.items()}
        schema = with_absolute_references(schema, schema.get("$id", schema_path.name))
        neighbours[schema.get("$id", schema_path.name)] = schema
        resolver = jsonschema.RefResolver(base_uri=schema.get("$id", ""), referrer=schema, store=neighbours,
                                          handlers={"http": refuse_fetching, "https": refuse_fetching,
                                                    "file": refuse_fetching})
        return draft(schema, resolver=resolver, format_checker=FORMATS)
    resources = [(name, DRAFT202012.create_resource(content)) for name, content in neighbours.items()]
    return draft(schema, registry=Registry().with_resources(resources), format_checker=FORMATS)


def refuse_fetching(address):
    raise LookupError(f"{address} is not among the schemas")


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    validator = make_validator(pathlib.Path(arguments[0]))
    failed = False
    for path in arguments[1:]:
        for error in sorted(validator.iter_errors(load(path)), key=lambda error: error.json_path):
            failed = True
            message = error.message if len(error.message) < 400 else error.message[:400] + " …"
            print(f"{path}: {error.json_path}: {message}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
