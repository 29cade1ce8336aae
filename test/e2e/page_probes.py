"""What an attacker sends to the page, and the one answer each of it gets: a table.

A probe is (what it tries, the octets, status, kind of page). Kinds: "warning" (the page of a
blocked name), "portal" (the first page), "missing" (the portal's "not here"), "" (no body at
all). The runner (test_page_probes.py) holds every body against a plain page of its kind:
the same elements with the same attributes in the same order, so nothing that was sent has
become markup. Every name here counts as blocked; the reader's tier sees names."""

from urllib.parse import quote

HTML = "text/html,application/xhtml+xml"
NAME = "bet.example"
PORTAL = "lachan.internal"
WARNING, MISSING, FIRST, EMPTY = "warning", "missing", "portal", ""

SMUGGLED = b"GET /lachan/status HTTP/1.1\r\nHost: lachan.internal\r\nAccept: text/html\r\n\r\n"


def get(target="/", host=NAME, *lines, method="GET", version="HTTP/1.1", accept=HTML):
    """A request line, Host and Accept, and `lines` as they are."""
    head = ["%s %s %s" % (method, target, version)]
    head += ["Host: %s" % host] if host is not None else []
    head += ["Accept: %s" % accept] if accept is not None else []
    return ("\r\n".join(head + list(lines)) + "\r\n\r\n").encode("utf-8")


def lines(*rest, body=b"", method="GET", target="/"):
    """A request to NAME with raw header lines (octets), and what follows the head."""
    start = ("%s %s HTTP/1.1\r\nHost: %s\r\nAccept: %s\r\n" % (method, target, NAME, HTML)).encode()
    return start + b"".join(line + b"\r\n" for line in rest) + b"\r\n" + body


# ---- markup (CWE-79) ----

MARKUP = [
    '"><script>alert(1)</script>', "'><script>alert(1)</script>", "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>", "<img/src=x/onerror=alert(1)>", "<svg/onload=alert(1)>",
    "</style><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "</main></body></html><script>alert(1)</script>", "<!--<script>alert(1)</script>",
    "]]><script>alert(1)</script>", "<a/href=javascript:alert(1)>x</a>",
    "<meta/http-equiv=refresh/content=0;url=//evil.example>", "<base/href=//evil.example/>",
    "<form/action=//evil.example><input/name=code>", "<iframe/src=//evil.example></iframe>",
    "<style>@import'//evil.example'</style>", "{{7*7}}<b>{{constructor}}</b>",
    "${7*7}<%=7*7%>", "<details/open/ontoggle=alert(1)>",
]

# In a Host these are no characters of a name, or of a name that cannot be markup.
HOSTS = [
    ('"><script>alert(1)</script>', 400), ("<script>alert(1)</script>.example", 400),
    ("a\"onmouseover=alert(1).example", 400), ("a<b>.example", 400), ("a`b`.example", 400),
    ("{{7*7}}.example", 400), ("a|b.example", 400), ("a^b.example", 400),
    ("\\074script\\076.example", 400), ("\u202eelpmaxe.teb", 400), ("b\u00e9t.example", 400),
    ("'onmouseover='alert(1).example", 403), ("&lt;script&gt;.example", 403),
    ("+ADw-script+AD4-alert(1)+ADw-/script+AD4-", 400), ("+ADw-b+AD4-.example", 403),
    ("%3Cscript%3E.example", 403), ("javascript:alert(1)", 400), ("$(id).example", 403),
    ("a;b.example", 403), ("a,b.example", 403), ("*.example", 403), ("-.example", 403),
    ("_.example", 403), ("~.example", 403), ("!.example", 403), ("a=b&c=d.example", 403),
]


