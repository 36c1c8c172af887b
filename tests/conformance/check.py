#!/usr/bin/env python3
"""Hold the scenario files against schema.json: form, unique names, and each step documented and used.

Needs jsonschema from PyPI. Exits with 1 and names file, scenario and step when something is wrong."""

import json
import pathlib
import re
import sys

try:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
except ImportError:
    sys.exit("check.py: jsonschema is missing; install it with: python3 -m pip install jsonschema")

FOLDER = pathlib.Path(__file__).resolve().parent


def refuse_twice(pairs):
    """A JSON object with one key twice would lose a field in silence."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError(f"a field stands twice among {[key for key, _ in pairs]}")
    return fields


def load(path):
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=refuse_twice)
    except ValueError as error:
        sys.exit(f"{path.name}: {error}")


def place(scenarios, error):
    """The words for where in a file the schema was broken."""
    where = list(error.absolute_path)
    words = []
    if where:
        words.append(f"scenario {scenarios[where[0]].get('name', where[0] + 1)!r}")
    if len(where) > 2:
        words.append(f"step {where[2] + 1}")
    return ", ".join(words)


def check_form(validator, files):
    for name, scenarios in files.items():
        for error in validator.iter_errors(scenarios):
            deepest = best_match([error])
            yield f"{name}: {place(scenarios, deepest)}: {deepest.message}"


def check_names(files):
    seen = {}
    for name, scenarios in files.items():
        for scenario in scenarios:
            if scenario["name"] in seen:
                yield f"{name}: {scenario['name']!r} is also in {seen[scenario['name']]}"
            seen[scenario["name"]] = name


def check_steps(schema, files):
    known = set(schema["$defs"]["step"]["properties"]["do"]["enum"])
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    used = {step["do"] for scenarios in files.values() for scenario in scenarios for step in scenario["steps"]}
    for step in sorted(known - set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE))):
        yield f"README.md: the step {step!r} of schema.json has no row"
    for step in sorted(known - used):
        yield f"schema.json: no scenario has the step {step!r}"


def main():
    schema = load(FOLDER / "schema.json")
    Draft202012Validator.check_schema(schema)
    files = {path.name: load(path) for path in sorted(FOLDER.glob("*.json")) if path.name != "schema.json"}
    problems = list(check_form(Draft202012Validator(schema), files))
    if not problems:
        problems = [*check_names(files), *check_steps(schema, files)]
    for problem in problems:
        print(problem, file=sys.stderr)
    count = sum(map(len, files.values()))
    print(f"{count} scenarios in {len(files)} files, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
