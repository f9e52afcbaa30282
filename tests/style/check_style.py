#!/usr/bin/env python3
"""Style that a program can check: sizes, names, words, headers, READMEs, wrapped libraries.

Limits: file 1,000 lines, function 70 lines, line 100 columns (C++). Prints every fault with its place.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 1000
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
FILE_BYTES_MAX = 1 << 20
TOP_FOLDERS_MAX = 14

# Third-party headers stand in one .cc each (and never in a header).
WRAPPED = {
    r"CLI/": {"src/cli/parser.cc"},
    r"sqlite3\.h": {"src/store/sqlite.cc", "src/store/store.cc"},
    r"re2/": {"src/rules/pattern.cc"},
    r"simdjson\.h": {"src/io/json_reader.cc"},
    r"curl/": {"src/io/http_client.cc", "src/io/mail_client.cc"},
    r"pugixml": {"src/ingest/xml.cc"},
    r"date/tz\.h": {"src/calendar/time_zone.cc"},
    r"zlib\.h": {"src/feed/gunzip.cc"},
    r"boost/": {"src/serve/http_server.cc"},
    r"openssl/": {"src/serve/tls.cc", "src/serve/certificate.cc", "src/serve/http_server_test.cc"},
    r"yaml\.h": set(),
}
# What must not stand in the repository: paths of one machine, addresses of package registries.
FORBIDDEN = [
    (re.compile(r"(?<![\w.])/(work|root|home)/\w"), "path of one machine"),
    (re.compile(r"(deb\.debian\.org|registry\.npmjs|pypi\.org|proxy\.golang|crates\.io/)"),
     "address of a package registry"),
]


def tracked_files():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                         capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in out if (ROOT / name).is_file()]


def strip_code(text):
    """Blanks comments, strings and character literals, keeping line ends."""
    pattern = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'
                         r"'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def long_functions(text):
    """(first line, count) of every function body over the limit: a `{` after `)` outside all braces
    but those of namespaces, classes and their like."""
    code = strip_code(text)
    stack = []
    found = []
    line = 1
    statement = ""
    for char in code:
        if char == "\n":
            line += 1
        if char == "{":
            head = " ".join(statement.split())
            scope = re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()=]*$", head)
            inside = any(kind == "function" for kind, _ in stack)
            kind = "scope" if scope and not inside else "function" if ")" in head and not inside \
                else "block"
            stack.append((kind, line))
            statement = ""
        elif char == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function" and line - first + 1 > FUNCTION_LINES_MAX:
                    found.append((first, line - first + 1))
            statement = ""
        elif char == ";":
            statement = ""
        else:
            statement += char
    return found


def check_cpp(name, text, errors):
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        errors.append(f"{name}: {len(lines)} lines, more than {FILE_LINES_MAX}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and "http" not in line and 'R"' not in line:
            errors.append(f"{name}:{number}: {len(line)} columns, more than {LINE_COLUMNS_MAX}")
        if "\t" in line:
            errors.append(f"{name}:{number}: tab")
        if re.search(r"//\s*(TODO|FIXME|XXX)(?!\(#\d+\))", line):
            errors.append(f"{name}:{number}: TODO without a number")
    for first, count in long_functions(text):
        errors.append(f"{name}:{first}: function of {count} lines, more than {FUNCTION_LINES_MAX}")
    if name.endswith(".h"):
        if "#pragma once" not in text:
            errors.append(f"{name}: no #pragma once")
        if re.search(r"^using namespace", text, re.M):
            errors.append(f"{name}: using namespace in a header")
    if not re.fullmatch(r"[a-z0-9_]+(_test)?\.(cc|h)", pathlib.PurePath(name).name):
        errors.append(f"{name}: file names are snake_case")
    for header, homes in WRAPPED.items():
        if re.search(rf"^#include <{header}", text, re.M) and name not in homes \
                and not name.startswith(("fuzz/", "perf/", "tests/")):
            errors.append(f"{name}: <{header}> belongs into one .cc: {sorted(homes)}")


def dead_headers(names, texts):
    included = set()
    for text in texts.values():
        included.update(re.findall(r'^#include "([^"]+)"', text, re.M))
    return [name for name in names if name.startswith("src/") and name.endswith(".h")
            and name[4:] not in included]


def main():
    errors = []
    names = tracked_files()
    cpp = [name for name in names if name.endswith((".cc", ".h"))]
    texts = {name: (ROOT / name).read_text(errors="replace") for name in cpp}
    for name in cpp:
        check_cpp(name, texts[name], errors)
    errors += [f"{name}: nothing includes this header" for name in dead_headers(names, texts)]
    for name in names:
        path = ROOT / name
        if path.stat().st_size > FILE_BYTES_MAX:
            errors.append(f"{name}: larger than {FILE_BYTES_MAX} bytes")
        if name.endswith((".png", ".gz", ".zst")) or name == "tests/style/check_style.py" \
                or "/seeds/" in name:
            continue
        text = path.read_text(errors="replace")
        for pattern, why in FORBIDDEN:
            for match in pattern.finditer(text):
                number = text.count("\n", 0, match.start()) + 1
                errors.append(f"{name}:{number}: {why}: {match.group(0)}")
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir():
            readme = folder / "README.md"
            count = len(readme.read_text().splitlines()) if readme.is_file() else 0
            if not 5 <= count <= 60:
                errors.append(f"src/{folder.name}/README.md: {count} lines, wanted 10 to 40")
    top = {name.split("/")[0] for name in names if "/" in name and not name.startswith(".")}
    if len(top) > TOP_FOLDERS_MAX:
        errors.append(f"{len(top)} top-level folders, more than {TOP_FOLDERS_MAX}")
    print("\n".join(errors) if errors else f"{len(cpp)} C++ files, {len(names)} files: no fault")
    if len(cpp) < 10:
        print("hardly any file was found: the check itself is broken")
        return 1
    return 1 if errors else 0


sys.exit(main())
