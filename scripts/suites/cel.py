"""cel (the standard's conformance rows) and k8s-cel-lib (Kubernetes' functions)."""
import math

from suites.batch import ask


def same(a, b):
    """Equality of typed values {t, v}: maps have no order, doubles compare as numbers."""
    if not isinstance(a, dict) or not isinstance(b, dict) or a.get("t") != b.get("t"):
        return False
    kind, left, right = a["t"], a.get("v"), b.get("v")
    if kind == "double":
        x, y = float(left), float(right)
        return x == y or (math.isnan(x) and math.isnan(y))
    if kind == "list":
        return len(left) == len(right) and all(map(same, left, right))
    if kind == "map":
        rest = list(right)
        for key, value in left:
            match = next((e for e in rest if same(key, e[0]) and same(value, e[1])), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    if kind == "optional":
        return left == right if left is None or right is None else same(left, right)
    return left == right


def judge(expect, answer):
    failed = "error" in answer or "compile_error" in answer
    if "compile_error_re" in expect:
        return None if "compile_error" in answer else f"compiled: {answer}"
    if "error_re" in expect:
        return None if "error" in answer else f"no evaluation error: {answer}"
    if "error" in expect or "any_error" in expect:
        return None if failed else f"no error: {answer}"
    if failed:
        return f"{answer} instead of {expect}"
    if "type" in expect and answer.get("type") != expect["type"]:
        return f"type {answer.get('type')} instead of {expect['type']}"
    if "value" in expect and not same(expect["value"], answer.get("value")):
        return f"{answer.get('value')} instead of {expect['value']}"
    if "unknown" in expect:
        return f"unknown values are not supported: {answer}"
    return None


def group_of(name, row):
    if name != "cel":
        return name
    if row.get("cel_go_skips"):
        return "cel/not-in-kubernetes"
    return "cel/" + (row["needs"][0] if row["needs"] else "core")


def run(name, rows, ouro):
    answers = ask(ouro, ["rule", "eval"], rows)
    for index, (row, answer) in enumerate(zip(rows, answers)):
        difference = judge(row["expect"], answer)
        case = "/".join(str(row.get(k)) for k in ("file", "section", "name")) if name == "cel" \
            else f"{row.get('test')}: {row['expr']}"
        yield group_of(name, row), case, difference is None, \
            difference and f"line {index + 1}: {row['expr']}: {difference}"
