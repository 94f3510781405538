#!/usr/bin/env python3
"""Write what the tests of NAS-Bench-101 hashes compare with.

    python3 scripts/make-nasbench101-fixture.py      # needs nothing but Python

test/fixtures/nasbench101-hashes.json: cells of the three search spaces of NAS-Bench-1Shot1 (Zela, Siems and Hutter
2020) and some modules of NAS-Bench-101 (Ying et al. 2019), each with the hash under which the benchmark lists it. The
hash is written here from its description, on sets of edges, and shares nothing with the one in src/spaces: there the
strings that Python prints are imitated, here Python prints them.
"""
import hashlib
import json
import pathlib

FIXTURE = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "nasbench101-hashes.json"

LABELS = {"input": -1, "conv3x3-bn-relu": 0, "conv1x1-bn-relu": 1, "maxpool3x3": 2, "output": -2}
P, C3, C1 = "maxpool3x3", "conv3x3-bn-relu", "conv1x1-bn-relu"

# Space, operations of the intermediates, parents of nodes 1, 2, … and of the output.
CELLS = [
    (1, [P, C3, C1, C3], ["0", "01", "02", "13", "04"]),
    (1, [C3, C3, C3, C3], ["0", "01", "12", "23", "34"]),
    (1, [C1, P, P, C3], ["0", "01", "01", "01", "01"]),  # nodes 2, 3 and 4 are loose ends
    (1, [C1, C3, P, P], ["0", "01", "12", "02", "03"]),  # node 4 is one
    (2, [C3, P, C1, C1], ["0", "0", "12", "03", "014"]),
    (2, [C3, C3, P, C1], ["0", "1", "02", "23", "234"]),
    (2, [P, P, P, P], ["0", "1", "12", "13", "012"]),  # nodes 3 and 4 are loose ends
    (2, [C1, C3, C3, P], ["0", "0", "01", "23", "123"]),
    (3, [C3, C1, P, C3, C1], ["0", "0", "0", "12", "34", "05"]),
    (3, [C3, C3, C3, C3, C3], ["0", "1", "2", "03", "34", "45"]),
    (3, [P, C3, C1, C1, P], ["0", "0", "1", "02", "13", "02"]),  # nodes 1, 3, 4 and 5 are loose ends
    (3, [C1, P, C3, P, C3], ["0", "1", "1", "23", "24", "15"]),
]

# Operations between input and output, edges. The first two are isomorphic.
MODULES = [
    ([C3, P, C1], [(0, 1), (0, 2), (1, 3), (2, 4), (3, 4)]),
    ([P, C3, C1], [(0, 1), (0, 2), (1, 4), (2, 3), (3, 4)]),
    ([], [(0, 1)]),
    ([C3, C3, C1, P, C3], [(0, 1), (1, 2), (2, 6), (0, 3), (3, 4), (0, 5), (0, 6), (2, 5)]),  # 3, 4 and 5 go nowhere
    ([C1, C3, C3], [(0, 1), (1, 4), (2, 3), (3, 4), (2, 4)]),  # 2 and 3 come from nowhere
]


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def closure(start, step):
    """Everything that repeated steps reach from `start`."""
    found, fresh = {start}, {start}
    while fresh:
        fresh = {b for a in fresh for b in step(a)} - found
        found |= fresh
    return found


def prune(labels, edges):
    last = len(labels) - 1
    from_input = closure(0, lambda v: {b for a, b in edges if a == v})
    to_output = closure(last, lambda v: {a for a, b in edges if b == v})
    kept = sorted(from_input & to_output)
    return [labels[v] for v in kept], [(kept.index(a), kept.index(b)) for a, b in edges if a in kept and b in kept]


def module_hash(names, edges):
    labels, edges = prune([LABELS[name] for name in ["input", *names, "output"]], edges)
    vertices = range(len(labels))
    into = {v: [a for a, b in edges if b == v] for v in vertices}
    out_of = {v: [b for a, b in edges if a == v] for v in vertices}
    current = {v: md5(str((len(out_of[v]), len(into[v]), labels[v]))) for v in vertices}
    for _ in vertices:
        join = lambda neighbours: "".join(sorted(current[v] for v in neighbours))
        current = {v: md5(join(into[v]) + "|" + join(out_of[v]) + "|" + current[v]) for v in vertices}
    return md5(str(sorted(current.values())))


def cell_of(space, operations, parents):
    # A dummy vertex of spaces 1 and 2 has no edges, so it does not survive pruning and can be left out here.
    edges = [(int(parent), node) for node, sources in enumerate(parents, 1) for parent in sources]
    names = [*(name.replace("-bn-relu", "") for name in operations), "output"]
    notation = "|".join(f"{name}~{sources}" for name, sources in zip(names, parents))
    return {"space": space, "cell": notation, "hash": module_hash(operations, edges)}


def module_of(operations, edges):
    count = len(operations) + 2
    matrix = [[int((a, b) in edges) for b in range(count)] for a in range(count)]
    return {"matrix": matrix, "operations": ["input", *operations, "output"], "hash": module_hash(operations, edges)}


def lines(items):
    return ",\n".join("    " + json.dumps(item) for item in items)


made = "by scripts/make-nasbench101-fixture.py"
cells = lines(cell_of(*cell) for cell in CELLS)
modules = lines(module_of(*module) for module in MODULES)
FIXTURE.write_text(f'{{\n  "made": "{made}",\n  "cells": [\n{cells}\n  ],\n  "modules": [\n{modules}\n  ]\n}}\n')
print(f"wrote {FIXTURE.name}: {FIXTURE.stat().st_size} bytes")
