"""ssvc: every row of the published SSVC decision tables (CSV files) gives its outcome.

A table's first column is the row number, the last one the outcome, the others are inputs. The file
name is the table: cisa_bod_26_04_1_0_0.csv. Run alone, over all tables of a folder:

    scripts/suites/ssvc.py DIR [OURO]
"""
import csv
import pathlib
import sys

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from suites.batch import ask


def read_table(path):
    """Rows as {"row", "inputs", "outcome"}."""
    with open(path, encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    names = lines[0][1:-1]
    return [{"row": line[0], "inputs": dict(zip(names, line[1:-1])), "outcome": line[-1]}
            for line in lines[1:]]


def run(name, rows, ouro):
    """`name` is the table, with or without folders before it."""
    table = name.rsplit("/", 1)[-1]
    answers = ask(ouro, ["db", "ssvc"], [{"table": table, "inputs": row["inputs"]} for row in rows])
    for row, answer in zip(rows, answers):
        got = answer.get("outcome", f"error: {answer.get('error')}")
        agrees = got == row["outcome"] and "assumed" not in answer
        yield name, row["row"], agrees, f"{got} instead of {row['outcome']}"


def main():
    directory = pathlib.Path(sys.argv[1])
    ouro = sys.argv[2] if len(sys.argv) > 2 else "build/release/ouro"
    tables = sorted(directory.glob("*.csv"))
    differs = 0
    for path in tables:
        results = list(run(path.stem, read_table(path), ouro))
        agree = sum(result[2] for result in results)
        differs += len(results) - agree
        print(f"ssvc/{path.stem} {agree}/{len(results)}")
        for _, row, agrees, difference in results:
            if not agrees:
                print(f"  row {row}: {difference}")
    if not tables:
        sys.exit(f"no table in {directory}")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
