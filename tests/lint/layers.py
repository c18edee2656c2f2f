#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who may include whom: a folder of src/ is a layer, third-party headers have
one home each, and headers never include each other in a circle."""
import posixpath
import re
import sys

sys.dont_write_bytecode = True
import lintlib  # noqa: E402

LAYERS = {
    "base": "",
    "core": "base",
    "wire": "core base",
    "io": "base",
    "durable": "core io base",
    "context": "core io base",
    "provider": "wire core io base",
    "policy": "provider durable core io base",
    "chat": "policy provider context durable core io base",
    "web": "chat policy durable wire core io base",
    "config": "base",
    "pool": "config io base",
    "master": "pool config base",
    "serve": "pool config web chat policy provider context durable wire "
             "core io base",
    "doctor": "wire io base",
    "app": "serve doctor master pool config web chat policy provider context "
           "durable wire core io base",
}

# header: where it may be included (a folder, or files that begin so)
HOMES = {
    r"uv\.h|uv/.*": ["src/io/"],
    r"curl/.*": ["src/io/"],
    r"sqlite3(ext)?\.h": ["src/io/"],
    r"(fcgi\w*|fastcgi)\.h": ["src/web/fcgi"],
    r"confuse\.h": ["src/config/"],
    r"json-c/.*|json(_\w+)?\.h": ["src/base/json"],
    r"libxml/.*|md4c(-\w+)?\.h|libstemmer\.h": ["src/context/"],
    r"hiredis/.*|openssl/.*|wslay/.*": ["src/io/"],
    r"cmocka\.h": ["tests/"],
}
THIRD_PARTY = re.compile("|".join(f"(?:{h})" for h in HOMES))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def layer_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "src" else None


def resolve(tree, path, name):
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    for candidate in ("src/" + name, beside):
        if candidate in tree.paths:
            return candidate
    return None


def check_layer(path, number, target):
    mine, other = layer_of(path), layer_of(target)
    if mine is None or other is None or mine == other:
        return
    if mine not in LAYERS:
        yield path, number, f"{mine}/ is no layer (known: {' '.join(LAYERS)})"
    elif other not in LAYERS[mine].split():
        allowed = LAYERS[mine] or "nothing"
        yield path, number, (f"{mine}/ may not include {other}/; "
                             f"allowed: {allowed}")


def check_private(path, number, target):
    """What some files of one folder share, a library's types included."""
    if not target.endswith("_private.h") or not path.startswith("src/"):
        return
    if posixpath.dirname(path) != posixpath.dirname(target) or \
            path.endswith(".h"):
        yield path, number, (f"{target} is private; allowed: only in .c files "
                             "of its folder")


def check_home(path, number, name):
    if not THIRD_PARTY.fullmatch(name):
        return
    if path.endswith(".h") and path.startswith("src/") and \
            not path.endswith("_private.h"):
        yield path, number, (f"<{name}> in a header; allowed: only in .c files "
                             "(forward-declare, or keep it opaque)")
    for header, homes in HOMES.items():
        if re.fullmatch(header, name) and path.startswith("src/") and \
                not path.startswith(tuple(homes)):
            yield path, number, (f"<{name}> outside its home; "
                                 f"allowed: {' '.join(homes)}")


def check_circles(tree, graph):
    done = set()

    def visit(path, trail):
        if path in trail:
            circle = trail[trail.index(path):] + [path]
            yield path, 1, ("headers include each other: "
                            f"{' -> '.join(circle)}; allowed: no circle")
            return
        if path in done:
            return
        for target in graph.get(path, ()):
            yield from visit(target, trail + [path])
        done.add(path)

    for path in graph:
        yield from visit(path, [])


def check(tree):
    graph = {}
    for path in tree.matching(r"^(src|tests|bench)/.*\.[ch]$"):
        for number, kind, name in includes(tree, path):
            if kind == "<":
                yield from check_home(path, number, name)
                continue
            target = resolve(tree, path, name)
            if target is None:
                if name != "config.h" and path.startswith("src/"):
                    yield path, number, (f'"{name}" is not a file of src/; '
                                         'allowed: "layer/name.h"')
                continue
            yield from check_layer(path, number, target)
            yield from check_private(path, number, target)
            graph.setdefault(path, []).append(target)
    yield from check_circles(tree, graph)


BAD = [
    ({"src/base/a.c": '#include "io/loop.h"\n', "src/io/loop.h": ""},
     "base/ may not include io/; allowed: nothing"),
    ({"src/web/a.c": '#include "provider/openai.h"\n',
      "src/provider/openai.h": ""}, "web/ may not include provider/"),
    ({"src/misc/a.c": '#include "base/b.h"\n', "src/base/b.h": ""},
     "misc/ is no layer"),
    ({"src/context/a.c": "#include <sqlite3.h>\n"}, "outside its home"),
    ({"src/web/reply.c": "#include <fcgiapp.h>\n"}, "outside its home"),
    ({"src/core/a.c": "#include <json-c/json.h>\n"}, "outside its home"),
    ({"src/io/loop.h": "#include <uv.h>\n"}, "in a header"),
    ({"src/provider/a.c": '#include "io/loop_private.h"\n',
      "src/io/loop_private.h": ""}, "is private"),
    ({"src/io/a.h": '#include "io/loop_private.h"\n',
      "src/io/loop_private.h": ""}, "is private"),
    ({"src/base/a.h": '#include "base/b.h"\n',
      "src/base/b.h": '#include "base/a.h"\n'}, "include each other"),
    ({"src/base/a.c": '#include "nowhere.h"\n'}, "is not a file of src/"),
]
GOOD = {
    "src/main.c": '#include "app/app.h"\n#include "config.h"\n',
    "src/app/app.h": "",
    "src/io/loop.c": '#include "io/loop.h"\n#include <uv.h>\n'
                     '#include "base/list.h"\n',
    "src/io/loop.h": '#include "base/list.h"\n',
    "src/io/loop_private.h": "#include <uv.h>\n",
    "src/io/timer.c": '#include "io/loop_private.h"\n',
    "src/base/list.h": "#include <stddef.h>\n",
    "src/web/fcgi_decode.c": "#include <fcgiapp.h>\n",
}

if __name__ == "__main__":
    lintlib.main(check, BAD, GOOD)
