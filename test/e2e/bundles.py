"""Bundles (docs/formats/bundle.md) made by other means than ours: python and the openssl
program."""
import base64
import gzip
import hashlib
import os
import subprocess
import tempfile
import time

PRIVATE_HEAD = bytes.fromhex("302e020100300506032b657004220420")  # PKCS#8 of RFC 8410


def openssl(*words, stdin=b""):
    return subprocess.run(["openssl", *words], input=stdin, capture_output=True,
                          check=True, timeout=60).stdout


class Key:
    """An Ed25519 key of 32 octets."""

    def __init__(self, seed):
        self.der = PRIVATE_HEAD + seed
        self.public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                              stdin=self.der)[-32:]
        self.text = base64.b64encode(self.public).decode()

    def sign(self, message):
        with tempfile.TemporaryDirectory() as folder:
            key, text = os.path.join(folder, "key"), os.path.join(folder, "text")
            for path, content in ((key, self.der), (text, message)):
                with open(path, "wb") as file:
                    file.write(content)
            return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key,
                           "-in", text)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def text(key, *, name="lam-dong", serial=1, lines=(), lists=(), expires=90 * 86400, made=0):
    """The whole text; `lines` stand between the dates and the lists, `lists` are (name, category,
    names)."""
    now = int(time.time()) + made
    body = "".join("list %s %s\n%s" % (one, category, "".join(n + "\n" for n in names))
                   for one, category, names in lists).encode()
    head = ["lachan-bundle 1", "name " + name, "serial %d" % serial, "created " + stamp(now),
            "expires " + stamp(now + expires), *lines]
    head += ["list %s %s %d" % (one, category, sum(not n.startswith("#") for n in names))
             for one, category, names in lists]
    head += ["lists %d %s" % (len(body), hashlib.sha256(body).hexdigest())]
    signed = ("\n".join(head) + "\n").encode()
    return (signed + b"signature " + key.text.encode() + b" " +
            base64.b64encode(key.sign(signed)) + b"\n" + body)


def packed(*arguments, **keywords):
    return gzip.compress(text(*arguments, **keywords), mtime=0)
