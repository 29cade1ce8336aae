"""Cases, the servers they are put to, and the table of who passes what.

    @case("8.2.2", "a version of EDNS that does not exist: BADVERS, no answer, an OPT of version 0")
    def edns_version(c):
        reply = c.ask(c.zone, "SOA", version=1)
        c.expect(reply.rcode == BADVERS, "rcode %d" % reply.rcode)

A case fails by every sentence that expect() was given with something false, and by silence or
an answer that cannot be read where it asked for one.
"""
import argparse
import concurrent.futures
import os
import resource
import shutil
import socket
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

import lachan_dns as dns  # noqa: E402
import peers  # noqa: E402
from lachan_test import SKIPPED, free_port  # noqa: E402

BADVERS, BADCOOKIE = 16, 23
ZONE = "suite.example.vn"
PUBLIC = "9.8.7."  # a public range that no server takes for private or for documentation


class Case:
    def __init__(self, ident, section, wanted, run, **how):
        self.ident, self.section, self.wanted, self.run = ident, section, wanted, run
        self.group = how.pop("group", "plain")  # which server of the suite it is put to
        self.alone = how.pop("alone", False)    # nothing else may run beside it


class Suite:
    def __init__(self, title):
        self.title, self.cases = title, []

    def case(self, section, wanted, ident=None, **how):
        def take(function):
            name = ident or function.__name__.replace("_", "-")
            assert all(c.ident != name for c in self.cases), name
            self.cases.append(Case(name, section, wanted, function, **how))
            return function
        return take


class Context:
    """What a case has: the server, the stage of upstream servers, and a place for complaints.
    `patience` stretches every bound of time (slow machines, sanitizers)."""

    def __init__(self, server, stage, patience):
        self.server, self.stage, self.patience = server, stage, patience
        self.address, self.zone = ("127.0.0.1", server.port), ZONE
        self.wrong = []

    def expect(self, right, sentence):
        if not right:
            self.wrong.append(sentence)
        return right

    def ask(self, name, rtype="A", *, timeout=6.0, **how):
        """As lachan_dns.ask(), and over TCP where the answer was cut; an answer that is not
        ours, or none, ends the case."""
        reply = dns.ask(self.address, name, rtype, timeout=timeout * self.patience, **how)
        if reply.tc and not how.get("tcp"):
            how["tcp"] = True
            reply = dns.ask(self.address, name, rtype, timeout=timeout * self.patience, **how)
        return reply

    def send(self, wire, *, tcp=False, timeout=6.0, source=None):
        """Bytes to bytes, or None where silence is what came, twice, as stubs ask twice."""
        for _ in range(2):
            try:
                return dns.ask_bytes(self.address, wire, tcp=tcp, source=source,
                                     timeout=timeout / 2 * self.patience)
            except (OSError, ConnectionError):
                continue
        return None

    def alive(self):
        """Whatever was just sent: the server serves on."""
        name = "alive-%s.%s" % (os.urandom(5).hex(), ZONE)
        try:
            reply = self.ask(name)
            self.expect(reply.rcode == dns.NOERROR and reply.answer, "serves no more after it")
        except (OSError, ValueError) as error:
            self.expect(False, "serves no more after it (%s)" % (error or "silence"))


def run_case(case, context):
    """The sentences in which it fails."""
    begin = time.monotonic()
    try:
        case.run(context)
    except (TimeoutError, socket.timeout):
        context.wrong.append("no answer")
    except ConnectionError as error:
        context.wrong.append("connection ended: %s" % error)
    except OSError as error:
        context.wrong.append(str(error))
    except (ValueError, struct.error, IndexError, UnicodeDecodeError) as error:
        context.wrong.append("cannot read the answer: %s" % error)
    if os.environ.get("TIMES"):
        print("    %5.1f s %s" % (time.monotonic() - begin, case.ident), file=sys.stderr)
    return context.wrong


def run_cases(cases, server, stage, patience, workers):
    """{ident: sentences}; those that want to be alone come last, one by one."""
    result = {}
    together = [c for c in cases if not c.alone]
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(run_case, c, Context(server, stage, patience)): c for c in together}
        for job in concurrent.futures.as_completed(jobs):
            result[jobs[job].ident] = job.result()
    for case in cases:
        if case.alone:
            result[case.ident] = run_case(case, Context(server, stage, patience))
    return result


