#!/usr/bin/env python3
"""Checks every `#include "<module>/…"` of src/ against the layer table of src/README.md.

A module may include itself and modules of strictly lower layers. Every folder of src/ must have a row
in the table and the other way round.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


def read_layers():
    layers = {}
    for line in (SOURCE / "README.md").read_text().splitlines():
        match = re.match(r"\|\s*(\d+)\s*\|\s*(\w+)\s*\|", line)
        if match:
            layers[match.group(2)] = int(match.group(1))
    return layers


def main():
    layers = read_layers()
    errors = []
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir()}
    for name in sorted(folders ^ set(layers)):
        errors.append(f"src/{name}: folder and row of src/README.md do not match")
    edges = 0
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in (".cc", ".h"):
            continue
        module = path.relative_to(SOURCE).parts[0]
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            match = re.match(r'#include "(\w+)/', line)
            if not match or match.group(1) not in layers:
                continue
            edges += 1
            other = match.group(1)
            if other != module and layers[other] >= layers.get(module, -1):
                errors.append(f"{path.relative_to(ROOT)}:{number}: {module} (layer {layers[module]}) "
                              f"includes {other} (layer {layers[other]})")
    print("\n".join(errors) if errors else f"{edges} includes of {len(layers)} modules keep the layers")
    if edges == 0:
        print("no include was found: the check itself is broken")
        return 1
    return 1 if errors else 0


sys.exit(main())
