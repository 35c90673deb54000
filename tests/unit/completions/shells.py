"""What Tab offers in a real bash, zsh or fish. bash and zsh run on a terminal, since they complete nowhere else.

Each is made once, with a folder to be in, and complete(line) returns the words offered and the line as Tab left it
(fish does not say: None).
"""

import os
import pty
import select
import subprocess
from pathlib import Path

COMPLETIONS = Path(__file__).resolve().parents[3] / "completions"
TIMEOUT = 30  # far more than any shell needs; a hanging one fails the test

# Both print what the completion offered, and the line as it stands then, between two marks.
BASH_SETUP = r"""
stty -echo; PS1=''; PS2=''; HISTFILE=
source /usr/share/bash-completion/bash_completion
source {completions}/bash/blackbulld; source {completions}/bash/blackbullctl
bind 'set bell-style none'; bind 'set page-completions off'; bind 'set completion-query-items 0'
observed() {{ offered=(); "_$1" "$@"; offered=("${{COMPREPLY[@]}}"); }}
complete -F observed blackbulld blackbullctl
report() {{
    printf '\n<offered>\n'; printf '%s\n' "${{offered[@]}}"
    printf '<line>%s\n<end>\n' "$READLINE_LINE"; READLINE_LINE=; offered=()
}}
bind -x '"\C-x\C-r": report'
echo; echo '<ready>'
"""

# compadd tells us what it adds; with -O, -A or -D it only asks.
ZSH_SETUP = r"""
stty -echo; PS1=''; PS2=''; HISTFILE=
fpath=({completions}/zsh $fpath)
autoload -Uz compinit; compinit -u -D
zstyle ':completion:*' list-prompt ''; zstyle ':completion:*' select-prompt ''; LISTMAX=100000
typeset -ga offered
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
    local -a added; builtin compadd -O added "$@"; offered+=($added); builtin compadd "$@"
}}
observe() {{ offered=(); _main_complete; }}
zle -C observe complete-word observe
report() {{
    print; print -r -- '<offered>'; print -rl -- $offered
    print -r -- "<line>$BUFFER"; print -r -- '<end>'; BUFFER=; offered=()
}}
zle -N report
bindkey '^I' observe; bindkey '^X^R' report
echo; echo '<ready>'
"""


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, command, setup, folder, env):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, cwd=folder, env={**env, "TERM": "dumb"}, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True)
        os.close(slave)
        self.seen = ""
        script = Path(env["HOME"]) / "setup"
        script.write_text(setup.format(completions=COMPLETIONS))
        self.type(f"source {script}\n")
        self.read_until("<ready>\r\n")

    def type(self, text):
        os.write(self.master, text.encode())

    def read_until(self, mark):
        """What came before it."""
        while mark not in self.seen:
            if not select.select([self.master], [], [], TIMEOUT)[0]:
                raise TimeoutError(f"no {mark!r} after:\n{self.seen}")
            self.seen += os.read(self.master, 65536).decode(errors="replace")
        before, self.seen = self.seen.split(mark, 1)
        return before.replace("\r", "")

    def complete(self, line):
        self.type(line + "\t\x18\x12")
        self.read_until("<offered>\r\n")
        offered = self.read_until("<line>")
        return set(filter(None, offered.splitlines())), self.read_until("\r\n<end>\r\n")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


class Bash(Terminal):
    def __init__(self, folder, env):
        super().__init__(["bash", "--norc", "--noprofile", "-i"], BASH_SETUP, folder, env)


class Zsh(Terminal):
    def __init__(self, folder, env):
        super().__init__(["zsh", "-f", "-i"], ZSH_SETUP, folder, env)


class Fish:
    def __init__(self, folder, env):
        self.folder = folder
        self.env = env

    def complete(self, line):
        script = "; ".join(f"source {file}" for file in sorted((COMPLETIONS / "fish").iterdir()))
        result = subprocess.run(["fish", "-c", f"{script}; complete -C $argv[1]", line], cwd=self.folder,
                                env=self.env, timeout=TIMEOUT, stdin=subprocess.DEVNULL, capture_output=True,
                                text=True)
        if result.stderr:
            raise RuntimeError(result.stderr)
        return {row.split("\t")[0] for row in result.stdout.splitlines()}, None

    def close(self):
        """Nothing stays between two lines."""


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}
