# SPDX-License-Identifier: ISC
"""What the lints share: the files of the tree, a small view of C, and a
runner that first tries each lint on a sample that must fail.

A lint is a module with
    check(tree) -> iterable of (path, line, message)
    BAD  = [({path: text, ...}, "part of the expected message"), ...]
    GOOD = {path: text, ...}
and ends with lintlib.main(check, BAD, GOOD).
"""
import os
import re
import subprocess
import sys
import tempfile

SKIP = 77  # automake: the test was not run
TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                    "..", ".."))
NOT_OURS = {".git", "node_modules", "autom4te.cache", "build-aux", ".deps",
            "config.h.in", "aclocal.m4", "configure", "Makefile",
            "Makefile.in", "__pycache__"}


class Tree:
    """The files under a folder; text is read once."""

    def __init__(self, top):
        self.top = top
        self._text = {}
        self.paths = sorted(self._walk())

    def _walk(self):
        for path in git_files(self.top) or walk_files(self.top):
            parts = path.split("/")
            if path != "config.h" and not NOT_OURS.intersection(parts) and \
                    not parts[0].startswith(("build", "_build")):
                yield path

    def text(self, path):
        if path not in self._text:
            with open(os.path.join(self.top, path), "rb") as f:
                self._text[path] = f.read().decode("utf-8", "replace")
        return self._text[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def matching(self, pattern):
        expression = re.compile(pattern)
        return [p for p in self.paths if expression.search(p)]

    def c_files(self):
        return self.matching(r"^(src|tests|bench)/.*\.[ch]$")


def git_files(top):
    if not os.path.exists(os.path.join(top, ".git")):
        return None
    try:
        found = subprocess.run(
            ["git", "-C", top, "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return [p for p in found.decode().split("\0")
            if p and os.path.isfile(os.path.join(top, p))]


def walk_files(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if f not in NOT_OURS]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                yield os.path.relpath(path, top)


class Function:
    """A C function as the house style lays it out: its body's braces stand
    in the first column."""

    def __init__(self, signature, line, body_line, end_line):
        self.signature = signature
        self.line = line
        self.body_lines = end_line - body_line - 1
        self.is_static = bool(re.match(r"(static|extern\s+inline)\b",
                                       signature))
        match = re.search(r"(\w+)\s*\(", signature)
        self.name = match.group(1) if match else "?"

    def parameter_count(self):
        inner = self.signature[self.signature.index("(") + 1:
                               self.signature.rindex(")")]
        depth, count = 0, 1
        for c in inner:
            depth += (c == "(") - (c == ")")
            count += c == "," and depth == 0
        last = inner.rsplit(",", 1)[-1].strip()
        return 0 if inner.strip() in ("", "void") else count - (last == "...")


def blank_comments(text):
    """The text with comments and the insides of strings turned to spaces,
    line by line the same."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                       r"|'(?:\\.|[^'\\\n])*'", re.S)

    def blank(match):
        s = match.group(0)
        if s[0] in "\"'":
            return s[0] + " " * (len(s) - 2) + s[0]
        return re.sub(r"[^\n]", " ", s)
    return token.sub(blank, text)


def functions(text):
    lines = blank_comments(text).split("\n")
    for number, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        first = number - 1
        while first > 0 and lines[first - 1].strip() and \
                not re.search(r"[;}]\s*$|^#", lines[first - 1]):
            first -= 1
        signature = " ".join(s.strip() for s in lines[first:number])
        end = number + 1
        while end < len(lines) and not lines[end].startswith("}"):
            end += 1
        if "(" in signature:
            yield Function(signature.strip(), first + 1, number, end)


def run_on_sample(check, files):
    with tempfile.TemporaryDirectory(prefix="leat-lint-") as top:
        for path, text in files.items():
            full = os.path.join(top, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        return [f"{p}:{n}: {m}" for p, n, m in check(Tree(top))]


def self_test(check, bad, good):
    for files, expected in bad:
        found = run_on_sample(check, files)
        if not any(expected in line for line in found):
            sys.exit(f"self-test: '{expected}' was not found in a bad sample "
                     f"({', '.join(files)}); found: {found}")
    found = run_on_sample(check, good)
    if found:
        sys.exit(f"self-test: a good sample was refused: {found}")


def main(check, bad, good):
    self_test(check, bad, good)
    tree = Tree(TOP)
    found = list(check(tree))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    name = os.path.basename(sys.argv[0])
    print(f"{name}: {len(tree.paths)} files, {len(found)} violations, "
          f"{len(bad)} bad samples refused")
    sys.exit(1 if found else 0)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)
