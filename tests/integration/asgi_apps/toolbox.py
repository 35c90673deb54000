"""What applications do with asyncio beside HTTP, each as one request that answers "ok"."""

import asyncio
import concurrent.futures
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback


server = None  # (host, port) that we are served at


async def streams():
    async def shout(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"hello\n")
    assert await reader.read() == b"HELLO\n"
    writer.close()
    server.close()


async def executor():
    loop = asyncio.get_running_loop()
    ids = await asyncio.gather(*[loop.run_in_executor(None, threading.get_ident) for _ in range(20)])
    assert threading.get_ident() not in ids


async def busy_thread():
    """A thread that holds the GIL all it can does not stop the loop."""
    stop = threading.Event()

    def burn():
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=burn)
    thread.start()
    loop = asyncio.get_running_loop()
    woken = [loop.create_future() for _ in range(50)]
    for future in woken:
        loop.call_later(0.001, future.set_result, None)
    await asyncio.wait_for(asyncio.gather(*woken), 5)
    stop.set()
    thread.join()


async def subprocess():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1]); sys.exit(7)",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate(b"abc")
    assert out == b"cba\n", out
    assert process.returncode == 7


async def timeout():
    if sys.version_info >= (3, 11):
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return
        raise AssertionError("no timeout")
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.01)
    except asyncio.TimeoutError:
        return
    raise AssertionError("no timeout")


async def timers():
    loop = asyncio.get_running_loop()
    for delay in (0, 0.001, 0.02):
        future = loop.create_future()
        began = loop.time()
        loop.call_later(delay, future.set_result, None)
        await future
        assert delay - 0.001 <= loop.time() - began < delay + 0.5, loop.time() - began


async def signals():
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, seen.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(seen.wait(), 5)
    loop.remove_signal_handler(signal.SIGUSR1)


async def plain_signals():
    """A handler of signal.signal() runs while the loop has nothing to do, too."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    signal.signal(signal.SIGUSR2, lambda *_: loop.call_soon_threadsafe(done.set_result, None))
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR2)).start()
    await asyncio.wait_for(done, 5)
    signal.signal(signal.SIGUSR2, signal.SIG_DFL)


async def readers():
    """add_reader, add_writer and their undoing, on one descriptor."""
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    left.setblocking(False)
    readable, writable = loop.create_future(), loop.create_future()
    loop.add_reader(left, lambda: readable.done() or readable.set_result(None))
    loop.add_writer(left, lambda: writable.done() or writable.set_result(None))
    await asyncio.wait_for(writable, 5)
    assert not readable.done()
    assert loop.remove_writer(left)
    right.send(b"x")
    await asyncio.wait_for(readable, 5)
    assert loop.remove_reader(left)
    assert not loop.remove_reader(left)
    left.close()
    right.close()
    with open(__file__) as file:
        try:
            loop.add_reader(file, print)
        except PermissionError:
            pass
        else:
            raise AssertionError("regular files cannot be waited for")


async def datagrams():
    loop = asyncio.get_running_loop()
    got = loop.create_future()

    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data, address):
            got.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    transport.sendto(b"ping", transport.get_extra_info("sockname"))
    assert await asyncio.wait_for(got, 5) == b"ping"
    transport.close()


async def processes():
    """Children that multiprocessing forks leave our connections alone."""
    loop = asyncio.get_running_loop()
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert await loop.run_in_executor(pool, abs, -5) == 5


async def forked():
    """A child that leaves by os._exit() has none of the server's own sockets."""
    child = os.fork()
    if child == 0:
        os._exit(sum(os.path.exists(f"/proc/self/fd/{fd}") for fd in (3, 4)))
    status = await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)
    assert status[1] == 0, status


async def stray():
    """A child that returns from its handler finds no server there, and ends."""
    child = os.fork()
    if child:
        status = await asyncio.get_running_loop().run_in_executor(None, os.waitpid, child, 0)
        assert os.waitstatus_to_exitcode(status[1]) == 1, status


async def spawned():
    """The main module is imported anew by children that multiprocessing spawns."""
    loop = asyncio.get_running_loop()
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert await loop.run_in_executor(pool, abs, -5) == 5


async def factory():
    """A task factory of the application makes the tasks of later requests."""
    loop = asyncio.get_running_loop()
    made = []

    def make(loop, coroutine, **options):
        made.append(coroutine.__name__)
        return asyncio.Task(coroutine, loop=loop, **options)

    loop.set_task_factory(make)
    reader, writer = await asyncio.open_connection(*server)
    writer.write(b"GET /timers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"ok" in await reader.read()
    writer.close()
    loop.set_task_factory(None)
    assert "respond" in made, made


async def nested():
    """Another loop in another thread."""
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, asyncio.run, asyncio.wait_for(executor(), 5)) is None


async def app(scope, receive, send):
    global server
    assert scope["type"] == "http"
    server = scope["server"]
    body = b"ok"
    try:
        await globals()[scope["path"].strip("/")]()
    except BaseException:
        body = traceback.format_exc().encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
