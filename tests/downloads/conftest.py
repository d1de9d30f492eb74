"""A server on this machine that misbehaves as it is told, one behavior a request."""

import http.server
import threading
import time

import pytest


class Server:
    """Answers request after request as ``plan`` says; the last behavior stays for all that follow."""

    def __init__(self):
        self.plan, self.requests, self.closing = [], [], threading.Event()
        self.hung_up = threading.Event()  # the client did not want to hear the rest
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                place = len(server.requests)
                server.requests.append((self.path, self.headers.get("Range")))
                server.plan[min(place, len(server.plan) - 1)](self)
                self.close_connection = True

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, name="data.bin"):
        return f"http://127.0.0.1:{self.http.server_port}/{name}"

    @property
    def ranges(self):
        return [sent for _, sent in self.requests]

    def close(self):
        self.closing.set()
        self.http.shutdown()
        self.http.server_close()

    def sends(self, content, *, ranges=True, cut=None, stall=None, trickle=None, length=True, shift=0):
        """Send ``content``, or the range asked for.

        After so many bytes, ``cut`` closes the connection, ``stall`` falls silent and ``trickle`` sends a byte every
        20 ms; ``length=False`` leaves the length out; ``shift`` sends another range than the one asked for.
        """

        def behave(handler):
            start = int(handler.headers["Range"][6:-1]) if ranges and handler.headers["Range"] else 0
            body = content[start + shift * bool(start) :]
            handler.send_response(206 if start else 200)
            if start:
                first = start + shift
                handler.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            if length:
                handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            stop = next((n for n in (cut, stall, trickle) if n is not None), len(body))
            try:
                handler.wfile.write(body[:stop])
                handler.wfile.flush()
                if stall is not None:
                    self.closing.wait(20)
                if trickle is not None:
                    for byte in body[stop:]:
                        if self.closing.is_set():
                            break
                        handler.wfile.write(bytes([byte]))
                        time.sleep(0.02)
            except OSError:
                self.hung_up.set()

        return behave

    def says(self, status, **headers):
        """Answer with a status and no file."""

        def behave(handler):
            handler.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()

        return behave


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.close()