def run_group(kind, cases, make_stage, options, workers):
    """A server of its own for these cases; ({ident: sentences}, what is wrong with the server)."""
    folder, stage, server, log = tempfile.mkdtemp(prefix="lachan-suite-", dir="/tmp"), \
        make_stage(), None, ""
    wrong = []
    try:
        server = kind(folder, stage.ports)
        server.start("ready." + ZONE)
        result = run_cases(cases, server, stage, options.patience, workers)
        if server.process.poll() is not None:
            wrong.append("the server has ended")
    finally:
        if server is not None:
            log = server.stop()
        stage.close()
        if options.keep:
            print("kept:", folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if "Sanitizer" in log:
        print(log, file=sys.stderr)
        wrong.append("a sanitizer has a finding")
    return result, wrong


def run_server(suite, kind, groups, options):
    """Starts the server once for each group of cases; {ident: sentences}. In the check a case
    that fails has two more tries, each alone and with a fresh server: a machine that stands
    still for three seconds looks like a fault."""
    result = {}
    for name, make_stage in groups.items():
        cases = [c for c in suite.cases if c.group == name and chosen(c, options)]
        if not cases:
            continue
        begin = time.monotonic()
        got, wrong = run_group(kind, cases, make_stage, options, options.workers)
        for _ in range(2 if options.check else 0):
            again = [c for c in cases if got[c.ident]]
            if again:
                for case in again:
                    print("  once more: %s (%s)" % (case.ident, "; ".join(got[case.ident])),
                          file=sys.stderr)
                fresh, more = run_group(kind, again, make_stage, options, 1)
                got.update(fresh)
                wrong += more
        got[cases[-1].ident] += wrong
        result.update(got)
        print("  %s, %d cases of %s: %.0f s" % (kind.PROGRAM, len(cases), name,
                                               time.monotonic() - begin), file=sys.stderr)
    return result


def chosen(case, options):
    return not options.only or any(word in case.ident for word in options.only.split(","))


def print_table(suite, names, results, out=sys.stdout):
    """Cases down, servers across."""
    cases = [c for c in suite.cases if any(c.ident in results[n] for n in names)]
    print("%s: %d cases" % (suite.title, len(cases)), file=out)
    for case in cases:
        marks = ["ok" if not results[n].get(case.ident, ["?"]) else "FAIL" for n in names]
        print("  %-10s %-34s %s" % (case.section, case.ident,
                                    " ".join("%-8s" % m for m in marks)), file=out)
        for name in names:
            for sentence in results[name].get(case.ident, []):
                print("      %s: %s" % (name, sentence), file=out)
    for name in names:
        passed = sum(not wrong for wrong in results[name].values())
        print("%-8s %d of %d (%.1f %%)" % (name, passed, len(results[name]),
                                          100 * passed / max(1, len(results[name]))), file=out)


def markdown(suite, names, versions, results, command):
    """The same for docs/."""
    cases = suite.cases
    lines = ["## %s" % suite.title, "", "`%s`" % command, "",
             "| server | version | passes | of | |", "|---|---|---|---|---|"]
    for name in names:
        passed = sum(not wrong for wrong in results[name].values())
        total = len(results[name])
        lines.append("| %s | %s | %d | %d | %.1f %% |" % (
            name, versions[name], passed, total, 100 * passed / max(1, total)))
    lines += ["", "| case | from | expected | fails |", "|---|---|---|---|"]
    for case in cases:
        fails = [n for n in names if results[n].get(case.ident)]
        lines.append("| `%s` | %s | %s | %s |" % (
            case.ident, case.section, case.wanted.replace("|", "\\|"), ", ".join(fails) or ""))
    lines += ["", "Why, in the suite's words:", ""]
    for case in cases:
        for name in names:
            if results[name].get(case.ident):
                lines.append("- `%s`, %s: %s" % (case.ident, name, shorten(
                    "; ".join(results[name][case.ident]))))
    return "\n".join(lines) + "\n"


def shorten(text, limit=200):
    text = "".join(ch if ch.isprintable() else "?" for ch in text).replace("|", "\\|")
    return text if len(text) <= limit else text[:limit - 1] + "…"


def arguments(suite):
    parser = argparse.ArgumentParser(description=suite.title)
    parser.add_argument("--check", action="store_true",
                        help="ours alone; status 1 if one case fails")
    parser.add_argument("--servers", default="",
                        help="of %s; else all that are installed" % ", ".join(peers.KINDS))
    parser.add_argument("--only", default="", help="cases whose name has one of these words")
    parser.add_argument("--patience", type=float, default=None,
                        help="stretches bounds of time (1; 5 with --check)")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--markdown", default="", help="write the table to this file too")
    parser.add_argument("--keep", action="store_true", help="keep the servers' folders")
    options = parser.parse_args()
    if options.patience is None:
        options.patience = 5.0 if options.check else 1.0
    return options


def more_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run(suite, groups, options):
    """(names, versions, results) of every server that is there."""
    more_descriptors()
    wanted = ["lachan"] if options.check else \
        [n for n in (options.servers.split(",") if options.servers else peers.KINDS)]
    names, versions, results = [], {}, {}
    for name in wanted:
        kind = peers.KINDS[name]
        missing = kind.missing()
        if missing:
            print("%s is left out: %s" % (name, missing), file=sys.stderr)
            continue
        begin = time.monotonic()
        results[name] = run_server(suite, kind, groups, options)
        versions[name] = kind.version()
        names.append(name)
        print("%s: %.0f s" % (name, time.monotonic() - begin), file=sys.stderr)
    return names, versions, results


def main(suite, groups):
    options = arguments(suite)
    names, versions, results = run(suite, groups, options)
    if not names:
        sys.exit(SKIPPED)
    print_table(suite, names, results)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(suite, names, versions, results,
                                "python3 -B test/suites/" + os.path.basename(sys.argv[0])))
    if options.check and any(results["lachan"].values()):
        sys.exit(1)


__all__ = ["BADCOOKIE", "BADVERS", "PUBLIC", "Suite", "ZONE", "dns", "free_port", "main"]
