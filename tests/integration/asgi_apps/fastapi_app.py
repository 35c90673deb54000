"""A FastAPI application that uses what real ones use."""

import asyncio
import contextvars
import sys
import tempfile
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, Depends, FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware

database = contextvars.ContextVar("database", default=None)
done = []
document = tempfile.NamedTemporaryFile(suffix=".txt")
document.write(b"0123456789" * 20_000)
document.flush()


@asynccontextmanager
async def lifespan(app):
    database.set("open")
    yield {"greeting": "hello"}
    print("lifespan has ended", file=sys.stderr, flush=True)


app = FastAPI(lifespan=lifespan)


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response


app.add_middleware(Stamp)


class Item(BaseModel):
    name: str
    price: float


async def session():
    done.append("session opened")
    yield "session"
    done.append("session closed")


@app.get("/items/{number}")
async def item(number: int, q: str = "none"):
    return {"number": number, "q": q}


@app.post("/items")
def create(item: Item, opened=Depends(session)):
    return {"name": item.name, "price": item.price * 2, "session": opened}


@app.post("/form")
async def form(name: str = Form(), upload: UploadFile = File()):
    return {"name": name, "file": upload.filename, "size": len(await upload.read())}


@app.get("/state")
async def state(request: Request):
    return {"greeting": request.state.greeting, "database": database.get(), "url": str(request.url)}


@app.get("/stream")
async def stream():
    async def parts():
        for number in range(5):
            await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, str, number), 5)
            yield f"part {number}\n"

    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/endless")
async def endless():
    async def parts():
        while True:
            done.append("part")
            yield b"x" * 65536

    return StreamingResponse(parts())


@app.get("/file")
async def file():
    return FileResponse(document.name)


@app.get("/background")
async def background(tasks: BackgroundTasks):
    tasks.add_task(done.append, "background")
    return PlainTextResponse("accepted")


@app.get("/done")
async def show_done():
    return done


@app.get("/timeout")
async def timeout():
    if sys.version_info < (3, 11):
        return "skipped"
    try:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    except TimeoutError:
        return "timed out"


@app.get("/subprocess")
async def subprocess():
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(6 * 7)", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return int(out)


@app.get("/gone")
async def gone():
    raise HTTPException(410, "it is gone")


@app.get("/bug")
async def bug():
    return 1 / 0


@app.get("/is_disconnected")
async def is_disconnected(request: Request):
    return [await request.is_disconnected() for _ in range(100)]
