"""What docs/部署.md gives an office, run as it stands: nginx and Caddy before a real server, the unit, the offline folder."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import CHROMIUM, CHROMIUM_FLAGS
from test_journeys import CHART, open_page
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.sync.client import connect

from benchmarks.serving import free_port
from jiejian.home import PROJECT

DEPLOY = PROJECT / "docs" / "deploy"
NAME = "jiejian.jiedao.example"
NGINX = shutil.which("nginx") or next((p for p in ("/usr/sbin/nginx",) if Path(p).is_file()), None)
CADDY, OPENSSL = shutil.which("caddy"), shutil.which("openssl")
REQUIRED = os.environ.get("JIEJIAN_REQUIRE_PROXY") == "1"


def _needs(tool: str | None, name: str) -> str:
    if tool is None and REQUIRED:
        pytest.fail(f"JIEJIAN_REQUIRE_PROXY=1，但没有 {name}。")
    if tool is None:
        pytest.skip(f"没有安装 {name}，反向代理的测试未运行；.ci/run 会装上。")
    return tool


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate made by oneself, for the name of the files."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [_needs(OPENSSL, "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", "tls.key", "-out", "tls.crt"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "tls.crt", folder / "tls.key"


# What the guide says is to be changed for a second server.
SECOND = {"# server 127.0.0.1:8502;": "server 127.0.0.1:8502;", "reverse_proxy 127.0.0.1:8501 {": "reverse_proxy 127.0.0.1:8501 127.0.0.1:8502 {"}


def _filled(file: str, upstreams: list[str], port: int, plain: int, certificate: tuple[Path, Path]) -> str:
    """The file of the documentation with the test's ports and certificate, and nothing else changed."""
    said = (DEPLOY / file).read_text(encoding="utf-8")
    if len(upstreams) > 1:
        assert sum(said.count(old) for old in SECOND) == 1
        for old, new in SECOND.items():
            said = said.replace(old, new)
    pairs = {
        "/etc/jiejian/tls.crt": str(certificate[0]),
        "/etc/jiejian/tls.key": str(certificate[1]),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80": f"listen 127.0.0.1:{plain}",
        f"{NAME}:443": f"{NAME}:{port}",
        **{f"127.0.0.1:{8501 + n}": urlsplit(upstream).netloc for n, upstream in enumerate(upstreams)},
    }
    for old, new in pairs.items():
        said = said.replace(old, new)
    return said


@contextmanager
def proxy_before(kind: str, upstreams: list[str], certificate: tuple[Path, Path], folder: Path) -> Iterator[int]:
    """The port of a proxy before one server or two; ends the process that it started."""
    port, plain = free_port(), free_port()
    if kind == "nginx":
        tool = _needs(NGINX, "nginx")
        (folder / "jiejian.conf").write_text(_filled("nginx.conf", upstreams, port, plain, certificate), encoding="utf-8")
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "main.conf").write_text(
            f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
            f"http {{ access_log off; {temporary} include {folder}/jiejian.conf; }}\n",
            encoding="utf-8",
        )
        command = [tool, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/main.conf"]
    else:
        tool = _needs(CADDY, "caddy")
        (folder / "Caddyfile").write_text(_filled("Caddyfile", upstreams, port, plain, certificate), encoding="utf-8")
        command = [tool, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    log = (folder / "out.log").open("w")
    process = subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (folder / "out.log").read_text()
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _named_server(home: Path):
    """A server that answers to the office's name, as the unit starts it."""
    from conftest import serve

    # Without [auth] nothing is shown through a proxy, unless its own sign-in is vouched for.
    return serve(home, STREAMLIT_SERVER_ALLOWED_HOSTS=f"{NAME} 127.0.0.1", JIEJIAN_WITHOUT_SIGN_IN="1")


@pytest.fixture(scope="module")
def server_for_proxy(demo_home) -> Iterator[str]:
    with _named_server(demo_home) as address:
        yield address


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request, server_for_proxy, certificate, tmp_path_factory) -> Iterator[int]:
    with proxy_before(request.param, [server_for_proxy], certificate, tmp_path_factory.mktemp(request.param)) as port:
        yield port


def _trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


class _Here(http.client.HTTPSConnection):
    """A connection to the proxy under the office's name."""

    def connect(self) -> None:
        self.sock = self._context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 20), server_hostname=self.host)


