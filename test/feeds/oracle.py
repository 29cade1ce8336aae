"""A second reading of lists, written apart from lib/feed: which names a file holds, by class.

It knows only the shapes of lines that real lists have. Each function yields (class, name) for
one line; a name of class COUNTED is one that MANIFEST.tsv counts, of class TAKEN one that the
filter lists and the manifest does not count, of class LEFT one that only the manifest counts.
"""
import ipaddress
import re
import unicodedata

LABEL = re.compile(r"^[a-z0-9_-]{1,63}$")
LOCAL = {"localhost", "local", "localhost.localdomain", "localdomain", "broadcasthost",
         "ip6-localhost", "ip6-loopback", "ip6-localnet", "ip6-mcastprefix",
         "ip6-allnodes", "ip6-allrouters", "ip6-allhosts"}

# Class -> whether the filter has the name, and whether the manifest counts it.
COUNTED, TAKEN, LEFT = (True, True), (True, False), (False, True)
CLASSES = {
    "name": COUNTED,
    "exception": TAKEN,
    "below a name": TAKEN,
    "name alone": TAKEN,
    "name with an empty path": TAKEN,
    "with conditions": TAKEN,
    "name in an expression": TAKEN,
    "mapping": TAKEN,
    "names in a list of expressions": TAKEN,
    "owner under .rpz.ip": TAKEN,
    "start of names": LEFT,
    "followed by other words": LEFT,
    "undone by $badfilter": LEFT,
    "followed by a comment": TAKEN,
}


def is_address(text):
    text = text.strip("[]").split("%")[0]
    try:
        ipaddress.ip_network(text, strict=False)
        return True
    except ValueError:
        return False


def name_of(text):
    """A name in lower case and A-labels, with two labels or more; else None."""
    text = text.strip().lower()
    text = text[:-1] if text.endswith(".") else text
    if any(ord(c) > 127 for c in text):
        try:
            text = ".".join(
                label if label.isascii() else "xn--" + label.encode("punycode").decode()
                for label in unicodedata.normalize("NFKC", text).split("."))
        except UnicodeError:
            return None
    labels = text.split(".")
    if len(labels) < 2 or len(text) > 253 or not all(map(LABEL.match, labels)):
        return None
    if labels[-1].isdigit() or text in LOCAL:
        return None
    return text


# ---- plain lists ----

def read_plain(line):
    if line[:1] in "#!;" or line.startswith("//"):
        return
    line = re.sub(r"(^|\s)#.*", "", line).strip()
    words = line.split()
    if len(words) > 1:
        if not is_address(words[0]) and words[0] != "0":
            yield "followed by other words", name_of(strip_star(words[0]))
            return
        words = words[1:]
    for word in words:
        yield "name", name_of(strip_star(word))


def strip_star(word):
    word = word[2:] if word.startswith("*.") else word
    return word[1:] if word.startswith(".") else word


# ---- adblock ----

BROWSER = re.compile(
    r"^~?(third-party|3p|1p|first-party|popup|popunder|domain|image|script|xmlhttprequest|xhr|"
    r"websocket|csp|subdocument|redirect|stylesheet|media|document|doc|rewrite|generichide|"
    r"object|other|font|ping|webrtc|elemhide|app|network|removeparam|cookie|frame|iframe)(=|$)")
OURS = re.compile(r"^(dnstype|denyallow|client|ctag|dnsrewrite)(=|$)|^badfilter$")


def modifiers_of(text):
    """plain, conditions, browser, or refused."""
    kind = "plain"
    for word in filter(None, re.split(r"(?<!\\),", text)):
        if word in ("important", "all"):
            continue
        if OURS.match(word):
            wrong = re.search(r"\.\*(\||$)", word)
            kind = "refused" if wrong or kind == "refused" else (
                kind if kind == "browser" else "conditions")
        elif BROWSER.match(word):
            kind = kind if kind == "refused" else "browser"
        else:
            kind = "refused"
    return kind


def adblock_shape(pattern):
    """(class, name) of a pattern without its modifiers."""
    plain = re.match(r"^\|\|([^*^|/:?]+)(\^\*|\^\|?|\|)?$", pattern)
    if plain:
        if not plain.group(2) and plain.group(1).endswith((".", "-")):
            at_dot = plain.group(1).endswith(".")
            return "start of names" if at_dot else "name", name_of(plain.group(1))
        return "name", name_of(plain.group(1))
    pathless = re.match(r"^\|\|([^*^|/:?]+)/\*?$", pattern)
    if pathless:
        return "name with an empty path", name_of(pathless.group(1))
    below = re.match(r"^(\|\||://)?\*\.([^*^|/:?]+)(\^\*|\^\|?|\|)$", pattern) or \
        re.match(r"^(\*)?\.([^*^|/:?]+)[\^|]+$", pattern)
    if below:
        return "below a name", name_of(below.group(2))
    alone = re.match(r"^(?:\||://|\|?http://)([^*^|/:?]+)(?:[\^|]+|/)$", pattern)
    if alone:
        return "name alone", name_of(alone.group(1))
    if re.match(r"^(?:://\*|\*?)\.[a-z0-9.-]+$", pattern):
        name = name_of(pattern.lstrip(":/*."))
        return "below a name", name if name and name.split(".")[-1] in TLDS else None
    if not re.search(r"[*^|/:?=&]", pattern) and not re.match(r"^[-_.]", pattern):
        return "name", None if pattern.endswith((".", "-")) else name_of(pattern)
    return "pattern", None


# The last labels of those ".name" patterns of the shared lists that are meant as names.
TLDS = {"com", "net", "org", "ru", "vn", "info", "xyz", "top", "site", "club", "io", "tv", "me"}

