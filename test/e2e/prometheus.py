"""A strict reader of Prometheus' text format 0.0.4, for tests: what it takes, Prometheus takes."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
HELP = re.compile(r"# HELP (%s) (.+)" % NAME)
TYPE = re.compile(r"# TYPE (%s) (counter|gauge|histogram|summary|untyped)" % NAME)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
SAMPLE = re.compile(r"(%s)(?:\{(.*)\})? (\S+)" % NAME)
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


def fail(number, line, why):
    raise ValueError("line %d: %s: %r" % (number, why, line))


def read_labels(number, line, text):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        if not found:
            fail(number, line, "labels that cannot be read")
        name, value, comma = found.groups()
        if name in labels or name.startswith("__"):
            fail(number, line, "a label twice, or one that is Prometheus' own")
        if comma and found.end() == len(text):
            fail(number, line, "a comma at the end of labels")
        labels[name], at = value, found.end()
    return labels


def family_of(name, types):
    if name in types:
        return name
    for part in HISTOGRAM_PARTS:
        if name.endswith(part) and types.get(name[:-len(part)]) == "histogram":
            return name[:-len(part)]
    return None


def parse(text):
    """({family: type}, {(name, ((label, value), ...)): number}). ValueError says what is wrong."""
    if not text.endswith("\n"):
        raise ValueError("the last line does not end")
    helps, types, samples, closed, now = {}, {}, {}, set(), None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if help_line := HELP.fullmatch(line):
            if help_line[1] in helps:
                fail(number, line, "HELP twice")
            helps[help_line[1]] = help_line[2]
        elif type_line := TYPE.fullmatch(line):
            name = type_line[1]
            if name in types or name not in helps:
                fail(number, line, "TYPE twice, or before HELP")
            types[name] = type_line[2]
        elif line.startswith("#") or not line:
            fail(number, line, "neither HELP nor TYPE nor a sample")
        else:
            read_sample(number, line, types, samples)
            family = family_of(SAMPLE.fullmatch(line)[1], types)
            if family != now:
                if family in closed:
                    fail(number, line, "samples of a family apart from each other")
                closed.add(now)
                now = family
    for name in types:
        if not any(family_of(key[0], types) == name for key in samples):
            raise ValueError("%s has no sample" % name)
        if types[name] == "histogram":
            check_histogram(name, samples)
    return types, samples


def read_sample(number, line, types, samples):
    found = SAMPLE.fullmatch(line)
    if not found:
        fail(number, line, "no sample")
    family = family_of(found[1], types)
    if family is None:
        fail(number, line, "a sample before its TYPE")
    if types[family] == "histogram" and found[1] == family:
        fail(number, line, "a histogram's own name has no sample")
    key = (found[1], tuple(sorted(read_labels(number, line, found[2] or "").items())))
    if key in samples:
        fail(number, line, "a series twice")
    value = float(found[3])
    if value != value or (types[family] == "counter" and value < 0):
        fail(number, line, "a value that cannot be")
    if types[family] == "counter" and not family.endswith("_total"):
        fail(number, line, "a counter whose name does not end in _total")
    samples[key] = value


def check_histogram(name, samples):
    """Buckets grow, end in +Inf, and that is the count."""
    buckets = []
    for (sample, labels), value in samples.items():
        if sample == name + "_bucket":
            labels = dict(labels)
            buckets.append((float(labels.pop("le")), value))
            if labels:
                raise ValueError("%s: labels that this reader does not sort by" % name)
    if not buckets or buckets != sorted(buckets) or buckets[-1][0] != float("inf"):
        raise ValueError("%s: buckets out of order, or without +Inf" % name)
    values = [value for _, value in buckets]
    if values != sorted(values):
        raise ValueError("%s: buckets are not cumulative" % name)
    if samples[(name + "_count", ())] != values[-1] or (name + "_sum", ()) not in samples:
        raise ValueError("%s: count is not the last bucket, or no sum" % name)


def assert_monotonic(types, before, after):
    """No counter and no bucket has gone back, and none has gone away."""
    for (name, labels), value in before.items():
        family = family_of(name, types)
        if types[family] == "counter" or types[family] == "histogram":
            if after.get((name, labels), -1) < value:
                raise AssertionError("%s%s went from %s to %s" % (
                    name, labels, value, after.get((name, labels))))