def markup():
    for text in MARKUP:
        yield "markup in the path", get("/" + text), 403, WARNING
        yield "markup in the query", get("/?q=" + text), 403, WARNING
        yield "markup as the language", get("/?lang=" + text), 403, WARNING
        yield "markup below the portal", get("/lachan/" + text.replace("/", "")), 404, MISSING
        yield "markup in the portal's query", get("/?" + text, PORTAL), 200, FIRST
    for text in MARKUP[:8]:
        for name in ("Referer", "User-Agent", "Cookie", "Accept-Language", "X-Forwarded-Host"):
            yield "markup in " + name, get("/", NAME, "%s: %s" % (name, text)), 403, WARNING
    for host, status in HOSTS:
        yield "markup as the host", get("/", host), status, WARNING if status == 403 else EMPTY


# ---- paths (CWE-22) ----

PATHS = [
    "/../../../../etc/passwd", "/..", "/../", "/.", "/./", "//", "///", "//etc/passwd",
    "//evil.example/", "/..//..//etc/passwd", "/....//....//etc/passwd", "/..;/..;/etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd", "/%2e%2e%2fetc%2fpasswd", "/..%2f..%2fetc%2fpasswd",
    "/..%5c..%5cetc%5cpasswd", "/..\\..\\etc\\passwd", "/%252e%252e%252fetc%252fpasswd",
    "/%c0%ae%c0%ae/etc/passwd", "/%c0%af..%c0%afetc/passwd", "/%ef%bc%8f..%ef%bc%8fetc",
    "/%u002e%u002e/etc/passwd", "/%00", "/index.html%00.png", "/%0d%0aSet-Cookie:%20a=b",
    "/%0aX-Injected:%201", "/%e5%98%8a%e5%98%8dSet-Cookie:a=b", "/etc/passwd", "/proc/self/environ",
    "/proc/self/maps", "/dev/zero", "/.git/config", "/.env", "/lachan.yaml", "/run/verdict.sock",
    "/state/users", "/C:/Windows/win.ini", "/~root/", "/cgi-bin/.%2e/bin/sh", "/" + "a" * 6000,
    "/" + "../" * 2000, "/?file=/etc/passwd", "/?../../etc/passwd", "/%", "/%zz", "/;/", "/*",
]
PORTAL_PATHS = [
    "/lachan/../../etc/passwd", "/lachan/..", "/lachan/%2e%2e/%2e%2e/etc/passwd", "/lachan//why",
    "/lachan/why/", "/lachan/WHY", "/lachan/why%00", "/lachan/why;x", "/lachan/%77hy",
    "/lachan/why/../status", "/lachan/pages.yaml", "/lachan/look/page.css", "/lachan/.",
    "/lachan/users", "/lachan/forms.sock", "/lachan/metrics",
]


def paths():
    for path in PATHS:
        yield "a path that leaves", get(path), 403, WARNING
    for path in PORTAL_PATHS:
        yield "a path that leaves the portal", get(path), 404, MISSING
    for path in ("/etc/passwd", "/../../etc/passwd", "/metrics", "/%2e%2e"):
        yield "a path of the portal's name", get(path, PORTAL), 404, MISSING


# ---- smuggling (RFC 9112 sections 2.2, 5.1, 5.2, 6.1 to 6.3 and 11.2; CWE-444) ----

CL, TE = b"Content-Length: ", b"Transfer-Encoding: "
BAD_LENGTHS = [b"+5", b"-5", b"0x5", b"5.0", b"5e0", b"5 5", b"5,5", b"5, 5", b"5;5", b"05", b"00",
               b"5\x0b", b"\"5\"", b"five", b"", b"99999999999999999999", b"4294967296", b"\xd9\xa5"]
CODINGS = [b"chunked", b"Chunked", b"identity", b"gzip, chunked", b"chunked, identity", b"x",
           b" chunked", b"\tchunked", b"chunked ", b"\"chunked\"", b"chunked\x0b", b"cow, chunked",
           b"chunked;q=1", b"", b",chunked"]


