"""A directory as a site: what is served, how, and what is never served."""

import json
import os
import re
import time

import pytest

from support import http
from support.worker import Worker

pytestmark = pytest.mark.smoke

TEXT = b"0123456789"


def settle(path):
    """Makes the file older than what the server counts as just changed."""
    then = time.time() - 3600
    os.utime(path, (then, then), follow_symlinks=False)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "x").write_text("secret")
    site = tmp_path / "site"
    (site / "docs" / "deep").mkdir(parents=True)
    (site / "index.html").write_text("<h1>home</h1>")
    (site / "digits.txt").write_bytes(TEXT)
    (site / "empty.txt").touch()
    (site / "docs" / "page.html").write_text("page")
    (site / "docs" / "deep" / "x.css").write_text("css")
    (site / ".env").write_text("secret")
    (site / ".git").mkdir()
    (site / ".git" / "config").write_text("secret")
    (site / ".well-known").mkdir()
    (site / ".well-known" / "security.txt").write_text("contact")
    (site / "out").symlink_to(tmp_path / "secret.txt")
    (site / "up").symlink_to("..")
    (site / "sibling").symlink_to("../site-secret")
    (site / "root").symlink_to("/")
    (site / "inside").symlink_to("docs/page.html")
    (site / "loop").symlink_to("loop")
    os.mkfifo(site / "fifo")
    for path in site.rglob("*"):
        if path.is_file():
            settle(path)
    return site


@pytest.fixture
def site(files):
    with Worker("site", target=files) as running:
        yield running.ready()


def get(site, path, **headers):
    return http.fetch(site.address, path,
                      headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path, content_type, body", [
    ("/", "text/html; charset=utf-8", b"<h1>home</h1>"),
    ("/index.html", "text/html; charset=utf-8", b"<h1>home</h1>"),
    ("/digits.txt", "text/plain; charset=utf-8", TEXT),
    ("/digits.txt?v=1", "text/plain; charset=utf-8", TEXT),
    ("//docs/./page.html", "text/html; charset=utf-8", b"page"),
    ("/docs/deep/x%2ecss", "text/css; charset=utf-8", b"css"),
    ("/inside", "application/octet-stream", b"page"),
    ("/empty.txt", "text/plain; charset=utf-8", b""),
    ("/.well-known/security.txt", "text/plain; charset=utf-8", b"contact"),
])
def test_files_are_served_with_their_type(site, path, content_type, body):
    answer = get(site, path)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-length"] == str(len(body))


ATTACKS = [
    "/../secret.txt", "/docs/../../secret.txt", "/..", "/../", "/%2e%2e/secret.txt",
    "/%2E%2E%2Fsecret.txt", "/..%2fsecret.txt", "/docs/..%2f..%2fsecret.txt", "/.%2e/secret.txt",
    "/%252e%252e/secret.txt", "/..%5csecret.txt", "/..\\secret.txt", "/....//secret.txt",
    "/..;/secret.txt", "//../secret.txt", "///etc/passwd", "/etc/passwd", "/%2fetc/passwd",
    "//etc/passwd", "/%00", "/digits.txt%00.html", "/%c0%ae%c0%ae/secret.txt",
    "/%ef%bc%8e%ef%bc%8e/secret.txt", "/out", "/up/secret.txt", "/up/site/digits.txt",
    "/sibling/x", "/sibling/", "/root/etc/passwd", "/root/", "/up/", "/loop", "/fifo", "/.env", "/%2eenv",
    "/.git/config", "/.git/", "/docs/../.env", "/up/.env", "/.well-known/../.env",
    "/proc/self/environ", "/root/proc/self/environ", "/digits.txt/", "/digits.txt/..",
    "/docs/page.html/../../../secret.txt", "/" + "a" * 5000, "/" + "../" * 500 + "etc/passwd",
    "file:///etc/passwd", "http://test/../secret.txt", "http://test/%2e%2e/secret.txt",
]


@pytest.mark.parametrize("path", ATTACKS)
def test_nothing_outside_the_directory_is_served(site, path):
    answer = get(site, path)
    assert answer.kind == http.OK
    assert answer.status in (400, 403, 404), answer.text
    for secret in (b"secret", b"root:", b"contact", TEXT):
        assert secret not in answer.body
    assert get(site, "/digits.txt").body == TEXT


