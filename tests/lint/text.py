#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What stands in every text file: a licence line at the top, no blanks at a
line's end, a newline at the end, no marks of unfinished work."""
import re
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402

TEXT = (r"\.(c|h|inc|ac|am|mjs|js|css|html|py|sh|conf|md|json|in|[0-9])$"
        r"|^(autogen\.sh|quickstart|CHANGELOG|COPYING|tests/run|\.ci/run"
        r"|\.clang-format|\.clang-tidy)$")
LICENSED = (r"\.(c|h|inc|ac|am|mjs|js|py|sh|conf|in|[0-9])$"
            r"|^(quickstart|tests/run|\.ci/run)$")
NOT_OURS = r"^tests/data/|^tests/fuzz/corpus|package-lock\.json$"
C_LINE = "/* SPDX-License-Identifier: ISC */"
WORDS = ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")
MARK = re.compile(r"\b(" + "|".join(WORDS) + r")\b")


def check_licence(path, lines):
    if re.search(r"\.[ch]$", path):
        if lines[0] != C_LINE:
            yield path, 1, f"the first line must be: {C_LINE}"
    elif re.search(LICENSED, path):
        if not any("SPDX-License-Identifier: ISC" in s for s in lines[:3]):
            yield path, 1, ("no licence; allowed: SPDX-License-Identifier: "
                            "ISC in the first three lines")


def check(tree):
    for path in tree.matching(TEXT):
        if re.search(NOT_OURS, path):
            continue
        lines = tree.lines(path)
        yield from check_licence(path, lines)
        if lines[-1] != "":
            yield path, len(lines), "no newline at the end of the file"
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"
            mark = MARK.search(line)
            if mark and not path.startswith("tests/lint/"):
                yield path, number, (f"{mark.group(0)}: allowed are finished "
                                     "things, and issues for the others")
            if "\r" in line:
                yield path, number, "a carriage return; allowed: LF alone"


BAD = [
    ({"src/base/a.c": "int a;\n"}, "the first line must be"),
    ({"src/base/Makefile.inc": "A = 1\n"}, "no licence"),
    ({"README.md": "text \n"}, "blanks at the end"),
    ({"README.md": "text"}, "no newline at the end"),
    ({"README.md": "text\r\n"}, "carriage return"),
    ({"src/base/a.c": C_LINE + "\n/* %s: later */\n" % WORDS[0]}, WORDS[0]),
]
GOOD = {
    "src/base/a.c": C_LINE + "\nchar name[] = \"/tmp/XXXXXX\";\n",
    "README.md": "# leat\n",
    "tests/run": "#!/bin/bash\n# SPDX-License-Identifier: ISC\n",
}

if __name__ == "__main__":
    lintlib.main(check, BAD, GOOD)