def _asked(port: int, context: ssl.SSLContext, method: str = "GET", path: str = "/", headers: dict | None = None, body=None):
    connection = _Here(NAME, port, context=context, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_the_page_comes_over_tls_with_its_headers(proxy, certificate):
    status, headers, body = _asked(proxy, _trusting(certificate[0]))
    assert status == 200 and b"<title>" in body
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "SAMEORIGIN"
    assert "max-age=" in headers["strict-transport-security"] and headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy and "object-src 'none'" in policy and "http:" not in policy and "*" not in policy
    assert "permissions-policy" in headers and not re.search(r"\d", headers.get("server", ""))


def _opens(port: int, context: ssl.SSLContext, origin: str | None, host: str = NAME) -> int:
    """The status with which a websocket is answered: 101 when it opens."""

    try:
        with connect(
            f"wss://{host}:{port}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", port), 20),
            ssl=context,
            server_hostname=NAME,
            origin=origin,
            subprotocols=["streamlit"],
            proxy=None,
            open_timeout=30,
        ):
            return 101
    except InvalidStatus as error:
        return error.response.status_code
    except (InvalidMessage, OSError, EOFError):
        return 0


def test_a_websocket_opens_for_its_own_site_only(proxy, certificate):
    context = _trusting(certificate[0])
    assert _opens(proxy, context, f"https://{NAME}:{proxy}") == 101
    assert _opens(proxy, context, "https://elsewhere.example") == 403
    assert _opens(proxy, context, None) == 403
    assert _opens(proxy, context, f"https://{NAME}:{proxy}", host="other.example") != 101


def test_a_file_over_the_limit_is_refused_and_a_form_without_token_too(proxy, certificate):
    """113 MB are refused by the proxy; a small one reaches Streamlit, which wants its own token (XSRF)."""
    context = _trusting(certificate[0])
    status, _, _ = _asked(
        proxy, context, "PUT", "/_stcore/upload_file/s/f", {"Content-Length": str(130 * 10**6)}, body=iter([b"x" * 65536])
    )
    assert status == 413
    status, _, _ = _asked(proxy, context, "PUT", "/_stcore/upload_file/s/f", body=b"x")
    assert status in (400, 403)


@pytest.mark.browser
def test_a_chart_is_drawn_through_the_proxy_and_the_policy_forbids_nothing_of_it(proxy, playwright):
    chromium = playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    )
    page = chromium.new_context(ignore_https_errors=True, locale="zh-CN").new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    open_page(page, f"https://{NAME}:{proxy}", "compare")
    page.wait_for_selector(CHART, timeout=30_000)
    open_page(page, f"https://{NAME}:{proxy}", "present")
    page.frame_locator(".st-key-deck iframe").locator("body[data-ready='1']").wait_for(timeout=60_000)
    chromium.close()
    assert [line for line in said if "Content Security Policy" in line or "Content-Security-Policy" in line] == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["nginx", "caddy"])