def smuggling():
    for value in BAD_LENGTHS:
        yield "a length that is no number", lines(CL + value, body=SMUGGLED), 400, EMPTY
        yield "such a length of a form", lines(
            CL + value, body=SMUGGLED, method="POST", target="/lachan/review"), 400, EMPTY
    for value in CODINGS:
        yield "a transfer coding", lines(TE + value, body=b"0\r\n\r\n" + SMUGGLED), 400, EMPTY
        yield "a transfer coding and a length", lines(
            CL + b"5", TE + value, body=b"0\r\n\r\n" + SMUGGLED, method="POST"), 400, EMPTY
    yield from framing()
    yield from line_ends()


def framing():
    yield "two lengths", lines(CL + b"0", CL + b"80", body=SMUGGLED), 400, EMPTY
    yield "two equal lengths", lines(CL + b"0", CL + b"0", body=SMUGGLED), 400, EMPTY
    yield "a body of a GET", lines(CL + b"%d" % len(SMUGGLED), body=SMUGGLED), 413, EMPTY
    yield "an empty body of a GET", lines(CL + b"0", body=SMUGGLED), 403, WARNING
    yield "two requests", get() + SMUGGLED, 403, WARNING
    yield "a hundred requests", get() * 100, 403, WARNING
    yield "what is left over", get() + b"\0\xff" * 500, 403, WARNING
    yield "keep-alive", lines(b"Connection: keep-alive", b"Keep-Alive: timeout=99",
                              body=SMUGGLED), 403, WARNING
    yield "a header called hop by hop", lines(
        b"Connection: Content-Length, Host", CL + b"80", body=SMUGGLED), 413, EMPTY
    yield "an upgrade", lines(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c",
                              b"HTTP2-Settings: AAMAAABk", body=SMUGGLED), 403, WARNING
    yield "a web socket", lines(b"Connection: Upgrade", b"Upgrade: websocket",
                                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 403, WARNING
    yield "HTTP/2 at once", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, EMPTY
    yield "an expectation", lines(b"Expect: 100-continue", body=SMUGGLED), 403, WARNING
    yield "another expectation", lines(b"Expect: 200-maybe"), 417, EMPTY
    yield "two expectations", lines(b"Expect: 100-continue", b"Expect: 100-continue"), 400, EMPTY
    yield "a form without a length", lines(method="POST", body=SMUGGLED), 411, EMPTY
    yield "a packed form", lines(CL + b"5", b"Content-Encoding: gzip", method="POST",
                                 body=b"\x1f\x8b\x08\0\0"), 415, EMPTY
    yield "an underscore for a dash", lines(b"Transfer_Encoding: chunked", b"Content_Length: 80",
                                            body=SMUGGLED), 403, WARNING
    yield "a trailer", lines(b"Trailer: Host", b"TE: trailers", body=SMUGGLED), 403, WARNING


def line_ends():
    start = b"GET / HTTP/1.1\r\nHost: bet.example\r\nAccept: text/html\r\n"
    for what, rest in (
            ("a folded header", b"X: a\r\n b\r\n\r\n"), ("a folded coding", TE + b"\r\n chunked\r\n\r\n"),
            ("a folded line by tab", b"X: a\r\n\tHost: b\r\n\r\n"),
            ("a bare LF", b"X: a\n\r\n"), ("bare LFs at the end", b"X: a\n\n"),
            ("a bare CR", b"X: a\rTransfer-Encoding: chunked\r\n\r\n"), ("CR CR LF", b"X: a\r\r\n\r\n"),
            ("a NUL in a value", b"X: a\0b\r\n\r\n"), ("a NUL in a name", b"X\0: a\r\n\r\n"),
            ("a blank before the colon", TE[:-2] + b" : chunked\r\n\r\n"),
            ("a tab before the colon", TE[:-2] + b"\t: chunked\r\n\r\n"),
            ("no colon", b"Transfer-Encoding chunked\r\n\r\n"), ("no name", b": chunked\r\n\r\n"),
            ("a name in quotes", b"\"Host\": b\r\n\r\n"), ("a name with a slash", b"a/b: c\r\n\r\n"),
            ("a vertical tab", b"X: a\x0bb\r\n\r\n"), ("an escape", b"X: \x1b[2J\r\n\r\n"),
            ("a DEL", b"X: a\x7f\r\n\r\n"), ("a name in Vietnamese", "Tên: a\r\n\r\n".encode()),
            ("a bell before the coding", b"\x07" + TE + b"chunked\r\n\r\n")):
        yield what, start + rest + SMUGGLED, 400, EMPTY
    for what, request_line in (
            ("two blanks", b"GET  / HTTP/1.1"), ("a tab", b"GET\t/ HTTP/1.1"), ("no version", b"GET /"),
            ("a blank in front", b" GET / HTTP/1.1"), ("a blank behind", b"GET / HTTP/1.1 "),
            ("a blank in the path", b"GET /a b HTTP/1.1"), ("no path", b"GET HTTP/1.1"),
            ("a path without a slash", b"GET a HTTP/1.1"), ("an asterisk", b"GET * HTTP/1.1"),
            ("a NUL in the path", b"GET /\0 HTTP/1.1"), ("a fragment", b"GET /#a HTTP/1.1"),
            ("raw octets in the path", b"GET /\xc3\xa1 HTTP/1.1"), ("DEL in the path", b"GET /\x7f HTTP/1.1"),
            ("a version of letters", b"GET / HTTP/1.a"), ("a long version", b"GET / HTTP/1.10"),
            ("a small version", b"GET / http/1.1"), ("a method in brackets", b"(GET) / HTTP/1.1"),
            ("no method", b"/ HTTP/1.1"), ("an empty line", b"")):
        yield what, request_line + b"\r\nHost: bet.example\r\n\r\n" + SMUGGLED, 400, EMPTY
    yield "a version from tomorrow", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, EMPTY
    yield "a version from yesterday", b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, EMPTY
    yield "a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64, 400, EMPTY
    yield "a name that never ends", start + b"X" * 9000 + b": a\r\n\r\n", 431, EMPTY
    yield "headers that never end", start + b"X: a\r\n" * 2000, 431, EMPTY


# ---- heads that lie (CWE-644, CWE-290) ----

LIES = [
    "X-Forwarded-For: 10.0.0.1", "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1;host=evil.example",
    "X-Forwarded-Host: lachan.internal", "X-Host: lachan.internal", "X-Original-URL: /lachan/status",
    "X-Rewrite-URL: /lachan/status", "X-HTTP-Method-Override: POST", "X-Method-Override: DELETE",
    "X-Forwarded-Proto: https", "Front-End-Https: on", "Proxy: http://evil.example",
    "Proxy-Authorization: Basic YTpi", "Authorization: Bearer staff", "Cookie: tier=staff; staff=1",
    "X-Tier: staff", "Range: bytes=0-10", "If-Range: *", "If-None-Match: *",
    "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT", "Origin: http://evil.example",
    "Referer: http://evil.example/", "Sec-Fetch-Site: cross-site", "Max-Forwards: 0", "Via: 1.1 evil",
    "Access-Control-Request-Method: DELETE", "Accept-Encoding: identity;q=0, *;q=0",
    "Accept-Language: " + "vi," * 500, "Accept-Language: ;;;q=,,=", "Accept-Charset: utf-7",
    "Content-Type: text/html; charset=utf-7", "Upgrade-Insecure-Requests: 1", "DNT: 1", "From: \u00e1",
]


def lies():
    for line in LIES:
        yield line.partition(":")[0], get("/", NAME, line), 403, WARNING
    for what, request in (
            ("two Hosts", get("/", NAME, "Host: lachan.internal")),
            ("two equal Hosts", get("/", NAME, "Host: " + NAME)), ("no Host", get("/", None)),
            ("two Hosts in one", get("/", NAME + ", lachan.internal")),
            ("a user in Host", get("/", "lachan.internal@" + NAME)),
            ("a path in Host", get("/", NAME + "/lachan/status")),
            ("a query in Host", get("/", NAME + "?")), ("a fragment in Host", get("/", NAME + "#")),
            ("two ports", get("/", NAME + ":80:81")), ("a port of letters", get("/", NAME + ":http")),
            ("a port too great", get("/", NAME + ":65536")), ("a port with a sign", get("/", NAME + ":-1")),
            ("a blank in Host", get("/", "bet .example")), ("an open bracket", get("/", "[::1")),
            ("a name in brackets", get("/", "[bet.example]")), ("octets behind brackets", get("/", "[::1]x")),
            ("a zone", get("/", "[fe80::1%25eth0]")), ("an empty bracket", get("/", "[]")),
            ("a target of another name", get("http://lachan.internal/", NAME)),
            ("a target of another port", get("http://bet.example:81/", NAME)),
            ("a target with a user", get("http://a@bet.example/", "a@bet.example")),
            ("a target without a name", get("http:///", NAME)), ("https in the clear", get("https://bet.example/")),
            ("another scheme", get("file:///etc/passwd")), ("gopher", get("gopher://bet.example/")),
            ("a relative scheme", get("http:/etc/passwd")), ("two Origins", get(
                "/", NAME, "Origin: http://a", "Origin: http://b")),
            ("two Sec-Fetch-Dest", get("/", NAME, "Sec-Fetch-Dest: document", "Sec-Fetch-Dest: empty"))):
        yield what, request, 400, EMPTY
    yield from names()
    yield from methods()


def names():
    yield "a name with a port", get("/", NAME + ":8080"), 403, WARNING
    yield "an empty port", get("/", NAME + ":"), 403, WARNING
    yield "a target of the same name", get("http://BET.example/x"), 403, WARNING
    yield "a name of capitals with a dot", get("/", "BET.EXAMPLE."), 403, WARNING
    yield "a name too long", get("/", "a" * 300), 403, WARNING
    yield "a label too long", get("/", "a" * 64 + ".example"), 403, WARNING
    yield "two dots", get("/", "bet..example"), 403, WARNING
    yield "a dot alone", get("/", "."), 403, WARNING
    yield "a number that some read as an address", get("/", "0x7f000001"), 403, WARNING
    yield "an address of this machine", get("/", "127.0.0.1"), 200, FIRST
    yield "an address of IPv6", get("/", "[::1]:80"), 200, FIRST
    yield "an empty Host", get("/", ""), 200, FIRST
    yield "the portal", get("/", PORTAL.upper() + "."), 200, FIRST
    yield "HTTP/1.0 without Host", get("/", None, version="HTTP/1.0"), 200, FIRST


def methods():
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "GETS",
                   "HEADER", "LACHAN", "!#$%&'*+-.^_`|~", "A" * 200):
        yield "a method", get(method=method), 405, EMPTY
    yield "TRACE with a cookie", get("/", NAME, "Cookie: secret=1", method="TRACE"), 405, EMPTY
    yield "a form where none is", get(
        "/", NAME, "Content-Length: 3", "Content-Type: application/x-www-form-urlencoded",
        method="POST") + b"a=1", 405, EMPTY
    yield "a form with markup where none is", get(
        "/lachan/why", NAME, "Content-Length: 10", method="POST") + b"a=<script>", 405, EMPTY
    yield "a picture", get("/a.png", accept="image/avif,image/*"), 403, EMPTY
    yield "a program", get("/a.js", accept="*/*"), 403, EMPTY
    yield "a frame", get("/", NAME, "Sec-Fetch-Dest: iframe"), 403, EMPTY
    yield "nothing accepted", get("/", NAME, accept="application/json"), 403, EMPTY


