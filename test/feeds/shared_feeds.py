"""Reads every file of ../shared/feeds with lachan-rules compile and explains each count.

    BUILD_DIR=build-dev python3 -B test/feeds/shared_feeds.py [--write] [FEEDS]

For each file of MANIFEST.tsv: the format that was recognised, the names in the database, the
lines refused and why. Where the names are not the manifest's distinct_domains, a second reader
(oracle.py) says which class of lines makes the difference; a difference that no class explains
fails the test. --write puts the table into docs/formats/feeds.md.

Exit status 77 means skipped: the lists may not be in this tree, for their licences.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

import oracle

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(ROOT, "docs", "formats", "feeds.md")
BEGIN = "<!-- table: written by test/feeds/shared_feeds.py --write -->\n"
END = "<!-- end of table -->\n"
PROTECTED = "a protected name or public suffix"
# A folder of squidGuard's is named in the configuration, all else recognises itself.
NAMED = {"squidguard-domains", "squidguard-urls", "squidguard-expressions"}
# What has no names in it, or must not be read as names.
NO_LISTS = ("ip list", "urls", "json", "clash yaml", "sing-box json", "surge", "quantumult",
            "hosts.deny", "v2fly", "squidguard-meta", "squidguard-usage")

# What a file must be recognised as, by the beginning of the manifest's word for it; plain lists
# of any kind are read alike.
RECOGNISED = (("hosts", "hosts"), ("adblock", "adblock"), ("mixed (adblock", "adblock"),
              ("regex", "adblock"), ("dnscrypt", "wildcard"), ("dnsmasq", "dnsmasq"),
              ("unbound", "unbound"), ("rpz", "rpz"), ("pihole regex", "regex domains"),
              ("wildcard", "wildcard domains"), ("domains", "domains hosts"))


def recognised_wrongly(row, feed):
    for start, formats in RECOGNISED:
        if feed and row["format"].startswith(start):
            return feed["format"] not in formats.split()
    return False


def compile_file(program, path, manifest_format):
    """What lachan-rules says of one file: {} when it is left out, and its complaints."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "compile", "-o", os.path.join(folder, "rules.db"), "--json"]
        if manifest_format in NAMED:
            command += ["--format", "squidguard"]
        done = subprocess.run(command + ["list=" + path], capture_output=True, text=True,
                              timeout=120, check=False,
                              env=dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE=""))
        said = done.stderr.strip().split(path + ": ")[-1]
        try:
            whole = json.loads(done.stdout)
        except ValueError:
            return {}, said
        if not whole["feeds"]:
            return {}, said
        feed = whole["feeds"][0]
        feed["all_names"] = whole["names"]
        return feed, said


def is_no_list(manifest_format):
    return manifest_format.startswith(NO_LISTS)


def explain(row, feed, path):
    """(parts, unexplained): classes with signed counts, and what is left over."""
    counted = int(row["distinct_domains"])
    if not feed:
        return ([("file refused as a whole", -counted)] if counted else []), 0
    found = oracle.names_of(path, feed["format"], row["format"])
    parts, total = [], counted
    for kind, (taken, in_manifest) in oracle.CLASSES.items():
        sign = taken - in_manifest
        if sign and found[kind]:
            parts.append((kind, sign * len(found[kind])))
            total += sign * len(found[kind])
    protected = feed["reasons"].get(PROTECTED, 0)
    if protected and total - feed["all_names"] == protected:
        parts.append((PROTECTED, -protected))
        total -= protected
    return parts, feed["all_names"] - total


def outcome(feed, said):
    if not feed:
        return said.replace("left out: ", "")
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(
        feed["reasons"].items(), key=lambda item: -item[1]))
    if feed["all_names"] == 0 and said and feed["rules"] == 0:
        return f"**{said}**" + (f" ({refused})" if refused else "")
    return refused


def table_row(row, feed, said, parts):
    guess = feed.get("format", "none")
    if row["format"] in NAMED:
        guess += " (named)"
    why = ", ".join(f"{'+' if n > 0 else '−'}{abs(n)} {kind}" for kind, n in parts)
    names = feed.get("all_names", 0)
    cells = [row["file"], guess, str(names), row["distinct_domains"], why,
             str(feed.get("idle", 0)), outcome(feed, said)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


HEADER = ["| file | read as | names | in MANIFEST | difference | idle lines | refused |",
          "|---|---|---|---|---|---|---|"]


def write_page(lines):
    with open(PAGE, encoding="utf-8") as f:
        text = f.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + "\n".join(lines) + "\n" + END + after)


def main(arguments):
    write = "--write" in arguments
    rest = [a for a in arguments if a != "--write"]
    feeds = rest[0] if rest else os.path.join(os.path.dirname(ROOT), "shared", "feeds")
    manifest = os.path.join(feeds, "MANIFEST.tsv")
    program = os.path.join(os.environ.get("BUILD_DIR", "build-dev"), "bin", "lachan-rules")
    if not os.path.exists(manifest):
        print("skipped: no lists at", feeds)
        return 77
    failures, lines, files, names = [], list(HEADER), 0, 0
    with open(manifest, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    for row in rows:
        path = os.path.join(feeds, row["file"])
        feed, said = compile_file(program, path, row["format"])
        parts, unexplained = explain(row, feed, path)
        lines.append(table_row(row, feed, said, parts))
        files += 1
        names += feed.get("all_names", 0)
        if unexplained:
            failures.append(f"{row['file']}: {unexplained:+d} names that no class explains"
                            f" ({feed['all_names']} names, manifest {row['distinct_domains']},"
                            f" {parts})")
        if recognised_wrongly(row, feed):
            failures.append(f"{row['file']}: recognised as {feed['format']}")
        if is_no_list(row["format"]) and feed.get("all_names", 0):
            failures.append(f"{row['file']}: {feed['all_names']} names read from what is no list")
    lines.append("")
    lines.append(f"{files} files, {names} names.")
    if write:
        write_page(lines)
    for failure in failures:
        print(failure)
    print(f"{files} files, {names} names, {len(failures)} unexplained")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
