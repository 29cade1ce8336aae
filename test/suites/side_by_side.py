#!/usr/bin/env python3
"""Puts both suites to every server that is installed, compares us with unbound, and writes the page.

    BUILD_DIR=build python3 -B test/suites/side_by_side.py [docs/peers-compared.md]     # 8 minutes"""
import datetime
import os
import platform
import subprocess
import sys
import tempfile

import hostile
import rfc8906
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = """# Beside other servers

The same cases put to us and to the servers that are installed beside us, in one run on one machine; a page that
`test/suites/side_by_side.py` writes, last on %s (%s).

    BUILD_DIR=build python3 -B test/suites/side_by_side.py docs/peers-compared.md

Each server is a forwarder on a loopback port with two threads, the defences it has switched on, and DNSSEC
validation off; `test/suites/peers.py` has every setting. The upstream servers are the suites' own. What a case
expects is a sentence here and code in `test/suites/`; what a server did instead stands behind the table. A case
that fails is no verdict on a server: some follow an older document, some choose otherwise, and the cases are
those that a school's filter should pass.

"""
COMPARED = """## Us and unbound, question by question

%s

20,000 names and types (seed 1: existing and missing ones, wildcards, empty non-terminals, CNAME chains, DNAMEs,
large answers that need TCP, odd types, extreme lifetimes, signed zones; without EDNS, with EDNS, with DO, with CD)
through one recorded upstream, `test/suites/recorded.py`. Compared are rcode, flags and every record, after order,
letter case within data, compression and seconds that passed are taken away; ours were asked twice, fresh and from
the cache.

%s

%s
"""


def section(module, options):
    names, versions, results = suite.run(module.SUITE, module.GROUPS, options)
    command = "python3 -B test/suites/%s.py" % module.__name__
    return suite.markdown(module.SUITE, names, versions, results, command)


def compared():
    """compare.py's table, and its last line."""
    command = ["compare.py", "--count", "20000", "--seed", "1"]
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, command[0]), *command[1:],
                               "--markdown", file.name], stdout=subprocess.PIPE, text=True,
                              check=False)
        return COMPARED % ("`python3 -B test/suites/%s`" % " ".join(command), file.read().rstrip(),
                           done.stdout.splitlines()[-1] + ".")


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "docs/peers-compared.md"
    sys.argv = sys.argv[:1]
    options = suite.arguments(rfc8906.SUITE)
    pages = [HEAD % (datetime.date.today().isoformat(), "%s, %d processors" % (
        platform.platform(terse=True), os.cpu_count()))]
    for module in (rfc8906, hostile):
        pages.append(section(module, options))
    pages.append(compared())
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(pages))


if __name__ == "__main__":
    main()