def test_head_says_what_get_would(site):
    with http.Connection(site.address) as client:
        head = client.request("/digits.txt", method="HEAD")
        whole = client.request("/digits.txt")
        assert head.status == 200 and head.body == b""
        assert head.headers["content-length"] == "10"
        assert set(head.headers) == set(whole.headers)
        assert client.request("/missing", method="HEAD").status == 404
        assert client.request("/docs/", method="HEAD").status == 200
        assert client.request("/digits.txt").body == TEXT


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(site, method):
    with http.Connection(site.address) as client:
        answer = client.request("/digits.txt", method=method, body=b"x" * 1000)
        assert answer.status == 405
        assert answer.headers["allow"] == "GET, HEAD"
        assert client.request("/digits.txt").body == TEXT


@pytest.mark.parametrize("path, location", [
    ("/docs", "docs/"), ("/docs/deep", "deep/"), ("/docs/deep?a=b&c", "deep/?a=b&c"),
    ("//docs", "docs/"), ("/./docs", "docs/"),
])
def test_a_folder_without_its_slash_is_redirected_to_a_relative_address(site, path, location):
    answer = get(site, path)
    assert (answer.status, answer.headers["location"]) == (301, location)


def test_a_redirect_names_no_other_host(site, files):
    for name in ("evil.com", "\\evil.com", "javascript:alert(1)", "a?b#c"):
        (files / name).mkdir()
        quoted = "".join(f"%{ord(c):02x}" for c in name)
        for prefix in ("/", "//", "/./"):
            location = get(site, prefix + quoted).headers["location"]
            assert re.fullmatch(r"[A-Za-z0-9._~%-]+/", location)


@pytest.mark.parametrize("value, status, body, content_range", [
    ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
    ("bytes=7-", 206, b"789", "bytes 7-9/10"),
    ("bytes=-2", 206, b"89", "bytes 8-9/10"),
    ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
    ("bytes=10-", 416, None, "bytes */10"),
    ("bytes=-0", 416, None, "bytes */10"),
    ("bytes=0-1,4-5", 200, TEXT, None),
    ("bytes=5-1", 200, TEXT, None),
    ("lines=1-2", 200, TEXT, None),
])
def test_ranges(site, value, status, body, content_range):
    answer = get(site, "/digits.txt", Range=value)
    assert answer.status == status
    assert answer.headers.get("content-range") == content_range
    assert answer.headers["accept-ranges"] == "bytes"
    if body is not None:
        assert answer.body == body


def test_a_head_has_no_ranges(site):
    answer = http.fetch(site.address, "/digits.txt", method="HEAD", headers={"Range": "bytes=0-3"})
    assert (answer.status, answer.headers["content-length"]) == (200, "10")


def test_a_client_that_has_the_file_is_sent_none(site):
    first = get(site, "/digits.txt")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert re.fullmatch(r'"[0-9a-f-]+"', etag)
    for headers in ({"If-None-Match": etag}, {"If-None-Match": f'"x", W/{etag}'},
                    {"If-Modified-Since": modified}):
        answer = http.fetch(site.address, "/digits.txt", headers=headers)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "content-length" not in answer.headers
    for headers in ({"If-None-Match": '"x"'}, {"If-Match": etag}, {"If-Unmodified-Since": modified}):
        assert http.fetch(site.address, "/digits.txt", headers=headers).status == 200
    for headers in ({"If-Match": '"x"'}, {"If-Match": f"W/{etag}"},
                    {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}):
        assert http.fetch(site.address, "/digits.txt", headers=headers).status == 412


def test_a_range_of_an_older_file_is_the_whole_of_the_newer(site):
    etag = get(site, "/digits.txt").headers["etag"]
    same = http.fetch(site.address, "/digits.txt", headers={"Range": "bytes=0-0", "If-Range": etag})
    other = http.fetch(site.address, "/digits.txt", headers={"Range": "bytes=0-0", "If-Range": '"x"'})
    assert (same.status, same.body) == (206, b"0")
    assert (other.status, other.body) == (200, TEXT)


def test_a_change_within_the_tick_of_the_clock_is_never_taken_for_the_same_file(site, files):
    """Same size, and a time of change that cannot tell the two: the server offers no validator yet."""
    path = files / "busy.txt"
    etags = {}
    for number in range(200):
        body = f"{number:04}".encode()
        path.write_bytes(body)
        answer = get(site, "/busy.txt")
        assert answer.body == body
        etag = answer.headers.get("etag")
        assert etag is None or etags.setdefault(etag, body) == body