# ---- forms (CWE-352, CWE-79): /lachan/review while somebody answers ----

FORM, AGAIN, FRESH = "/lachan/review", "the form again", "the form"
TYPE = "Content-Type: application/x-www-form-urlencoded"


def post(body=b"reason=plain", *more, content_type=TYPE, target=FORM, length=None):
    head = ["Content-Length: %d" % (len(body) if length is None else length)]
    head += [content_type] if content_type else []
    return get(target, PORTAL, *head, *more, method="POST") + body


TYPES = [
    None, "Content-Type:", "Content-Type: text/plain", "Content-Type: multipart/form-data; boundary=a",
    "Content-Type: application/json", "Content-Type: text/html", TYPE + ", text/plain",
    TYPE + "; charset=utf-7", TYPE + "; charset=utf-16", TYPE + "; charset=utf-8; charset=utf-7",
    "Content-Type: application/x-www-form-urlencoded2", "Content-Type: */*",
]
ORIGINS = [
    "null", "", "http://evil.example", "http://lachan.internal.evil.example", "http://lachan.internal:81",
    "https://lachan.internal", "http://lachan.internal/", "lachan.internal", "http:lachan.internal",
    "http://lachan.internal http://evil.example", "http://evil.example@lachan.internal",
    "file://", "about:blank", "HTTP://LACHAN.INTERNAL.", "http://127.0.0.1", "http://bet.example",
]
BODIES = [
    b"a", b"=a", b"a=b&", b"&a=b", b"a=b&&c=d", b"a=b=c", b"a=%", b"a=%4", b"a=%zz", b"a=\xc3\xa1",
    b"a=b c", b"a=b\r\n", b"a=\0", b"a=%00", b"a=%1b%5b2J", b"a=%0d", b"a=%c0%af", b"a=%ed%a0%80",
    b"a=%f4%90%80%80", b"a=%80", b"a=%c2%9b", b"reason=a&reason=b", b"A=b", b"a%62=c", b"a[]=b",
    b"--a\r\nContent-Disposition: form-data\r\n\r\nb\r\n--a--", b"{\"reason\": \"a\"}",
    b"&".join(b"f%d=" % n for n in range(40)), b"a" * 8192,
]


