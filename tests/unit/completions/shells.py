"""What Tab offers in a real bash, zsh or fish. bash and zsh run on a terminal, since they complete nowhere else.

Each function returns the words offered, and the line as Tab left it (fish does not say: None).
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
source {completions}/bash/{program}
bind 'set bell-style none'; bind 'set page-completions off'; bind 'set completion-query-items 0'
observed() {{ offered=(); _{program} "$@"; offered=("${{COMPREPLY[@]}}"); }}
complete -F observed {program}
report() {{ printf '\n<offered>\n'; printf '%s\n' "${{offered[@]}}"; printf '<line>%s\n<end>\n' "$READLINE_LINE"; }}
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
report() {{ print; print -r -- '<offered>'; print -rl -- $offered; print -r -- "<line>$BUFFER"; print -r -- '<end>'; }}
zle -N report
bindkey '^I' observe; bindkey '^X^R' report
echo; echo '<ready>'
"""


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command, cwd, env):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)
        self.seen = ""

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

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def _on_terminal(command, setup, program, line, cwd, env):
    terminal = Terminal(command, cwd, {**env, "TERM": "dumb"})
    try:
        script = Path(cwd) / ".setup"
        script.write_text(setup.format(completions=COMPLETIONS, program=program))
        terminal.type("source ./.setup\n")
        terminal.read_until("<ready>\r\n")
        terminal.type(line + "\t\x18\x12")
        terminal.read_until("<offered>\r\n")
        offered = terminal.read_until("<line>")
        return set(filter(None, offered.splitlines())), terminal.read_until("\r\n<end>")
    finally:
        terminal.close()


def bash(program, line, cwd, env):
    return _on_terminal(["bash", "--norc", "--noprofile", "-i"], BASH_SETUP, program, line, cwd, env)


def zsh(program, line, cwd, env):
    return _on_terminal(["zsh", "-f", "-i"], ZSH_SETUP, program, line, cwd, env)


def fish(program, line, cwd, env):
    script = f"source {COMPLETIONS}/fish/{program}.fish; complete -C $argv[1]"
    result = subprocess.run(["fish", "-c", script, line], cwd=cwd, env=env, timeout=TIMEOUT,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.stderr:
        raise RuntimeError(result.stderr)
    return {row.split("\t")[0] for row in result.stdout.splitlines()}, None


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}