SPELLED = re.compile(r"^(?:\(\^\|\\\.\)|\(\\\.\|\^\)|\^)((?:[a-z0-9_-]|\\\.)+)\$$")


def read_adblock(line):
    if line[:1] in "![" or (line.startswith("#") and not re.match(r"^#[@?$%#]", line)):
        return
    if re.search(r"#[#@?$%]|\$[$@]", line) and not re.match(r"^\S+ #", line):
        return
    words = line.split()
    if len(words) > 1 and words[1][0] not in "#!":
        if "$" in words[0] or "/" in words[0]:
            return
        if is_address(words[0]):
            yield from read_plain(line)
        else:
            kind, name = adblock_shape(words[0].lstrip("@"))
            alone = kind == "name" and words[1] == "^"
            yield "followed by other words", name if alone else None
        return
    noted = len(words) > 1
    rule = words[0]
    exception = rule.startswith("@@")
    rule = rule[2:] if exception else rule
    expression = re.match(r"^/(.+)/(?:\$(.*))?$", rule)
    if expression:
        spelled = SPELLED.match(expression.group(1).lower())
        if spelled and modifiers_of(expression.group(2) or "") in ("plain", "conditions"):
            name = name_of(spelled.group(1).replace("\\.", "."))
            yield "exception" if exception else "name in an expression", name
        return
    if rule.startswith("/"):
        return
    pattern, _, words = rule.partition("$")
    modifiers = modifiers_of(words)
    if modifiers in ("browser", "refused"):
        return
    kind, name = adblock_shape(pattern)
    if kind == "pattern" or name is None:
        return
    if kind == "start of names":
        if modifiers == "plain" and not exception:
            yield kind, name
    elif exception:
        yield "exception", name
    elif modifiers == "conditions" and kind == "name":
        yield "with conditions", name
    elif noted and kind == "name":
        yield "followed by a comment", name
    else:
        yield kind, name


def undoing(lines):
    """What $badfilter rules undo: (exception, shape, other modifiers)."""
    return {key for key, bad in map(rule_key, lines) if bad}


def rule_key(line):
    """A rule as it is compared, and whether it undoes what equals it."""
    rule = line.split()[0] if line.split() else ""
    exception = rule.startswith("@@")
    pattern, _, words = rule.lstrip("@").partition("$")
    words = set(words.split(",")) - {"all", ""}
    key = exception, adblock_shape(pattern), pattern if "*" in pattern else "", \
        frozenset(words - {"badfilter"})
    return key, "badfilter" in words


# ---- the settings of other servers ----

def read_dnsmasq(line):
    line = re.sub(r"(^|\s)#.*", "", line).strip()
    slashed = re.match(r"^(address|server|local)=/(.*)/([^/]*)$", line)
    if slashed:
        value = slashed.group(3).split("#")[0].split("@")[0]
        usual = slashed.group(1) != "address" and slashed.group(3) and \
            value not in ("127.0.0.1", "0.0.0.0", "::", "::1")
        for name in slashed.group(2).split("/"):
            # an exception is a name too, and the manifest counts both
            yield "name" if usual else "name", name_of(strip_star(name))
    mapped = re.match(r"^cname=(.*)$", line)
    if mapped:
        for name in mapped.group(1).split(",")[:-1]:
            yield "mapping", name_of(name)
    mapped = re.match(r"^host-record=(.*)$", line)
    if mapped:
        for name in mapped.group(1).split(","):
            yield "mapping", name_of(name)


def read_unbound(line):
    zone = re.match(r'^local-zone:\s*"?([^"\s]+)"?\s+(\S+)', line)
    if zone:
        yield "name", name_of(strip_star(zone.group(1)))
    data = re.match(r'^local-data:\s*"([^"\s]+)\s', line)
    if data:
        yield "mapping", name_of(data.group(1))


def read_rpz(line):
    line = line.split(";")[0]
    record = re.match(r"^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?CNAME\s+(\S+)\s*$", line)
    if record and record.group(1) != "@":
        name = name_of(strip_star(record.group(1)))
        rpz_ip = name is not None and name.endswith(".rpz.ip")
        yield "owner under .rpz.ip" if rpz_ip else "name", name


def read_expression(line):
    if line.startswith("#"):
        return
    spelled = SPELLED.match(re.sub(r"\s#.*", "", line).strip().lower())
    if spelled:
        yield "name in an expression", name_of(spelled.group(1).replace("\\.", "."))


def read_named(line):
    for _, name in read_plain(line):
        yield "names in a list of expressions", name


READERS = {"hosts": read_plain, "domains": read_plain, "wildcard": read_plain,
           "squidguard": read_plain, "adblock": read_adblock, "dnsmasq": read_dnsmasq,
           "unbound": read_unbound, "rpz": read_rpz, "regex": read_expression}


def names_of(path, file_format, manifest_format):
    """{class: set of names}, each name in the first of its classes."""
    reader = READERS[file_format]
    if manifest_format == "pihole regex" and file_format == "domains":
        reader = read_named
    found = {}
    with open(path, encoding="utf-8-sig", errors="replace", newline=None) as f:
        lines = f.read().replace("\r", "\n").split("\n")
    undone = undoing(lines) if file_format == "adblock" else set()
    for line in lines:
        line = line.rstrip() if file_format == "rpz" else line.strip()
        if not line:
            continue
        gone, bad = rule_key(line) if undone else (None, False)
        for kind, name in reader(line):
            if name is None or bad:
                continue
            kind = "undone by $badfilter" if gone in undone else kind
            found.setdefault(kind, set()).add(name)
    seen = set()
    for kind in CLASSES:
        found[kind] = found.get(kind, set()) - seen
        seen |= found[kind] if CLASSES[kind][0] else set()
    return found
