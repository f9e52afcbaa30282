"""k8s-yaml-semantics and yaml-test-suite: what Kubernetes' reader makes of a document."""
import base64
import math

from suites.batch import ask


def same(a, b):
    """Equal JSON values; numbers by value, booleans are no numbers."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or math.isclose(a, b, rel_tol=0, abs_tol=0)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def judge(answer, want_error, want):
    """None when the answer is as wanted, else what differs."""
    errors = [p for p in answer.get("problems", []) if not p.get("warning")]
    if want_error:
        return None if errors else f"accepted: {answer.get('documents')}"
    if errors:
        return f"refused: {errors[0]}"
    documents = answer.get("documents") or [None]
    return None if same(documents[0], want) else f"{documents[0]!r} instead of {want!r}"


def run(name, rows, ouro):
    if name == "yaml-test-suite":
        requests = [{"yaml_b64": row["yaml"], "first_only": True} for row in rows]
        answers = ask(ouro, ["document"], requests)
        for row, answer in zip(rows, answers):
            difference = judge(answer, row["k8s_error"], row.get("k8s_json"))
            yield name, row["id"], difference is None, difference
        return
    requests = []
    for row in rows:
        text = base64.b64encode(row["yaml"].encode("utf-8", "surrogateescape")).decode()
        requests.append({"yaml_b64": text, "first_only": True})
        requests.append({"yaml_b64": text, "first_only": True, "strict": True})
    answers = ask(ouro, ["document"], requests)
    for index, row in enumerate(rows):
        difference = judge(answers[2 * index], row["error"], row.get("json"))
        if difference is None:
            difference = judge(answers[2 * index + 1], row["strict_error"], row.get("json"))
        yield name, repr(row["yaml"]), difference is None, difference
