"""The watcher: close(2) to batch, arming beside a bare walk in the same run, bytes a directory, the hand-over.

    ./dev bench watch [DIRECTORIES] [SAVES]
"""

import subprocess
import sys

from support import build


def main():
    sys.exit(subprocess.run([build.BUILD / "bench" / "watch_bench", *sys.argv[1:]]).returncode)


if __name__ == "__main__":
    main()