def forms():
    for line in TYPES:
        yield "a form that is none", post(content_type=line), 415, EMPTY
    for origin in ORIGINS:
        yield "a form from elsewhere", post(b"reason=plain", "Origin: " + origin), 403, EMPTY
    for site in ("cross-site", "same-site", "", "same-origin, cross-site", "x"):
        yield "a form of another site", post(b"reason=plain", "Sec-Fetch-Site: " + site), 403, EMPTY
    for length in (8193, 65536, 4294967295):
        yield "a form too long", post(length=length), 413, EMPTY
    for body in BODIES:
        yield "a form no browser sends", post(body), 403, AGAIN
    for token in (b"", b"a", b"A" * 43, b"A" * 44, b"A" * 4000):
        yield "a form of a made-up token", post(b"reason=plain&token=" + token), 403, AGAIN
    for text in MARKUP:
        yield "markup in a form", post(b"reason=" + quote(text).encode()), 403, AGAIN
        yield "markup in its name", get(FORM + "?name=" + text, PORTAL), 200, FRESH
    for path in ("/lachan/review/", "/lachan/REVIEW", "/lachan/review%00", "/lachan//review", "/review",
                 "/lachan/", "/", "/lachan/why", "/lachan/../lachan/review"):
        yield "a form of another path", post(target=path), 405, EMPTY
    yield "a query behind the form", post(target=FORM + "?token=a"), 403, AGAIN
    yield "a second request behind the form", post() + SMUGGLED, 403, AGAIN
    yield "a form by PUT", post().replace(b"POST", b"PUT", 1), 405, EMPTY
    yield "a form by GET", get(FORM + "?reason=a&token=b", PORTAL), 200, FRESH


FORM_PROBES = list(forms())
PROBES = [probe for group in (markup, paths, smuggling, lies) for probe in group()]
