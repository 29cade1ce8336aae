"""Checks every #include of ours against the table of allowed arrows.

The table is the one of docs/architecture.md; a module that is not in it, an arrow that is
not in its row, a cycle, and a private header used outside its folder are all failures.
"""
import os
import re
import sys

# lib/ module -> the modules below it that it may include (with themselves always).
LIB = {
    "base": "",
    "dns": "base",
    "net": "base",
    "control": "base",
    "conf": "base dns net",
    "rule": "base dns",
    "ruledb": "base dns rule",
    "feed": "base dns rule",
    "cache": "base",
    "local": "base dns net conf",
    "policy": "base dns net conf rule ruledb",
    "tally": "base",
    "sign": "base",
    "bundle": "base dns sign",
    "report": "base sign tally",
    "spool": "base",
    "sharing": "base spool",
    "audit": "base",
    "seal": "base",
    "accounts": "base seal",
    "cases": "base seal",
    "reviews": "base",
    "notices": "base",
    "approvals": "base",
    "yearbook": "base",
}
# A program may use all of lib/ and these folders of daemon/.
PROGRAMS = {
    "kit": "",
    "supervisor": "kit",
    "filter": "kit",
    "feeds": "kit",
    "page": "kit",
    "desk": "kit",
    "notify": "kit",
    "share": "kit",
    "console": "kit",
    "district": "kit",
}
PRIVATE = re.compile(r"(^|/)internal\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def sources(root, top):
    for folder, _, files in os.walk(os.path.join(root, top)):
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), root)


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return INCLUDE.findall(f.read())


def check_lib(root, errors):
    for path in sources(root, "lib"):
        module = path.split("/")[1]
        if module not in LIB:
            errors.append(f"{path}: module {module} has no row in test/layers/layers.py")
            continue
        allowed = set(LIB[module].split()) | {module}
        for inc in includes(root, path):
            target = inc.split("/")[0]
            if "/" not in inc:
                errors.append(f'{path}: "{inc}": include by module, "{module}/{inc}"')
            elif target not in allowed:
                errors.append(f'{path}: {module} may not include "{inc}"')
            elif PRIVATE.search(inc) and target != module:
                errors.append(f'{path}: "{inc}" is private to {target}')


def check_programs(root, errors):
    for path in sources(root, "daemon"):
        program = path.split("/")[1]
        if program not in PROGRAMS:
            errors.append(f"{path}: {program} has no row in test/layers/layers.py")
            continue
        allowed = set(LIB) | set(PROGRAMS[program].split()) | {program}
        for inc in includes(root, path):
            target = inc.split("/")[0]
            if "/" not in inc:
                errors.append(f'{path}: "{inc}": include by folder, "{program}/{inc}"')
            elif target not in allowed:
                errors.append(f'{path}: {program} may not include "{inc}"')
            elif PRIVATE.search(inc) and target != program:
                errors.append(f'{path}: "{inc}" is private to {target}')


def check_cycles(root, errors):
    """No circle among files: a header that needs its own user lacks a third file."""
    graph = {}
    for top in ("lib", "daemon"):
        for path in sources(root, top):
            graph[path] = [f"{t}/{i}" for i in includes(root, path) for t in ("lib", "daemon")
                           if os.path.exists(os.path.join(root, t, i))]
    done, path_now = set(), []

    def visit(node):
        if node in path_now:
            errors.append("circle: " + " -> ".join(path_now[path_now.index(node):] + [node]))
            return
        if node in done:
            return
        path_now.append(node)
        for nxt in graph.get(node, []):
            visit(nxt)
        path_now.pop()
        done.add(node)

    for node in sorted(graph):
        visit(node)


def main():
    root = sys.argv[1]
    errors = []
    check_lib(root, errors)
    check_programs(root, errors)
    check_cycles(root, errors)
    for e in errors:
        print(e)
    print(f"{len(errors)} forbidden arrows")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