def test_of_two_servers_a_browser_stays_with_one_and_is_led_to_the_other_when_that_is_down(
    kind, demo_home, certificate, tmp_path, playwright
):
    with ExitStack() as first, ExitStack() as rest:
        addresses = [first.enter_context(_named_server(demo_home)), rest.enter_context(_named_server(demo_home))]
        port = rest.enter_context(proxy_before(kind, addresses, certificate, tmp_path))
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        )
        context = chromium.new_context(ignore_https_errors=True, locale="zh-CN")
        page = context.new_page()
        open_page(page, f"https://{NAME}:{port}", "export")
        page.get_by_role("button", name=re.compile("当前视图")).wait_for(timeout=60_000)
        with page.expect_download(timeout=60_000) as given:  # the file is with the server of the session alone
            page.get_by_role("button", name=re.compile("当前视图")).click()
        assert given.value.failure() is None and given.value.suggested_filename.endswith(".xlsx")
        if kind == "caddy":
            chosen = {c["value"] for c in context.cookies() if c["name"] == "jiejian_at"}
            page.reload()
            assert len(chosen) == 1 and {c["value"] for c in context.cookies() if c["name"] == "jiejian_at"} == chosen
        first.close()
        for name in ("compare", "trends"):
            open_page(page, f"https://{NAME}:{port}", name)
            page.wait_for_selector(CHART, timeout=60_000)
        chromium.close()


def test_the_unit_is_one_that_systemd_understands(tmp_path):
    """Checked by systemd-analyze where there is one; paths and accounts of the office are put in place of its own."""
    said = (DEPLOY / "jiejian@.service").read_text(encoding="utf-8")
    assert "--server.address 127.0.0.1" in said and "JIEJIAN_HOME=" in said and "NoNewPrivileges=yes" in said
    if not shutil.which("systemd-analyze"):
        pytest.skip("没有 systemd-analyze，systemd 单元未经它检查。")
    unit = tmp_path / "jiejian@8501.service"
    said = said.replace("/opt/jiejian/.venv/bin/python", sys.executable).replace(
        "WorkingDirectory=/opt/jiejian", f"WorkingDirectory={PROJECT}"
    )
    unit.write_text(re.sub("(User|Group)=jiejian", r"\1=root", said), encoding="utf-8")
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    complaints = [line for line in result.stderr.splitlines() if "jiejian@8501.service" in line]
    assert complaints == [], result.stderr


def test_the_guide_names_every_file_and_says_what_was_not_tried():
    guide = (PROJECT / "docs" / "部署.md").read_text(encoding="utf-8")
    for path in DEPLOY.iterdir():
        assert f"deploy/{path.name}" in guide, path.name
    assert "未试过" in guide and "未试过" in (DEPLOY / "windows-service.ps1").read_text(encoding="utf-8")
    for command in ("python -m etl backup", "python -m etl restore"):
        assert command in guide


# ---- the offline folder ----


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    from jiejian.offline import make

    return make(tmp_path_factory.mktemp("offline") / "包", download=False, pythons=["3.11", "3.12"], say=lambda said: None)


def test_the_offline_folder_has_the_project_and_nothing_of_a_street(folder):
    app = folder / "app"
    for name in (
        "dashboard.py",
        "pages/overview.py",
        "jiejian/ui/assets/style.css",
        "catalogue/metrics.yml",
        "etl/__main__.py",
        ".streamlit/config.toml",
        "data/articles",
    ):
        assert (app / name).exists(), name
    assert not list(app.rglob("__pycache__")) and not list(app.rglob("secrets.toml")) and not list(app.rglob("*.duckdb"))
    assert sorted(p.name for p in (app / "data").iterdir()) == ["articles", "inbox", "national"]
    assert [p.name for p in (app / "data" / "inbox").iterdir()] == ["README.md"]


def test_each_platform_gets_the_pins_of_the_project(folder):
    pins = (PROJECT / "requirements.txt").read_text(encoding="utf-8").lower()
    lists = {p.parent.name: p.read_text(encoding="utf-8").lower().split() for p in folder.glob("wheels/*/requirements-3.11.txt")}
    assert set(lists) == {"windows-x86_64", "linux-x86_64", "linux-aarch64"}
    for lines in lists.values():
        assert {"streamlit", "duckdb", "pandas", "pyarrow", "watchdog"} <= {line.split("==")[0] for line in lines}
        assert all(line in pins.replace("[binary]", "") for line in lines)


