#!/usr/bin/env python3
"""Runs a program inside the fence of our systemd unit, where no systemd runs:

    unshare -m fence.py UNIT WRITABLE-FOLDER PROGRAM ARGUMENT...      as root

A file system that is read-only but for one folder, another user, the unit's capabilities and
no others, no_new_privs, its list of system calls, its socket families, no memory that is
written and executed. Says why and ends with 77 where this machine cannot do that.
"""
import ctypes
import json
import os
import socket
import subprocess
import sys

USER = "65534"
ALLOW, EPERM = 0x7fff0000, 0x00050000 | 1
EQUAL, MASKED, NOT_EQUAL = 4, 7, 1
PROT_WRITE, PROT_EXEC = 2, 4


def impossible(why):
    print("fence: " + why, file=sys.stderr)
    sys.exit(77)


def settings(path):
    """{key: [values]} of the unit."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                found.setdefault(key, []).append(value)
    return found


def expand(name):
    """The calls behind a name or a @group."""
    if not name.startswith("@"):
        return {name}
    told = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name],
                          capture_output=True, text=True, check=False).stdout
    words = [line.split("#")[0].strip() for line in told.splitlines()[1:]]
    return set().union(*(expand(word) for word in words if word), set())


def allowed_calls(lines):
    calls = expand("@default")
    for line in lines:
        for name in line.lstrip("~").split():
            calls = calls - expand(name) if line.startswith("~") else calls | expand(name)
    return calls


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int),
                ("first", ctypes.c_uint64), ("second", ctypes.c_uint64)]


def limit_calls(calls, families):
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(EPERM)))

    def allow(name, *when):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number != -1:
            lib.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, len(when),
                                       (Comparison * len(when))(*when))
    limited = {"socket", "mmap", "mprotect", "clone3"}
    for name in sorted(set(calls) - limited):
        allow(name)
    for family in families:
        allow("socket", Comparison(0, EQUAL, getattr(socket, family), 0))
    allow("mprotect", Comparison(2, MASKED, PROT_EXEC, 0))
    allow("mmap", Comparison(2, MASKED, PROT_EXEC, 0))
    allow("mmap", Comparison(2, MASKED, PROT_EXEC | PROT_WRITE, PROT_EXEC))
    number = lib.seccomp_syscall_resolve_name(b"clone3")  # RestrictNamespaces: use clone
    lib.seccomp_rule_add_array(context, ctypes.c_uint32(0x00050000 | 38), number, 0, None)
    if lib.seccomp_load(context) != 0:
        impossible("no filter of system calls can be loaded")


def as_root(unit, folder, command):
    found = settings(unit)
    for mount in (["mount", "--make-rprivate", "/"], ["mount", "--bind", folder, folder],
                  ["mount", "-o", "remount,bind,ro", "/"]):
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            impossible("no mounts can be changed here")
    plan = {"calls": sorted(allowed_calls(found["SystemCallFilter"])),
            "families": found["RestrictAddressFamilies"][0].split()}
    if len(plan["calls"]) < 100:
        impossible("systemd-analyze tells no groups of system calls")
    caps = {key: "-all," + ",".join("+" + word.lower().replace("cap_", "")
                                    for word in found[key][0].split())
            for key in ("AmbientCapabilities", "CapabilityBoundingSet")}
    os.execvp("setpriv", [
        "setpriv", "--reuid", USER, "--regid", USER, "--clear-groups",
        "--inh-caps=" + caps["AmbientCapabilities"], "--ambient-caps=" + caps["AmbientCapabilities"],
        "--bounding-set=" + caps["CapabilityBoundingSet"], "--no-new-privs",
        sys.executable, os.path.abspath(__file__), "--inside", json.dumps(plan), *command])


def inside(plan, command):
    limit_calls(plan["calls"], plan["families"])
    os.execv(command[0], command)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        inside(json.loads(sys.argv[2]), sys.argv[3:])
    as_root(sys.argv[1], sys.argv[2], sys.argv[3:])
