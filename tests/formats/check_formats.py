#!/usr/bin/env python3
"""Checks output files of ouro against their schemas and against what the schemas cannot say.

usage: check_formats.py FILE...

The content tells the format: JSON report, NDJSON, SARIF or JUnit. A file of another kind is an
error, so that a wrong argument never passes. Needs python3 and python3-jsonschema.
Exit code 0: all files are good; 1: at least one is not; 2: wrong use.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent
SCHEMAS = {
    "sarif": HERE / "sarif-schema-2.1.0.json",
    "junit": HERE / "junit.schema.json",
    "report": HERE.parent.parent / "docs" / "formats" / "finding.schema.json",
}
# GitHub's limits of one SARIF run (its documentation, "SARIF results exceed limit").
RESULT_COUNT_MAX = 25_000
RULE_COUNT_MAX = 25_000
TAG_COUNT_MAX = 20
LOCATION_COUNT_MAX = 1_000
ERROR_COUNT_SHOWN = 10


def validator(name, part=None):
    schema = json.loads(SCHEMAS[name].read_text(encoding="utf-8"))
    if part is not None:
        schema = {**schema, "$ref": f"#/$defs/{part}"}
        schema = {key: schema[key] for key in ("$schema", "$defs", "$ref")}
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    return cls(schema, format_checker=cls.FORMAT_CHECKER)


def schema_errors(checker, value):
    for error in checker.iter_errors(value):
        place = "/".join(str(part) for part in error.absolute_path)
        yield f"at /{place}: {error.message[:300]}"


def strict_object(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"duplicate key in {keys}")
    return dict(pairs)


def parse_json(text):
    return json.loads(text, object_pairs_hook=strict_object)


def report_errors(report):
    """What finding.schema.json cannot say of a JSON report."""
    yield from schema_errors(validator("report"), report)
    findings = report.get("findings", [])
    summary = report.get("summary", {})
    is_open = [finding for finding in findings if finding.get("status") != "suppressed"]
    hidden = [finding for finding in findings if finding.get("status") == "suppressed"]
    for severity, count in summary.get("open", {}).items():
        actual = sum(1 for finding in is_open if finding.get("severity") == severity)
        if actual != count:
            yield f"summary.open.{severity} is {count}, but {actual} findings have it"
    if summary.get("suppressed", 0) + summary.get("baseline", 0) != len(hidden):
        yield f"summary counts other than the {len(hidden)} suppressed findings"
    not_examined = sum(1 for problem in report.get("problems", []) if not problem.get("warning"))
    if summary.get("not_examined") != not_examined:
        yield f"summary.not_examined is not the {not_examined} problems that are no warnings"
    for noun, parts in (("files", ("examined", "excluded", "failed", "skipped")),
                        ("objects", ("examined", "excluded", "failed"))):
        total = sum(summary.get(f"{noun}_{part}", 0) for part in parts)
        if summary.get(noun) != total:
            yield f"summary.{noun} is {summary.get(noun)}, its parts add up to {total}"
    ids = [finding.get("id") for finding in findings]
    if len(set(ids)) != len(ids):
        yield "a finding's id occurs twice"
    for finding in findings:
        if (finding.get("status") == "suppressed") != ("suppressed" in finding):
            yield f"finding {finding.get('id')}: status and suppressed disagree"


def sarif_errors(log):
    """What the SARIF schema cannot say: references, limits of GitHub, URIs."""
    yield from schema_errors(validator("sarif"), log)
    for run in log.get("runs", []):
        rules = run["tool"]["driver"].get("rules", [])
        results = run.get("results", [])
        if len(rules) > RULE_COUNT_MAX or len(results) > RESULT_COUNT_MAX:
            yield "more rules or results than GitHub takes"
        if len({rule["id"] for rule in rules}) != len(rules):
            yield "a rule occurs twice"
        for rule in rules:
            if len(rule.get("properties", {}).get("tags", [])) > TAG_COUNT_MAX:
                yield f"rule {rule['id']} has too many tags"
            score = rule.get("properties", {}).get("security-severity")
            if score is not None and not 0.0 < float(score) <= 10.0:
                yield f"rule {rule['id']} has the security-severity {score}"
        for result in results:
            index = result.get("ruleIndex", -1)
            if not 0 <= index < len(rules) or rules[index]["id"] != result.get("ruleId"):
                yield f"ruleIndex {index} is not the rule {result.get('ruleId')}"
            locations = result.get("locations", []) + result.get("relatedLocations", [])
            if len(locations) > LOCATION_COUNT_MAX or not result.get("locations"):
                yield "a result has no location or more than GitHub takes"
            if not result.get("partialFingerprints"):
                yield "a result has no fingerprint"
            for location in locations:
                yield from uri_errors(location)


def uri_errors(location):
    artifact = location.get("physicalLocation", {}).get("artifactLocation", {})
    uri = artifact.get("uri", "")
    parts = urllib.parse.urlsplit(uri)
    if parts.query or parts.fragment:
        yield f"the URI {uri} has a query or fragment: the path is not escaped"
    if "uriBaseId" in artifact and (parts.scheme or uri.startswith("/")):
        yield f"the URI {uri} is not relative, but has a base"
    if "uriBaseId" not in artifact and uri and not parts.scheme:
        yield f"the URI {uri} is relative and has no base"
    if urllib.parse.quote(urllib.parse.unquote_to_bytes(parts.path), safe="/~") != parts.path:
        yield f"the URI {uri} is not escaped as RFC 3986 asks"


def xml_to_value(element):
    """An element as a JSON value: attributes by name, children in lists by tag, text where given."""
    value = dict(element.attrib)
    for child in element:
        value.setdefault(f"<{child.tag}>", []).append(xml_to_value(child))
    if element.text and element.text.strip():
        value["#text"] = element.text
    return value


def junit_errors(text):
    root = ElementTree.fromstring(text)
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
        return
    yield from schema_errors(validator("junit"), xml_to_value(root))
    for element in [root, *root.iter("testsuite")]:
        cases = list(element.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            actual = sum(1 for case in cases if case.find(tag) is not None)
            if int(element.get(name, "-1")) != actual:
                yield f"{element.tag} {element.get('name')}: {name} is not {actual}"
        if int(element.get("tests", "-1")) != len(cases):
            yield f"{element.tag} {element.get('name')}: tests is not {len(cases)}"
    for suite in root.iter("testsuite"):
        names = [case.get("name") for case in suite.iter("testcase")]
        if suite.get("name") != "not examined" and len(set(names)) != len(names):
            yield f"testsuite {suite.get('name')}: a test case has the name of another"


def ndjson_errors(lines):
    checker = validator("report", "finding")
    for number, line in enumerate(lines, 1):
        for error in schema_errors(checker, parse_json(line)):
            yield f"line {number} {error}"


def file_errors(path):
    """The format's name and an iterator over the errors of one file."""
    text = path.read_bytes().decode("utf-8")  # invalid UTF-8 is an error of the file
    if text.startswith("<?xml"):
        return "junit", junit_errors(text)
    lines = text.splitlines()
    if not lines:
        return "ndjson", iter(())
    if all(line.startswith('{"id":') for line in lines):
        return "ndjson", ndjson_errors(lines)
    document = parse_json(text)
    if isinstance(document, dict) and "runs" in document:
        return "sarif", sarif_errors(document)
    if isinstance(document, dict) and document.get("schema") == "ouro/finding/v1":
        return "json", report_errors(document)
    raise ValueError("this is no output of ouro that can be checked")


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    failed = 0
    for argument in arguments:
        try:
            name, found = file_errors(Path(argument))
            errors = list(found)
        except (OSError, ValueError, ElementTree.ParseError) as error:
            name, errors = "unreadable", [str(error)]
        failed += bool(errors)
        print(f"{'FAIL' if errors else 'ok  '} {name:<7} {argument}")
        for error in errors[:ERROR_COUNT_SHOWN]:
            print(f"     {error}")
        if len(errors) > ERROR_COUNT_SHOWN:
            print(f"     and {len(errors) - ERROR_COUNT_SHOWN} more")
    print(f"{len(arguments) - failed} of {len(arguments)} files are good")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
