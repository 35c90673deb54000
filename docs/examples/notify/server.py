"""A server of the standard library alone that takes its socket from LISTEN_FDS and says when it is ready.

    blackbulld --reload -- python3 server.py

Any program in any language can do the same: descriptor 3 is the listening socket, and one datagram
"READY=1" to $NOTIFY_SOCKET says that it serves (see sd_listen_fds(3), sd_notify(3)).
"""

import http.server
import os
import signal
import socket
import sys
import threading

VERSION = 1


def notify(state):
    """Tells the supervisor; without one it does nothing."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    if path.startswith("@"):
        path = "\0" + path[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
        s.sendto(state.encode(), path)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"standard library, version {VERSION}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for the answers under way

    def __init__(self):
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=3)
        self.socket.setblocking(False)  # another generation may accept what we were woken for


def main():
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        sys.exit("server.py: no socket was passed; run it as `blackbulld -- python3 server.py`")
    server = Server()
    # shutdown() waits for the loop that this handler interrupts, so it needs a thread.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    notify("READY=1")
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
