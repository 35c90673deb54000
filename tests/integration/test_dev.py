"""The one script of the project: what it says about itself, and what a newcomer runs first."""

import re
import socket

from support import build, http
from support.wait import until

DEV = build.ROOT / "dev"


def test_help_names_every_command_and_each_has_its_function(box):
    script = DEV.read_text()
    named = set(re.findall(r"^\t  (\w+) ", script, re.M))
    accepted = re.search(r"^(.+)\) \"cmd_\$command\"", script, re.M).group(1).split(" | ")
    functions = set(re.findall(r"^cmd_(\w+)\(\)", script, re.M))
    assert named == set(accepted) == functions
    result = box.run(DEV, "nonsense")
    assert result.returncode == 2 and "usage: ./dev" in result.stderr


def test_dev_run_serves_the_example_and_names_the_address_and_the_file_to_edit(box):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % s.getsockname()[1]
    environment = {"BLACKBULL_BUILD": str(build.BUILD), "CC": build.cache_entry("CMAKE_C_COMPILER"),
                   "BLACKBULLD_BIND": address}
    daemon = box.daemon("run", program=DEV, env=environment, bind=None).wait_serving()
    until(lambda: http.fetch(address).kind == http.OK, what="an answer")
    assert "Hello from blackbulld" in http.fetch(address).text
    line = daemon.wait_log(r"== .*").group()
    assert f"http://{address}" in line and "docs/examples/hello/main.py" in line
