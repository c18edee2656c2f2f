#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every file that is kept stands in a Makefile.inc (itself, or its folder),
so that the archive of `make dist` has it, and every source is compiled."""
import posixpath
import re
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402

# automake takes these by itself; the rest belongs to the checkout alone.
BY_ITSELF = re.compile(r"(^|/)Makefile\.(inc|am)$|^configure\.ac$"
                       r"|^\.gitignore$|^\.github/")


def check(tree):
    lists = " ".join(tree.text(p) for p in
                     tree.matching(r"(^|/)Makefile\.(inc|am)$"))
    listed = set(lists.replace("$(top_srcdir)/", "").replace("$(srcdir)/", "")
                 .split())
    for path in tree.paths:
        if BY_ITSELF.search(path):
            continue
        at = path
        while at and at not in listed:
            at = posixpath.dirname(at)
        if not at:
            yield path, 1, ("it stands in no Makefile.inc; allowed: as a "
                            "source, a test, or in EXTRA_DIST")


BAD = [
    ({"Makefile.am": "include src/Makefile.inc\n",
      "src/Makefile.inc": "A = src/a.c\n", "src/a.c": "", "src/b.c": ""},
     "src/b.c:1: it stands in no Makefile.inc"),
]
GOOD = {
    "Makefile.am": "EXTRA_DIST = README.md\n",
    "README.md": "",
    "tests/Makefile.inc": "EXTRA_DIST += tests/data tests/a.c\n",
    "tests/a.c": "",
    "tests/data/x/y": "",
}

if __name__ == "__main__":
    lintlib.main(check, BAD, GOOD)