def test_every_save_changes_the_validators(site, files):
    path = files / "digits.txt"
    before = get(site, "/digits.txt").headers["etag"]
    path.write_bytes(TEXT[::-1])
    settle(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    answer = http.fetch(site.address, "/digits.txt", headers={"If-None-Match": before})
    assert (answer.status, answer.body) == (200, TEXT[::-1])


def test_a_folder_without_an_index_is_listed(site, files):
    (files / "docs" / "a<b>&.txt").write_text("x" * 2048)
    (files / "docs" / ".hidden").touch()
    (files / "docs" / "out").symlink_to("../../secret.txt")
    answer = get(site, "/docs/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    links = re.findall(r'href="([^"]*)"', answer.text)
    assert links == ["../", "./deep/", "./a%3Cb%3E%26.txt", "./page.html"]
    assert "a&lt;b&gt;&amp;.txt</a></td><td>2.0 KiB</td>" in answer.text


def test_names_are_bytes(site, files):
    name = b"caf\xe9 \xff.txt"
    (files / "docs" / os.fsdecode(name)).write_text("found")
    links = re.findall(r'href="\./([^"]*)"', get(site, "/docs/").text)
    assert "caf%E9%20%FF.txt" in links
    assert get(site, "/docs/caf%E9%20%FF.txt").body == b"found"


def test_a_directory_that_is_made_anew_is_served_anew(site, files):
    aside = files.with_name("aside")
    files.rename(aside)
    assert get(site, "/digits.txt").status == 404
    files.mkdir()
    (files / "digits.txt").write_text("new")
    assert get(site, "/digits.txt").body == b"new"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_forbidden(site, files):
    (files / "digits.txt").chmod(0)
    assert get(site, "/digits.txt").status == 403


def test_a_missing_file_is_a_small_page_without_the_path(site):
    answer = get(site, "/<script>missing")
    assert answer.status in (400, 404)
    answer = get(site, "/%3Cscript%3Emissing")
    assert answer.status == 404
    assert "404 Not Found" in answer.text and "missing" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_responses_name_the_generation_only_when_reloading(files):
    with Worker("site", target=files, reload=1) as running:
        answer = get(running.ready(), "/digits.txt")
        assert answer.headers["blackbulld-generation"] == "7"
        assert answer.headers["cache-control"] == "no-cache"
    with Worker("site", target=files) as running:
        answer = get(running.ready(), "/digits.txt")
        assert "blackbulld-generation" not in answer.headers
        assert "cache-control" not in answer.headers


ERROR = {"error_stage": "import", "error_message": "NameError: name 'x' is not defined",
         "error_file": "/srv/main.py", "error_line": 12, "error_detail": "Traceback\n  <here>\n",
         "reload": 1}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def broken():
    with Worker("error", debug_errors=1, **ERROR) as running:
        yield running.ready()


def test_a_generation_that_does_not_load_tells_everybody_why(broken):
    page = get(broken, "/any/path?x", Accept=BROWSER)
    text = get(broken, "/")
    data = get(broken, "/", Accept="application/json")
    for answer in (page, text, data):
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["blackbulld-generation"] == "7"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Traceback\n  &lt;here&gt;" in page.text and "/srv/main.py:12" in page.text
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Traceback\n  <here>\n" in text.text and "NameError: name 'x'" in text.text
    assert json.loads(data.body) == {"generation": 7, "error": {
        "stage": "import", "message": "NameError: name 'x' is not defined",
        "file": "/srv/main.py", "line": 12, "detail": "Traceback\n  <here>\n"}}


def test_the_error_answers_every_method_and_keeps_the_connection(broken):
    with http.Connection(broken.address) as client:
        for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
            answer = client.request("/", method=method, body=b"x" * 5000 if method == "POST" else b"")
            assert answer.status == 503


def test_strangers_are_not_shown_the_code(files):
    with Worker("error", **ERROR) as running:
        answer = get(running.ready(), "/", Accept=BROWSER)
        assert answer.status == 503
        assert "Traceback" not in answer.text and "main.py" not in answer.text
        assert "NameError" not in answer.text
