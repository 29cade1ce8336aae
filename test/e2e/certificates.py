"""Certificates for tests, made with the openssl program: a CA, a portal's, broken ones."""
import os
import subprocess
import unittest


def run(*words, stdin=b""):
    try:
        done = subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=False,
                              timeout=60)
    except FileNotFoundError:
        raise unittest.SkipTest("openssl is not installed") from None
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (words[0], done.stderr.decode()))
    return done.stdout


def make(folder, name, *extensions, days=300, subject="/CN=test"):
    """NAME.pem and NAME.key in `folder`, self-signed. (certificate, key)"""
    certificate = os.path.join(folder, name + ".pem")
    key = os.path.join(folder, name + ".key")
    words = []
    for extension in extensions:
        words += ["-addext", extension]
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-out", certificate, "-days", str(days), "-subj", subject, *words)
    os.chmod(key, 0o600)
    return certificate, key


def make_ca(folder, name="ca", **more):
    # openssl's own configuration adds CA:TRUE to what `req -x509` makes
    return make(folder, name, "keyUsage=critical,keyCertSign,cRLSign", **more)


def make_old_ca(folder):
    """A CA whose days are long over, which only `openssl ca` makes."""
    certificate, key = make_ca(folder, "old")
    place = os.path.join(folder, "old-ca")
    os.makedirs(place)
    for name, text in (("index.txt", ""), ("serial", "01\n"), ("ca.cnf", """
[ca]
default_ca = own
[own]
database = %s/index.txt
serial = %s/serial
new_certs_dir = %s
default_md = sha256
policy = any
x509_extensions = v3
[any]
commonName = supplied
[v3]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
""" % (place, place, place))):
        with open(os.path.join(place, name), "w", encoding="ascii") as file:
            file.write(text)
    request = os.path.join(place, "request.pem")
    run("req", "-new", "-key", key, "-subj", "/CN=old", "-out", request)
    run("ca", "-batch", "-selfsign", "-config", os.path.join(place, "ca.cnf"), "-keyfile", key,
        "-in", request, "-out", certificate, "-notext",
        "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
    return certificate, key


def make_public_key(folder):
    key = os.path.join(folder, "page.key")
    run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    return run("pkey", "-in", key, "-pubout").decode()


def text_of(pem):
    return run("x509", "-noout", "-text", stdin=pem.encode()).decode()


def make_leaf(folder, name, ca, *extensions, days=300, start=None, subject="/CN=test"):
    """NAME.pem and NAME.key in `folder`, signed by `ca` (certificate, key). `start`: the day it
    begins, as openssl writes it, for one that is over. (certificate, key)"""
    certificate = os.path.join(folder, name + ".pem")
    key = os.path.join(folder, name + ".key")
    request = os.path.join(folder, name + ".csr")
    run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-out", request, "-subj", subject)
    with open(os.path.join(folder, name + ".ext"), "w", encoding="ascii") as file:
        file.write("basicConstraints=CA:FALSE\n" + "\n".join(extensions) + "\n")
    if start is None:
        run("x509", "-req", "-in", request, "-CA", ca[0], "-CAkey", ca[1], "-CAcreateserial",
            "-days", str(days), "-extfile", file.name, "-out", certificate)
    else:
        place = os.path.join(folder, name + "-ca")
        os.makedirs(place)
        for one, text in (("index.txt", ""), ("serial", "0a\n"), ("ca.cnf", """
[ca]
default_ca = own
[own]
database = %s/index.txt
serial = %s/serial
new_certs_dir = %s
default_md = sha256
policy = any
[any]
commonName = supplied
""" % (place, place, place))):
            with open(os.path.join(place, one), "w", encoding="ascii") as file:
                file.write(text)
        run("ca", "-batch", "-config", os.path.join(place, "ca.cnf"), "-cert", ca[0],
            "-keyfile", ca[1], "-in", request, "-out", certificate, "-notext",
            "-extfile", os.path.join(folder, name + ".ext"), "-startdate", start[0],
            "-enddate", start[1])
    os.chmod(key, 0o600)
    return certificate, key
