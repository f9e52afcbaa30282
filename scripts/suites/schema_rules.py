"""k8s-crd-rules: validation rules of custom resource schemas, with their exact cost."""
from suites.batch import ask


def request(row, rule):
    return {"rules": [{"schema": row["schema"], "rule": rule, "is_root": row["is_root"]}],
            "object": row["obj"], "old_object": row.get("old")}


def judge(expect, answer, negated):
    if "results" not in answer:
        return f"no results: {answer}"
    result = answer["results"][0]
    verdict = result["verdict"]
    if "error_contains" in expect:
        return None if verdict == "error" else f"verdict {verdict} instead of error"
    if expect.get("skipped"):
        return None if verdict == "skip" else f"verdict {verdict} instead of skip"
    if verdict != "pass":
        return f"verdict {verdict}: {result.get('message')}"
    if negated is not None:
        opposite = negated["results"][0]["verdict"]
        if opposite != "fail":
            return f"its negation gives {opposite}: {negated['results'][0].get('message')}"
    if expect.get("cost", 0) > 0 and result.get("cost") != expect["cost"]:
        return f"cost {result.get('cost')} instead of {expect['cost']}"
    return None


def run(name, rows, ouro):
    requests = []
    for row in rows:
        requests.append(request(row, row["rule"]))
        requests.append(request(row, f"!({row['rule']})"))
    answers = ask(ouro, ["rule", "check"], requests)
    for index, row in enumerate(rows):
        valid = row["expect"].get("valid") and not row["expect"].get("skipped")
        difference = judge(row["expect"], answers[2 * index], answers[2 * index + 1] if valid else None)
        yield row.get("suite", name), f"{row['name']}: {row['rule']}", difference is None, \
            difference and f"line {index + 1}: {difference}"