def test_markers_are_decided_for_the_target_not_for_this_machine(tmp_path):
    from jiejian.offline import PLATFORMS, needed

    asked = tmp_path / "requirements.txt"
    asked.write_text(
        "a==1\nb==2 ; sys_platform == 'win32'\nc==3 ; platform_machine == 'aarch64'\nd==4 ; python_full_version < '3.12'\n    # via a\n",
        encoding="utf-8",
    )
    found = {name: needed(platform, "3.12", asked) for name, platform in PLATFORMS.items()}
    assert found == {"windows-x86_64": ["a==1", "b==2"], "linux-x86_64": ["a==1"], "linux-aarch64": ["a==1", "c==3"]}
    assert needed(PLATFORMS["linux-x86_64"], "3.11", asked) == ["a==1", "d==4"]


def test_pip_is_asked_for_wheels_of_the_target_only(folder):
    from jiejian.offline import PLATFORMS, command

    asked = command(folder, PLATFORMS["windows-x86_64"], "3.11")
    assert (
        asked[asked.index("--only-binary") + 1] == ":all:" and "--no-deps" in asked and "win_amd64" in asked and "cp311" in asked
    )


def test_the_start_scripts_suit_their_systems(folder):
    windows = (folder / "start.cmd").read_bytes()
    assert windows.startswith(b"@echo off\r\n") and windows.count(b"\n") == windows.count(b"\r\n")
    assert b"--no-index" in windows and "未" not in windows.decode()[:20]
    unix = (folder / "start.sh").read_bytes()
    assert b"\r" not in unix and b"--no-index" in unix and os.access(folder / "start.sh", os.X_OK)
    assert subprocess.run(["sh", "-n", str(folder / "start.sh")]).returncode == 0


def test_another_python_is_refused_in_a_sentence(folder, tmp_path):
    """A machine whose Python is not the one of the wheels is told so before anything is written."""
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho 3.9\n", encoding="utf-8")
    fake.chmod(0o755)
    result = subprocess.run(
        ["sh", str(folder / "start.sh")], env={**os.environ, "PYTHON": str(fake)}, capture_output=True, text=True
    )
    assert result.returncode == 2 and "3.11 3.12" in result.stderr and not (folder / "app" / ".venv").exists()


@pytest.mark.nightly
def test_it_installs_and_serves_with_the_network_closed(tmp_path):
    """The real folder for this machine, in a network namespace that holds only the loopback: install, start, health."""
    import platform

    from jiejian.offline import make

    made = make(tmp_path / "offline", platforms=[f"linux-{platform.machine()}"])
    inside = (
        "ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null; "
        f"sh {made}/start.sh --install-only && cd {made}/app && .venv/bin/python - <<'P'\n"
        "import socket, subprocess, sys, time, urllib.request\n"
        "try:\n    socket.create_connection(('1.1.1.1', 443), 2); sys.exit('the network is open: nothing is proved')\nexcept OSError: pass\n"
        "p = subprocess.Popen([sys.executable, '-m', 'streamlit', 'run', 'dashboard.py', '--server.port', '8689'])\n"
        "for _ in range(300):\n"
        "    try:\n        ok = urllib.request.urlopen('http://127.0.0.1:8689/_stcore/health', timeout=1).read(); break\n"
        "    except OSError: time.sleep(0.2)\n"
        "p.terminate(); p.wait(10); print('HEALTH', ok)\nP\n"
    )
    closed = ["unshare", "-rn"] if os.geteuid() else ["unshare", "-n"]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "JIEJIAN_HOME": str(tmp_path / "home"), "PYTHON": sys.executable}
    result = subprocess.run([*closed, "sh", "-c", inside], env=environment, capture_output=True, text=True, timeout=900)
    assert "HEALTH b'ok'" in result.stdout, result.stdout + result.stderr
