#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How long a file, a header and a function may be, and how many parameters
a function may take."""
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402

FILE_LINES = 600
HEADER_LINES = 150
FUNCTION_LINES = 60
PARAMETERS = 5


def line_count(text):
    return text.count("\n") + (not text.endswith("\n") and text != "")


def check_file(tree, path):
    count = line_count(tree.text(path))
    is_header = path.endswith(".h")
    allowed = HEADER_LINES if is_header else FILE_LINES
    if count > allowed:
        kind = "a header" if is_header else "a file"
        yield path, count, f"{count} lines; allowed in {kind}: {allowed}"


def check_functions(tree, path):
    for function in lintlib.functions(tree.text(path)):
        if function.body_lines > FUNCTION_LINES:
            yield path, function.line, (
                f"{function.name}() has {function.body_lines} lines; "
                f"allowed: {FUNCTION_LINES}")
        if function.parameter_count() > PARAMETERS:
            yield path, function.line, (
                f"{function.name}() takes {function.parameter_count()} "
                f"parameters; allowed: {PARAMETERS}")


def check(tree):
    for path in tree.matching(r"\.(c|h|mjs|js|py|sh|inc)$|^(quickstart|"
                              r"configure\.ac|Makefile\.am|tests/run)$"):
        yield from check_file(tree, path)
    for path in tree.c_files():
        yield from check_functions(tree, path)


def long_function(lines):
    return "static int f(int a)\n{\n" + "\ta++;\n" * lines + "}\n"


BAD = [
    ({"src/base/a.c": "\n" * 601}, "601 lines; allowed in a file: 600"),
    ({"src/base/a.h": "\n" * 151}, "151 lines; allowed in a header: 150"),
    ({"src/base/a.c": long_function(61)}, "f() has 61 lines; allowed: 60"),
    ({"src/base/a.c": "int g(int a, int b, void (*c)(int, int),\n"
                      "    int d, int e, int f)\n{\n}\n"},
     "g() takes 6 parameters; allowed: 5"),
    ({"tests/e2e/a.test.mjs": "\n" * 601}, "601 lines"),
]
GOOD = {
    "src/base/a.c": long_function(60) + "\nint g(int a, void (*b)(int, int),\n"
                    "    int c, int d, const char *format, ...)\n{\n}\n",
    "src/base/b.h": "\n" * 150,
}

if __name__ == "__main__":
    lintlib.main(check, BAD, GOOD)
