"""Summaries as a school makes them, without a school: canonical bytes, ids, file names
(docs/protocol.md). Tests that add up what was published make their documents here."""
import datetime
import gzip
import hashlib
import json
import os

OFFSET = datetime.timezone(datetime.timedelta(hours=7))
SENSITIVE = ["adult", "extremism", "drugs_alcohol_tobacco", "self_harm", "child_abuse", "dating"]


def midnight(day):
    return datetime.datetime(day.year, day.month, day.day, tzinfo=OFFSET)


def report_id(unit, begin, end, cut, revision):
    """UUID of version 8 over the first 16 octets, as docs/protocol.md says."""
    text = "lachan-summary|%s|%s|%d|%d|%s|%d" % (
        unit, begin.strftime("%Y%m%d"), midnight(begin).timestamp(), midnight(end).timestamp(),
        cut, revision)
    octets = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def record(category, attempts, devices=None, tier=None):
    """One cell; attempts None: `below`."""
    made = {"tier": tier} if tier else {}
    made["category"] = category
    made["attempts"] = "below" if attempts is None else attempts
    if attempts:
        made["devices"] = devices or ("20-49" if attempts >= 50 else "10-19")
    return made


def document(unit, begin, records, *, days=1, revision=1, name="Trường thử", kinds=("primary",),
             enforce=True, uptime=36000, unfiltered=0, partial=False, feed_hours=20, tiers=None,
             reviews=("0-9", 100), failures=(), names=(), silent=("ads_tracking",)):
    """A document as ordered members; `days` 7 is a week of sensitive categories."""
    end = begin + datetime.timedelta(days=days)
    week = days == 7
    made = {"format": "lachan-summary", "version": "1.0",
            "report-id": report_id(unit, begin, end, "week-sensitive" if week else "day",
                                   revision),
            "revision": revision}
    if week:
        made["cut"] = "week-sensitive"
    made["organization"] = {"unit": unit, "name": name, "kind": list(kinds)}
    made["contact-info"] = ""
    made["generator"] = "lachan 0.1.0"
    made["date-range"] = {"start-datetime": midnight(begin).isoformat(),
                          "end-datetime": midnight(end).isoformat()}
    made["policy"] = {
        "sha256": "00ff", "enforce": enforce,
        "tiers": [{"tier": kind, "block": ["adult", "gambling", "games"], "youtube": "strict"}
                  for kind in kinds],
        "categories": [{"category": "adult", "entries": 900},
                       {"category": "gambling", "entries": 52000}],
        "feeds": [{"name": "ut1-gambling", "entries": 52000, "age-hours": feed_hours,
                   "sha256": "ab12"}],
        "privacy": {"min-devices": 10, "min-population": 20, "round": 5, "cap": 20,
                    "sensitive": SENSITIVE, "silent": list(silent)}}
    made["coverage"] = {"uptime-seconds": uptime, "unfiltered-seconds": unfiltered,
                        "partial": partial, "placement": "gateway", "shared-source": False}
    if not week:
        made["coverage"]["queries"] = 12000
        made["coverage"]["tiers"] = [
            {"tier": kind, "devices": (tiers or {}).get(kind, "100-249"),
             "by-default-percent": 0} for kind in kinds]
    made["records"] = list(records)
    made["published-total"] = sum(r["attempts"] for r in records
                                  if r["attempts"] != "below" and r["category"] not in silent)
    if not week:
        made["names"] = list(names)
        made["reviews"] = {"requested": reviews[0], "answered-percent": reviews[1]}
    stamp = midnight(begin).isoformat()
    made["failures"] = [{"type": kind, "count": count, "first": stamp, "last": stamp}
                        for kind, count in failures]
    return made


def encode(made):
    """The canonical bytes: one line, no blanks."""
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def file_name(made):
    unit = made["organization"]["unit"] or "unenrolled"
    days = [made["date-range"][key][:10].replace("-", "")
            for key in ("start-datetime", "end-datetime")]
    return "%s!%s!%s!%s.json.gz" % (unit, *days, made["report-id"])


def write(folder, made):
    """Into outbox/ or sent/; the path."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, file_name(made))
    with open(path, "wb") as file:
        file.write(gzip.compress(encode(made), mtime=0))
    return path


def begin_of(made):
    return datetime.date.fromisoformat(made["date-range"]["start-datetime"][:10])


class Sums:
    """What a reader adds up: an oracle that shares nothing with the programs."""

    def __init__(self, documents, begin, end):
        newest = {}
        for made in documents:
            if not begin <= begin_of(made) <= end:
                continue
            key = (made["organization"]["unit"], made["date-range"]["start-datetime"],
                   made.get("cut"))
            if key not in newest or newest[key]["revision"] < made["revision"]:
                newest[key] = made
        self.documents = list(newest.values())
        self.days = [made for made in self.documents if "cut" not in made]
        self.cells = {}
        for made in self.documents:
            for one in made["records"]:
                key = (one.get("tier", "all"), one["category"])
                cell = self.cells.setdefault(key, [0, 0])
                if one["attempts"] == "below":
                    cell[1] += 1
                else:
                    cell[0] += one["attempts"]
        self.total = sum(made["published-total"] for made in self.documents)

    def of(self, tier=None, category=None):
        """[attempts, withheld] over all that fit."""
        fits = [cell for (t, c), cell in self.cells.items()
                if tier in (None, t) and category in (None, c)]
        return [sum(cell[0] for cell in fits), sum(cell[1] for cell in fits)]

    def cell(self, tier=None, category=None):
        """As the report's JSON has it."""
        attempts, withheld = self.of(tier, category)
        fits = [key for key in self.cells if tier in (None, key[0]) and category in (None, key[1])]
        if not fits:
            return None
        if withheld:
            return {"at-least": attempts} if attempts else {"withheld": True}
        return attempts

    def coverage(self, key):
        return sum(made["coverage"][key] for made in self.days)
