"""Talks to ouro's machine contracts: JSON lines in, JSON lines out, in order."""
import json
import subprocess


def ask(ouro, arguments, requests):
    """Answers of `ouro ARGUMENTS --batch` to the requests, one each."""
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([ouro, *arguments, "--batch"], input=text.encode(), capture_output=True,
                          check=False)
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    if len(lines) != len(requests):
        raise SystemExit(f"cases: {' '.join(arguments)}: {len(requests)} requests, {len(lines)} answers, "
                         f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[:500]}")
    return [json.loads(line) for line in lines]
