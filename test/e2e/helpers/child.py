#!/usr/bin/env python3
"""A child of lachand for tests: speaks the link, serves nothing but a word.

It is copied under the names of real programs beside a copy of lachand, with a file
CHILD.json next to it (by program name) that says how to behave:

    ready      false: never says "ready"
    refuse     text: a configuration that contains it is refused
    mute       true: never says "alive"
    silent     text: a configuration that contains it is never answered
    stubborn   true: TERM is ignored
    die_at     seconds after the start when it ends with status 3
    exit       ends at once with this status (lachan-feeds)
    linger     text: with this among its arguments it runs until a signal ends it; else it
               ends at once with status 0 (lachan-feeds)

What happens is written to PROGRAM.log beside it, a line an event.
"""
import json
import os
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
NAME = os.path.basename(sys.argv[0])


def note(text):
    with open(os.path.join(HERE, NAME + ".log"), "a", encoding="utf-8") as out:
        out.write(text + "\n")


def behaviour():
    try:
        with open(os.path.join(HERE, NAME + ".json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def read_config(fd):
    text = os.pread(fd, 1 << 20, 0).decode("utf-8", "replace")
    return text


def mark_of(text):
    """The tests put `name: "..."` into school; it tells configurations apart."""
    return text.split("name: \"", 1)[1].split("\"", 1)[0] if "name: \"" in text else "?"


def serve_link(link, how):
    config = {"text": ""}
    link.settimeout(2)
    while True:
        try:
            if not how.get("mute"):
                link.send(b"alive")
            data, fds, _flags, _address = socket.recv_fds(link, 512, 1)
        except TimeoutError:
            continue
        except OSError:
            data = b""
        if not data:
            note("supervisor gone")
            return
        text = read_config(fds[0])
        os.close(fds[0])
        if how.get("silent") and how["silent"] in text:
            note("silent " + mark_of(text))
        elif how.get("refuse") and how["refuse"] in text:
            note("refused " + mark_of(text))
            link.send(b"refused: the helper does not like it")
        else:
            config["text"] = text
            note("took " + mark_of(text))
            link.send(b"ok")


def main():
    how = behaviour()
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")
    mine = int(os.environ.get("LISTEN_PID", "0")) == os.getpid()
    config_fd = int(os.environ["LACHAN_CONFIG_FD"])
    note("start %d mine=%s args=%s names=%s config=%s" % (
        os.getpid(), mine, ",".join(sys.argv[1:]), ",".join(names),
        mark_of(read_config(config_fd))))
    if "linger" in how:
        if how["linger"] not in sys.argv[1:]:
            sys.exit(0)
        signal.pause()
    if "exit" in how:
        sys.exit(how["exit"])
    if how.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: (note("term"), os._exit(0)))
    if "die_at" in how:
        signal.signal(signal.SIGALRM, lambda *_: os._exit(3))
        signal.setitimer(signal.ITIMER_REAL, how["die_at"])
    if "link" not in names:
        time.sleep(3600)
    link = socket.socket(fileno=3 + names.index("link"))
    link.setblocking(True)
    if how.get("ready", True):
        link.send(b"ready")
    serve_link(link, how)


main()
