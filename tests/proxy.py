"""A small logging HTTP proxy on 127.0.0.1: it sees every request of a browser, forwards those to this machine, refuses the rest."""

from __future__ import annotations

import asyncio
import threading
from urllib.parse import urlsplit

LOCAL = {"127.0.0.1", "localhost"}


class LoggingProxy:
    """Use as a context manager; ``hosts`` holds every host that was asked for."""

    def __init__(self):
        self.hosts: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()

    def __enter__(self) -> LoggingProxy:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def outside(self) -> list[str]:
        """Hosts other than this machine."""
        return sorted({h for h in self.hosts if h not in LOCAL})

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._handle, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            url = urlsplit(target if "://" in target else f"//{target}")
            self.hosts.append(url.hostname or "?")
            if url.hostname not in LOCAL:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            there, back = await asyncio.open_connection(url.hostname, url.port or 80)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = url.path + (f"?{url.query}" if url.query else "")
                rest = head.split(b"\r\n", 1)[1].replace(b"Proxy-Connection: keep-alive", b"Connection: close")
                back.write(f"{method} {path or '/'} {version}\r\n".encode("latin-1") + rest)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while block := await source.read(65536):
                sink.write(block)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
