"""kubescape-vap: ValidatingAdmissionPolicies judge a CREATE of an object, bound with parameters."""
from suites.batch import ask


def request(row):
    rules = [row["policy"]]
    if row.get("binding"):
        rules.append(row["binding"])
    question = {"rules": rules, "object": row["object"]}
    for key, name in (("params", "params"), ("old_object", "old_object"), ("oldObject", "old_object"),
                      ("namespace_object", "namespace_object"), ("request", "request")):
        if row.get(key) is not None:
            question[name] = row[key]
    return question


def run(name, rows, ouro):
    answers = ask(ouro, ["rule", "check"], [request(row) for row in rows])
    for index, (row, answer) in enumerate(zip(rows, answers)):
        results = answer.get("results") or [{"verdict": "nothing", "message": str(answer)}]
        verdict = results[0]["verdict"]
        # A policy that does not apply lets the object pass.
        got = "pass" if verdict == "skip" else verdict
        difference = None
        if got != row["expect"]:
            difference = f"line {index + 1}: {verdict} instead of {row['expect']}: {results[0]['message']}"
        yield row.get("suite", name), f"{row.get('control', '')}: {row['name']}", difference is None, difference
