"""Checks the documents: links that lead nowhere, text that is not NFC, a Vietnamese page that
fell out of step with the English one, and tests that docs/security.md cites and nobody wrote."""
import os
import re
import sys
import unicodedata

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~)")
HEADING = re.compile(r"^#{1,6} ")
SKIPPED = re.compile(r"^(build.*|\..*|__pycache__|node_modules)$")
SPAN = re.compile(r"`([^`]+)`")


def pages(root):
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(d for d in inner if not SKIPPED.match(d))
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def outline(text):
    """Headings, numbers of code blocks, and the text outside of them."""
    headings, blocks, prose, fenced, indented = [], 0, [], False, False
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
            blocks += fenced
        elif not fenced:
            if HEADING.match(line):
                headings.append(line.lstrip("#").strip())
            code = line.startswith("    ")
            if code and not indented:
                blocks += 1
            indented = code or (indented and not line)
            prose.append(line)
    return headings, blocks, "\n".join(prose)


def anchor(heading):
    """As code forges make them: lower case, no punctuation, blanks as hyphens."""
    plain = re.sub(r"[`*\[\]]|\([^)]*\)", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def check_links(root, path, text, errors):
    for target in LINK.findall(outline(text)[2]):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, part = target.partition("#")
        full = os.path.normpath(os.path.join(os.path.dirname(path), place)) if place else path
        where = os.path.relpath(path, root)
        if not os.path.exists(full):
            errors.append(f"{where}: no such file: {target}")
        elif part and full.endswith(".md"):
            with open(full, encoding="utf-8") as f:
                if part not in [anchor(h) for h in outline(f.read())[0]]:
                    errors.append(f"{where}: no such heading: {target}")


def check_step(root, path, text, errors):
    other = path[:-len(".md")] + ".vi.md"
    if not os.path.exists(other):
        return
    with open(other, encoding="utf-8") as f:
        theirs = outline(f.read())
    ours = outline(text)
    for what, a, b in (("headings", len(ours[0]), len(theirs[0])),
                       ("code blocks", ours[1], theirs[1])):
        if a != b:
            errors.append(f"{os.path.relpath(other, root)}: {b} {what}, the English page has {a}")


def check_tests_exist(root, errors):
    """Every test that stands in the last column of docs/security.md can be found."""
    page = os.path.join(root, "docs", "security.md")
    tests = ""
    for folder, _, files in os.walk(os.path.join(root, "test")):
        for name in files:
            if name.endswith((".c", ".py", ".cmake")):
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    tests += f.read()
    words = set(re.findall(r"\w+", tests))  # megabytes: searched once
    with open(page, encoding="utf-8") as f:
        rows = [line for line in f if line.startswith("| ") and line.count("|") >= 4]
    for row in rows:
        for name in SPAN.findall(row.rstrip().rstrip("|").split("|")[-1]):
            if name not in (words if re.fullmatch(r"\w+", name) else tests):
                errors.append(f"docs/security.md: no such test: {name}")


def main():
    root = sys.argv[1]
    errors, count = [], 0
    for path in pages(root):
        count += 1
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if unicodedata.normalize("NFC", text) != text:
            errors.append(f"{os.path.relpath(path, root)}: not in Unicode NFC")
        check_links(root, path, text, errors)
        if not path.endswith(".vi.md"):
            check_step(root, path, text, errors)
    check_tests_exist(root, errors)
    print("\n".join(errors + [f"{count} pages, {len(errors)} mistakes"]))
    return 1 if errors or not count else 0


if __name__ == "__main__":
    sys.exit(main())
