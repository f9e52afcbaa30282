"""rrule: the complete list of occurrences of a recurrence."""
from suites.batch import ask


def run(name, rows, ouro):
    keys = ("rrule", "ical", "dtstart")
    answers = ask(ouro, ["window"], [{key: row[key] for key in keys if row.get(key)} for row in rows])
    for index, (row, answer) in enumerate(zip(rows, answers)):
        got = answer.get("occurrences", answer)
        agrees = got == row["expected"]
        yield name, row["test"], agrees, \
            None if agrees else f"line {index + 1}: {got} instead of {row['expected']}"
