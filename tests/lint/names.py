#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Base names are unique in src/, and x.c exports only x_*.

A part of a module (json_scan.c of json.h) may export the module's prefix
too. Symbols come from the object files where `make` left some in the current
folder, else from the text."""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402


def prefixes(path):
    parts = os.path.splitext(os.path.basename(path))[0].split("_")
    return ["_".join(parts[:n]) for n in range(len(parts), 0, -1)]


def check_unique(tree):
    first = {}
    for path in tree.matching(r"^src/.*\.c$"):
        name = os.path.basename(path)
        if name in first:
            yield path, 1, (f"{name} is also {first[name]}; allowed: base "
                            "names that are unique in the tree")
        first.setdefault(name, path)


def exported_by_text(tree, path):
    for function in lintlib.functions(tree.text(path)):
        if not function.is_static:
            yield function.name, function.line


def exported_by_object(tree, path, object_path):
    try:
        found = subprocess.run(
            ["nm", "-g", "--defined-only", "--format=posix", object_path],
            check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    names = [line.split()[0] for line in found.splitlines() if line]
    text = tree.text(path)
    result = []
    for name in names:
        if name.startswith("_"):  # the compiler's own
            continue
        at = re.search(rf"\b{re.escape(name)}\b", text)
        line = text.count("\n", 0, at.start()) + 1 if at else 1
        result.append((name, line))
    return result


def exported(tree, path):
    if tree.top == lintlib.TOP:
        object_path = os.path.splitext(path)[0] + ".o"
        source = os.path.join(tree.top, path)
        if os.path.exists(object_path) and \
                os.path.getmtime(object_path) >= os.path.getmtime(source):
            found = exported_by_object(tree, path, object_path)
            if found is not None:
                return found
    return exported_by_text(tree, path)


def check_exports(tree):
    for path in tree.matching(r"^src/.*/.*\.c$"):
        allowed = prefixes(path)
        for name, line in exported(tree, path):
            if not any(name == p or name.startswith(p + "_")
                       for p in allowed):
                yield path, line, (f"{name} is exported; allowed: "
                                   + ", ".join(p + "_*" for p in allowed))


def check(tree):
    yield from check_unique(tree)
    yield from check_exports(tree)


BAD = [
    ({"src/base/a.c": "", "src/core/a.c": ""}, "a.c is also src/base/a.c"),
    ({"src/base/arena.c": "int pool_new(int a)\n{\n\treturn a;\n}\n"},
     "pool_new is exported; allowed: arena_*"),
    ({"src/base/json_scan.c": "int scan_all(\n    int a)\n{\n}\n"},
     "scan_all is exported; allowed: json_scan_*, json_*"),
]
GOOD = {
    "src/base/arena.c": "int arena_new(int a)\n{\n}\n\n"
                        "static int pool(int a)\n{\n}\n",
    "src/base/json_scan.c": "int json_scan(int a)\n{\n}\n",
}

if __name__ == "__main__":
    lintlib.main(check, BAD, GOOD)
