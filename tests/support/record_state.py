"""Records the state that a busy daemon hands over, for tests/data: what the next formats have to go on reading.

    cd tests && BLACKBULL_BUILD=... python -m support.record_state data/state-1.bin
"""

import os
import sys

from support import apps, build
from support.daemon import Box
from support.sp import HELLO_PUB, HELLO_SUB, Admin, Stream

RECORDING = f"""\
#!{sys.executable}
import os, sys

if "--check" not in sys.argv:
    with open("{{out}}", "wb") as out:
        out.write(os.pread(int(os.environ["BLACKBULLD_STATE_FD"]), 1 << 24, 0))
os.execv("{build.DAEMON}", ["{build.DAEMON}", *sys.argv[1:]])
"""


def record(box, out):
    folder = box.folder / "installed"
    folder.mkdir()
    (folder / "python").symlink_to(build.BUILD / "python")
    program = folder / "blackbulld"
    program.symlink_to(build.DAEMON)
    box.write("blackbulld.conf", "workers = 2\n")
    box.write("main.py", apps.asgi(1))
    (box.project / "extra").mkdir()
    box.daemon("main:app", "--reload", program=program).wait_serving()
    with Admin(box.admin_socket()) as admin, Stream(
            box.admin_socket().with_name("events.sock"), HELLO_SUB, HELLO_PUB):
        admin.call("paths.add", paths=[str(box.project / "extra")])
        admin.call("reload", id="deploy-7")
        box.save("main.py", "import nosuchmodule\n")
        assert box.ctl("sync").returncode == 1
        admin.ask("logs", since=1 << 40, wait=True)
        script = folder / "recording"
        script.write_text(RECORDING.format(out=out))
        script.chmod(0o755)
        program.unlink()
        program.symlink_to(script)
        box.save("main.py", apps.asgi(2))
        assert box.ctl("sync").returncode == 0


def main():
    box = Box()
    try:
        record(box, os.path.abspath(sys.argv[1]))
    finally:
        print("\n".join(box.close()))


if __name__ == "__main__":
    main()
