#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What other programs judge: tools.py clang-format | mandoc | shellcheck.
A program that is not installed skips its lint."""
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402

SHELL = re.compile(r"#!\s*/(usr/)?bin/(env )?(ba|da)?sh\b")


def shell_scripts(tree):
    candidates = tree.matching(r"\.sh$|^quickstart$|^tests/|^\.ci/|^bench/")
    return [p for p in candidates
            if not re.search(r"\.(c|h|py|mjs|js|json|o)$", p)
            and SHELL.match(tree.text(p)[:64])]


def run(tree, arguments, paths):
    if not paths:
        return ""
    done = subprocess.run(arguments + paths, cwd=tree.top,
                          capture_output=True, text=True, errors="replace")
    return done.stdout + done.stderr


def reports(output, pattern, allowed):
    for line in output.splitlines():
        match = re.match(pattern, line)
        if match:
            yield match.group("path"), int(match.group("line")), \
                f"{match.group('what')}; allowed: {allowed}"


def check_clang_format(tree):
    style = "--style=file:" + os.path.join(lintlib.TOP, ".clang-format")
    output = run(tree, ["clang-format", style, "--dry-run"], tree.c_files())
    return reports(output, r"(?P<path>[^:\s]+):(?P<line>\d+):\d+: "
                           r"(?P<what>(warning|error).*)",
                   "what clang-format -i makes of it")


def check_mandoc(tree):
    output = run(tree, ["mandoc", "-Tlint", "-Wstyle"],
                 tree.matching(r"^man/.*\.[0-9]$"))
    # The page's own date is ours to choose; a reference to another project's
    # page cannot be found where that is not installed.
    kept = "\n".join(line for line in output.splitlines()
                     if "referenced manual not found" not in line)
    return reports(kept, r"mandoc: (?P<path>[^:]+):(?P<line>\d+):\d+: "
                         r"(?P<what>.*)", "a page without remarks")


def check_shellcheck(tree):
    output = run(tree, ["shellcheck", "-f", "gcc", "-S", "info"],
                 shell_scripts(tree))
    return reports(output, r"(?P<path>[^:]+):(?P<line>\d+):\d+: "
                           r"(?P<what>.*)", "a script without remarks")


LINTS = {
    "clang-format": (check_clang_format,
                     [({"src/base/a.c": "int  a( void )\n{ return 1 ; }\n"},
                       "what clang-format -i makes")],
                     {"src/base/a.c": "int a;\n"}),
    "mandoc": (check_mandoc,
               [({"man/a.1": ".Dd January 1, 2026\n.Dt A 1\n.Os\n.Sh NAME\n"
                             ".Nm a\n.Xx\n"}, "a page without remarks")],
               {"man/a.1": ".Dd January 1, 2026\n.Dt A 1\n.Os\n.Sh NAME\n"
                           ".Nm a\n.Nd a page\n"}),
    "shellcheck": (check_shellcheck,
                   [({"quickstart": "#!/bin/sh\nrm $1/*\n"},
                     "a script without remarks")],
                   {"quickstart": "#!/bin/sh\necho \"$1\"\n"}),
}

if __name__ == "__main__":
    tool = sys.argv[1] if len(sys.argv) > 1 else ""
    if tool not in LINTS:
        sys.exit("usage: tools.py " + "|".join(LINTS))
    if not shutil.which(tool):
        lintlib.skip(f"{tool} is not installed")
    lintlib.main(*LINTS[tool])
