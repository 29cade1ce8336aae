"""forms.sock as lachan-desk would answer it, and as it must not: slow, dead, in rubbish.

    desk = FakeDesk(path)                  # review, report and teacher hold
    desk.answers["review-send"] = {"ok": True, "code": "ABCDE-FGHJK"}
    desk.answers["open"] = FakeDesk.SILENT # or .RUBBISH, .HUGE, .NO_JSON, .TORN, .CLOSE
    desk.asked                             # every request but "standing", in order
"""
import json
import os
import socket
import struct
import threading


class FakeDesk:
    SILENT, RUBBISH, HUGE, NO_JSON, TORN, CLOSE, LIST = (object() for _ in range(7))

    def __init__(self, path):
        self.path, self.asked, self.lock = path, [], threading.Lock()
        self.standing = {"ok": True, "review": True, "report": True, "teacher": True}
        self.answers = {
            "review-send": {"ok": True, "code": "ABCDE-FGHJK"},
            "report-send": {"ok": True, "code": "MNPQR-STUVW"},
            "answer": {"ok": True, "kind": "review", "state": "waiting"},
            "sign-in": {"ok": True, "token": "t0ken", "name": "hoa", "roles": ["teacher"]},
            "open": {"ok": True, "until_s": 0},
            "staff": {"ok": True, "until_s": 0},
            "quick": {"ok": True, "id": "1"},
        }
        self.polls, self.held = 0, []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(path)
        self.sock.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        with peer, peer.makefile("rb") as stream:
            while True:
                header = stream.read(4)
                if len(header) < 4:
                    return
                request = json.loads(stream.read(struct.unpack("<I", header)[0]))
                if not self._answer(peer, request):
                    return

    def _answer(self, peer, request):
        if request["command"] == "standing":
            answer = self.standing
            self.polls += 1
        else:
            with self.lock:
                self.asked.append(request)
            answer = self.answers[request["command"]]
        if callable(answer):
            answer = answer(request)
        if answer is self.CLOSE:
            return False
        if answer is self.SILENT:
            self.held.append(peer.dup())  # the connection stays, nothing is said
            return True
        data = {self.RUBBISH: b"\xff\0\1\2 no frame at all, and more of it",
                self.HUGE: struct.pack("<I", 900 << 10) + b" " * (900 << 10),
                self.NO_JSON: struct.pack("<I", 9) + b"{\"ok\":tru",
                self.LIST: struct.pack("<I", 6) + b"[true]",
                self.TORN: struct.pack("<I", 50) + b"{\"ok\""}.get(answer) \
            if not isinstance(answer, dict) else None
        if data is None:
            text = json.dumps(answer).encode()
            data = struct.pack("<I", len(text)) + text
        try:
            peer.sendall(data)
        except OSError:
            return False
        return True

    def last(self, command):
        """The last request of this kind; None when there was none."""
        with self.lock:
            return next((r for r in reversed(self.asked) if r["command"] == command), None)

    def close(self):
        self.sock.close()
        for peer in self.held:
            peer.close()
        if os.path.exists(self.path):
            os.unlink(self.path)
