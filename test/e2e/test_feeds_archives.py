#!/usr/bin/env python3
"""lachan-feeds: lists in archives and folders, as UT1 and squidGuard publish them.

The test over UT1's own folders needs ../shared/feeds beside the project and is skipped
without it.
"""
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import unittest

import feed_server as fs
from lachan_test import main
from test_feeds import HAVE_RULES_TOOL, SHARED, FeedsTest, names

GAMBLING = names(30, "bet")
MORE = names(20, "more")
ADULT = names(40, "adult")


def tar(members, mode="w:gz"):
    """An archive of [(path, bytes)]; bytes None: a symbolic link to nowhere."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for path, data in members:
            info = tarfile.TarInfo(path)
            if data is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data or b""))
    return out.getvalue()


ONE = [("gambling/domains", GAMBLING), ("gambling/usage", b"black\n")]
MANY = [("blacklists/adult/domains.10", ADULT), ("blacklists/adult/domains", b""),
        ("blacklists/gambling/domains", GAMBLING[:-1]), ("blacklists/gambling/domains.1", MORE),
        ("blacklists/gambling/domains.invalid", b"never.example.com\n"),
        ("blacklists/gambling/urls", b"path.example.com/some/page\n"),
        ("blacklists/online-gambling/domains", b"other.example.com\n" * 30),
        ("blacklists/games", None)]


class Archives(FeedsTest):
    def pull(self, answer, fragment="", **keys):
        keys.setdefault("format", "domains")
        self.school.feed("list", self.serve("/list.tar.gz", answer) + fragment, **keys)

    def test_the_one_list_of_an_archive_is_found(self):
        for mode, data in (("w:gz", ONE), ("w:xz", ONE), ("w", ONE),
                           ("w:gz", [("./gambling/domains", GAMBLING)])):
            self.pull(fs.body(tar(data, mode)))
            self.good()
            meta = self.school.meta("list")
            self.assertEqual((meta["entries"], meta["refused"]), (30, {}), mode)
            self.assertEqual(self.school.copy("list"),
                             b"# member: gambling/domains\n" + GAMBLING)
            os.unlink(os.path.join(self.school.state, "feeds", "list.gz"))
            os.unlink(self.school.meta_path("list"))

    def test_a_folder_of_a_large_archive_is_named_behind_the_hash(self):
        for fragment in "#gambling", "#blacklists/gambling", "#gambling/":
            self.pull(fs.body(tar(MANY)), fragment)
            self.good()
            self.assertEqual(self.school.meta("list")["entries"], 50)
            self.assertEqual(self.server.seen[-1][0], "/list.tar.gz")  # the server is not told
        self.assertEqual(
            self.school.copy("list"), b"# member: blacklists/gambling/domains\n" + GAMBLING +
            b"# member: blacklists/gambling/domains.1\n" + MORE)

    def test_one_file_may_be_named(self):
        self.pull(fs.body(tar(MANY)), "#gambling/domains.1")
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 20)

    def test_what_is_not_clear_is_refused(self):
        for data, fragment, reason in (
                (MANY, "", "several lists"), (MANY, "#dating", "behind #"),
                (MANY, "#ambling", "behind #"), (MANY, "#games", "behind #"),
                ([("readme", b"x")], "", "named \"domains\"")):
            self.pull(fs.body(tar(data)), fragment)
            self.refused("list", reason)

    def test_urls_and_expressions_are_read_as_squidguard(self):
        members = ONE + [("gambling/urls", b"whole.example.com\nsite.example.com/page\n"),
                         ("gambling/expressions", b"(casino|poker)-online\n")]
        self.pull(fs.body(tar(members)), format="squidguard")
        self.school.fetch()
        self.assertEqual(self.school.copy("list"), b"# member: gambling/domains\n" + GAMBLING +
                         b"# member: gambling/urls\n" + members[2][1] +
                         b"# member: gambling/expressions\n" + members[3][1])

    def test_a_single_compressed_file_is_unpacked(self):
        for packed in gzip.compress(GAMBLING), lzma.compress(GAMBLING):
            self.pull(fs.body(packed))
            self.good()
            self.assertEqual(self.school.copy("list"), GAMBLING)

    def test_a_server_may_undo_the_gzip_on_the_way(self):
        self.pull(fs.packed_as(tar(ONE), "gzip"))
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 30)

    def test_the_pin_is_of_the_archive(self):
        packed = tar(ONE)
        self.pull(fs.body(packed), sha256=hashlib.sha256(packed).hexdigest())
        self.good()
        meta = self.school.meta("list")
        self.assertEqual(meta["body_sha256"], hashlib.sha256(packed).hexdigest())
        self.assertEqual(meta["sha256"], hashlib.sha256(self.school.copy("list")).hexdigest())
        self.pull(fs.body(tar([("gambling/domains", MORE)])),
                  sha256=hashlib.sha256(packed).hexdigest())
        self.refused("list", "pinned")

    def test_an_archive_that_has_not_changed_publishes_nothing(self):
        self.pull(fs.with_etag(tar(ONE), '"a"'))
        self.good()
        rules = self.school.rules()
        self.good()
        self.assertEqual(self.school.meta("list")["result"], "unchanged")
        self.assertEqual(self.school.rules(), rules)

    def test_a_broken_archive_is_refused_and_the_last_copy_stays(self):
        self.pull(fs.body(tar(ONE)))
        self.good()
        packed = tar([("gambling/domains", os.urandom(50000).hex().encode() + b"\n" + GAMBLING)])
        damaged = bytearray(packed)
        damaged[len(damaged) // 2] ^= 0xff
        self.school.feed("list", self.server.url("/list.tar.gz"), format="domains", max_shrink=100)
        for answer, reason in (
                (fs.body(packed[:-2000]), ""), (fs.body(bytes(damaged)), ""),
                (fs.body(tar(ONE, "w")[:700]), ""), (fs.body(gzip.compress(b"")), ""),
                (fs.body(gzip.compress(bytes(range(256)) * 9)), ""),
                (fs.body(tar([("gambling/domains", b"<html><body>log in</body></html>")])),
                 "web page"),
                (fs.body(gzip.compress(gzip.compress(b"x.example\n" * 5_000_000))), "100 times its size"),
                (fs.body(tar([("x/big", b"\0" * 50_000_000)] + ONE)), "100 times its size")):
            self.serve("/list.tar.gz", answer)
            self.refused("list", reason)
            self.assertIn(GAMBLING, self.school.copy("list"))

    def test_an_archive_larger_than_max_size_is_refused(self):
        rows = b"".join(b"%s.example.com\n" % os.urandom(8).hex().encode() for _ in range(20000))
        self.pull(fs.body(tar([("gambling/domains", rows)])), max_size="512KiB")
        self.refused("list", "max_size")

    def test_paths_are_never_places_on_this_machine(self):
        outside = os.path.join(self.school.folder, "outside")
        self.pull(fs.body(tar([("../../../../%s/domains" % outside, GAMBLING),
                               ("/%s" % outside, GAMBLING)])))
        self.good()
        self.assertFalse(os.path.exists(outside))
        self.assertEqual(self.school.meta("list")["entries"], 30)

    def test_nothing_but_the_copy_is_left_on_the_disk(self):
        self.pull(fs.body(tar(ONE)))
        self.good()
        self.assertEqual(sorted(os.listdir(os.path.join(self.school.state, "feeds"))),
                         [".inputs", ".lock", "list.gz", "list.meta"])

    @unittest.skipUnless(HAVE_RULES_TOOL, "lachan-rules is not built")
    def test_explain_quotes_the_line_of_the_copy(self):
        self.pull(fs.body(tar(MANY)), "#gambling")
        self.good()
        found = self.school.verdict("more3.example.com")
        self.assertEqual((found["verdict"], found["rule"]), ("block", "more3.example.com"))
        lines = self.school.copy("list").decode().split("\n")
        self.assertEqual(lines[found["line"] - 1], "more3.example.com")


class Folders(FeedsTest):
    def folder(self, files):
        where = os.path.join(self.school.folder, "ut1", "gambling")
        os.makedirs(where)
        for name, data in files.items():
            with open(os.path.join(where, name), "wb") as file:
                file.write(data)
        return "file://" + where

    def test_a_folder_is_one_list_with_its_pieces_in_order(self):
        url = self.folder({"domains.10": names(1, "ten"), "domains.2": names(1, "two"),
                           "domains": GAMBLING, "usage": b"black", "domains.bak": b"bak.vn\n"})
        os.mkfifo(url[len("file://"):] + "/domains.3")
        self.school.feed("list", url + "/", format="domains")
        self.good()
        found = [line for line in self.school.copy("list").decode().split("\n")
                 if not line.startswith("bet")]
        places = [line.rsplit("/", 1)[-1] for line in found if line.startswith("#")]
        self.assertEqual(places, ["domains", "domains.2", "domains.10"])
        self.assertEqual(self.school.meta("list")["entries"], 32)
        self.assertTrue(self.good().stdout.startswith("list: unchanged"))

    def test_a_folder_without_a_list_is_refused(self):
        self.school.feed("list", self.folder({"usage": b"black"}))
        self.refused("list", "named \"domains\"")

    def test_a_file_of_a_folder_may_be_named(self):
        self.school.feed("list", self.folder({"names.txt": GAMBLING}) + "#names.txt")
        self.good()
        self.assertEqual(self.school.meta("list")["entries"], 30)


@unittest.skipUnless(os.path.isdir(SHARED), "needs the folder ../shared/feeds")
class Toulouse(FeedsTest):
    def test_ut1_reads_the_same_from_archive_and_folder(self):
        members = []
        for category in "gambling", "dating", "drogue":
            for name in "domains", "urls", "usage":
                path = os.path.join(SHARED, "ut1", category, name)
                if os.path.exists(path):
                    with open(path, "rb") as file:
                        members.append(("blacklists/%s/%s" % (category, name), file.read()))
        packed = self.serve("/blacklists.tar.gz", fs.body(tar(members)))
        for category in "gambling", "dating", "drogue":
            self.school.feed("packed-" + category, packed + "#" + category, format="squidguard")
            self.school.feed("folder-" + category,
                             "file://" + os.path.join(SHARED, "ut1", category), format="squidguard")
        self.good()
        for category in "gambling", "dating", "drogue":
            one, other = (self.school.meta(kind + category) for kind in ("packed-", "folder-"))
            self.assertGreater(one["entries"], 400)
            for key in "entries", "rules", "refused", "format":
                self.assertEqual(one[key], other[key])
            print("%-10s %6d names, refused %s" % (category, one["entries"], one["refused"]))


if __name__ == "__main__":
    main()
