"""The smallest ASGI application that shows something: edit GREETING, save, and ask again.

    ./dev run                       in the project's folder
    blackbulld --reload             in this one
"""

import platform
import time

GREETING = "Hello from blackbulld"

loaded = time.strftime("%H:%M:%S")


async def app(scope, receive, send):
    """Answers every path with one page; a lifespan is not needed."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = f"{GREETING}\nPython {platform.python_version()}, this code was loaded at {loaded}\n".encode()
    await send({
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ],
    })
    await send({"type": "http.response.body", "body": body})
