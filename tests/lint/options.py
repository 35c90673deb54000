"""The options and commands of both programs are in --help, the completions and the man pages alike.

    options.py BLACKBULLD BLACKBULLCTL ROOT|--self-test

The programs' own --help is the truth.
"""

import re
import subprocess
import sys

import lint

# Options that are no keys of blackbulld.conf, and keys that are no options.
NOT_KEYS = {"config", "check", "version", "help"}
ONLY_KEYS = {"target", "command"}

OPTION_LINE = re.compile(r"^  (?:-(\w), |    )--(\[no-\])?([a-z-]+)(?:\[=([^\]]+)\]| (\S+))?(.*)$")
LONG = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)(?![\w-])")


class Option:
    """One row of --help."""

    def __init__(self, match):
        self.letter, negatable, self.name, optional, value, rest = match.groups()
        self.names = {self.name, "no-" + self.name} if negatable else {self.name}
        words = re.split(r"[|]", optional or value or "")
        self.choices = [w.split(":")[0] for w in words if len(words) > 1 and w[0].islower()]
        self.text = rest

    @property
    def default(self):
        """The last word in brackets, if it is a word."""
        match = re.search(r"\[([^][ ]+)\]$", self.text.strip())
        return match.group(1) if match else None


def options_of(text):
    """The options in a text of help, each with the lines that belong to it."""
    options = []
    for line in text.splitlines():
        match = OPTION_LINE.match(line)
        if match:
            options.append(Option(match))
        elif options and line.startswith(" " * 20):
            options[-1].text += " " + line.strip()
        elif not line.startswith("  "):
            options.append(None)  # whatever follows belongs to no option
    return [o for o in options if o]


def section(text, title):
    match = re.search(rf"^{title}:\n((?:  .*\n)+)", text, re.M)
    return match.group(1) if match else ""


class Program:
    """A program as its --help describes it: options, and commands with options of their own."""

    def __init__(self, name, help_of):
        text = help_of(name)
        self.name = name
        self.commands = {}
        for line in section(text, "commands").splitlines():
            command = line.split()[0]
            self.commands[command] = options_of(section(help_of(name, command), "options"))
        self.options = options_of(section(text, "options") if self.commands else text)


# -- what the files hold: names of long options, as far as a command has them ------------------------------


def bash_scope(text, command):
    match = re.search(rf'^\t\t{command}\) own="([^"]*)"', text, re.M)
    return match.group(1) if match else ""


def zsh_scope(text, command):
    match = re.search(rf"^\t{command}\)\n(.*?)\n\t\t;;", text, re.M | re.S)
    return match.group(1) if match else ""


def fish_scope(text, command):
    joined = text.replace("\\\n", " ")
    return "\n".join(line for line in joined.splitlines() if f"'__blackbullctl_in {command}'" in line)


def man_scope(text, command):
    match = re.search(rf"^\.It (?:Xo )?Ic {command}\b.*?(?=^\.It (?:Xo )?Ic |^\.Ss )", text, re.M | re.S)
    return match.group() if match else ""


def dashed(text):
    return set(LONG.findall(text))


def fish_options(text):
    return set(re.findall(r"(?<!set) -l ([a-z-]+)", text)) | dashed(text)


def man_options(text):
    return set(re.findall(r"\bFl -([a-z-]+)", text))


def fish_letters(text):
    return set(re.findall(r" -s (\w)\b", text))


def shell_letters(text):
    return set(re.findall(r"(?<![\w-])-(\w)(?!\w)", text))


def man_letters(text):
    return set(re.findall(r"\bFl (\w)\b", text))


# Where it is, which options a text names, which letters, and the part that belongs to a command.
PLACES = [
    ("completions/bash/{}", dashed, shell_letters, bash_scope),
    ("completions/zsh/_{}", dashed, shell_letters, zsh_scope),
    ("completions/fish/{}.fish", fish_options, fish_letters, fish_scope),
    ("docs/man/{}.{}", man_options, man_letters, man_scope),
]
MAN_SECTION = {"blackbulld": 8, "blackbullctl": 1}


def differences(path, what, expected, found):
    yield from (f"{path}: {what}{name} is missing" for name in sorted(expected - found))
    yield from (f"{path}: {what}{name} is unknown to --help" for name in sorted(found - expected))


def all_names(options):
    return set().union(*(o.names for o in options))


def check_place(path, text, program, names_in, letters_in, scope):
    own = [o for options in program.commands.values() for o in options]
    everything = program.options + own
    yield from differences(path, "--", all_names(everything), names_in(text))
    letters = {o.letter for o in everything if o.letter}
    yield from (f"{path}: -{letter} is missing" for letter in sorted(letters - letters_in(text)))
    for command, options in program.commands.items():
        if not re.search(rf"(?<![\w-]){command}(?![\w-])", text):
            yield f"{path}: the command {command} is missing"
        elif options:
            expected, found = all_names(options), names_in(scope(text, command))
            yield from differences(path, f"{command} --", expected, found - all_names(program.options))


def commands_in_pages(text):
    return set(re.findall(r"^\.It (?:Xo )?Ic (\w+)", text.partition(".Ss JSON")[0], re.M))


def choice_scope(path, text, name):
    """The lines of a file that are about one option."""
    if path.startswith("completions/bash"):
        match = re.search(rf"^\t[^\n]*--{name}\)\n.*?;;", text, re.M | re.S)
        return match.group() if match else ""
    if path.startswith("docs"):
        return man_item(text, name)
    mark = f" -l {name} " if path.endswith(".fish") else f"--{name}="
    return "\n".join(line for line in text.splitlines() if mark in line)


def man_item(text, name):
    match = re.search(rf"^\.It [^\n]*\bFl -{name}(?![\w-]).*?(?=^\.It Fl |^\.Ss |^\.Sh )", text, re.M | re.S)
    return match.group() if match else ""


def check_choices(path, text, options):
    for option in options:
        scope = choice_scope(path, text, option.name)
        # zsh and fish may leave a choice to a function of their own.
        if "_blackbulld_" in scope:
            scope = text
        for choice in option.choices:
            if not re.search(rf"\b{choice}\b", scope):
                yield f'{path}: --{option.name}: the choice "{choice}" is missing'


def check_defaults(path, text, options):
    for option in options:
        word = re.escape(option.default or "")
        said = rf"default\b.{{0,60}}?(?<!\w){word}(?!\w)"
        if option.default and not re.search(said, man_item(text, option.name), re.S):
            yield f'{path}: --{option.name}: the default "{option.default}" is missing'


def check_program(root, program):
    for pattern, names_in, letters_in, scope in PLACES:
        path = pattern.format(program.name, MAN_SECTION[program.name])
        text = lint.read(root, path)
        yield from check_place(path, text, program, names_in, letters_in, scope)
        yield from check_choices(path, text, program.options)
        if path.startswith("docs"):
            yield from check_defaults(path, text, program.options)
            if program.commands:
                yield from differences(path, "the command ", set(program.commands), commands_in_pages(text))


def check_keys(root, program):
    path = "docs/man/blackbulld.conf.5"
    keys = set(re.findall(r"^\.It Ic ([a-z-]+)", lint.read(root, path), re.M))
    expected = {name for o in program.options if o.name not in NOT_KEYS for name in o.names}
    yield from differences(path, "the key ", expected | ONLY_KEYS, keys)


def check_with(help_of):
    def check(root):
        daemon = Program("blackbulld", lambda *words: help_of(root, *words))
        ctl = Program("blackbullctl", lambda *words: help_of(root, *words))
        if not daemon.options or not ctl.commands:
            yield "--help of the programs could not be read"
        yield from check_program(root, daemon)
        yield from check_program(root, ctl)
        yield from check_keys(root, daemon)

    return check


def ask_program(paths):
    def help_of(_root, name, *words):
        result = subprocess.run([paths[name], *words, "--help"], capture_output=True, text=True, timeout=20)
        if result.returncode != 0:
            sys.exit(f"{name} {' '.join(words)} --help: exit {result.returncode}\n{result.stderr}")
        return result.stdout

    return help_of


def read_example(root, *words):
    return lint.read(root, "help/" + "-".join(words))


CLEAN = {
    "help/blackbulld": "Usage: blackbulld\n\nListening:\n"
                       "  -b, --bind ADDR             listen there [127.0.0.1:8000, or\n"
                       "                              another]\n"
                       "      --[no-]reload           reload [off]\n"
                       "      --mode fast|slow        how\n"
                       "                              much [fast]\n"
                       "  -h, --help                  print this\n",
    "help/blackbullctl": "usage: blackbullctl\n\ncommands:\n  wait   wait\n  stop   stop\n\n"
                         "options:\n  -j, --json   JSON\n",
    "help/blackbullctl-wait": "usage: blackbullctl wait\n\noptions:\n      --idle   until idle\n\n"
                              "options of every command:\n  -j, --json   JSON\n",
    "help/blackbullctl-stop": "usage: blackbullctl stop\n\noptions of every command:\n  -j, --json   JSON\n",
    "completions/bash/blackbulld": "\t--mode)\n\t\tfast slow\n\t\t;;\n-b --bind --reload --no-reload --mode -h --help\n",
    "completions/zsh/_blackbulld": "{-b+,--bind=} --reload[] --no-reload[]\n'--mode=[x]:x:(fast slow)' {-h,--help}\n",
    "completions/fish/blackbulld.fish": "f -s b -l bind\nf -l reload\nf -l no-reload\nf -l mode -a 'fast slow'\n"
                                        "f -s h -l help\n",
    "docs/man/blackbulld.8": ".It Fl b , Fl -bind\n.It Fl -reload , Fl -no-reload\nThe default is off.\n"
                             ".It Fl -mode Cm fast | slow\nThe default is\n.Cm fast .\n.It Fl h , Fl -help\n.Sh X\n",
    "docs/man/blackbulld.conf.5": ".It Ic bind\n.It Ic reload\n.It Ic no-reload\n.It Ic mode\n.It Ic target\n"
                                  ".It Ic command\n",
    "completions/bash/blackbullctl": "stop\n\t\twait) own=\"--idle\"\n-j --json\n",
    "completions/zsh/_blackbullctl": "stop\n\twait)\n\t\t--idle[x]\n\t\t;;\n{-j,--json}\n",
    "completions/fish/blackbullctl.fish": "stop\nf -n '__blackbullctl_in wait' -l idle\nf -s j -l json\n",
    "docs/man/blackbullctl.1": ".It Fl j , Fl -json\n.It Ic wait Op Fl -idle\n.It Ic stop\n.Ss JSON\n",
}


def without(path, words):
    assert words in CLEAN[path]
    return path, {path: CLEAN[path].replace(words, "")}


def broken(message, path, words, instead=""):
    name, tree = without(path, words)
    tree[name] = CLEAN[name].replace(words, instead)
    return f"{name}: {message}", tree


BROKEN = [
    broken("--bind is missing", "completions/bash/blackbulld", "--bind "),
    broken("--mode is missing", "completions/zsh/_blackbulld", "'--mode=[x]:x:(fast slow)'"),
    broken("--no-reload is missing", "completions/fish/blackbulld.fish", "f -l no-reload"),
    broken("--bind is missing", "docs/man/blackbulld.8", ", Fl -bind"),
    broken("--gone is unknown", "completions/bash/blackbulld", "-h ", "-h --gone "),
    broken("--gone is unknown", "docs/man/blackbulld.8", "Fl h ,", "Fl -gone , Fl h ,"),
    broken("-b is missing", "completions/zsh/_blackbulld", "-b+,"),
    broken("-h is missing", "completions/fish/blackbulld.fish", "-s h "),
    broken('--mode: the choice "slow" is missing', "completions/zsh/_blackbulld", " slow"),
    broken('--mode: the choice "slow" is missing', "completions/bash/blackbulld", " slow"),
    broken('--mode: the choice "fast" is missing', "completions/fish/blackbulld.fish", "fast "),
    broken('--mode: the default "fast" is missing', "docs/man/blackbulld.8", "The default is\n.Cm fast .\n"),
    broken("the key mode is missing", "docs/man/blackbulld.conf.5", ".It Ic mode\n"),
    broken("the key help is unknown", "docs/man/blackbulld.conf.5", ".It Ic mode", ".It Ic help\n.It Ic mode"),
    broken("the command stop is missing", "completions/bash/blackbullctl", "stop\n"),
    broken("the command stop is missing", "docs/man/blackbullctl.1", ".It Ic stop\n"),
    broken("the command halt is unknown", "docs/man/blackbullctl.1", ".It Ic stop", ".It Ic stop\n.It Ic halt"),
    broken("wait --idle is missing", "completions/zsh/_blackbullctl", "--idle[x]", "x"),
    broken("--idle is missing", "completions/fish/blackbullctl.fish", "-l idle"),
]

if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source = read_example if sys.argv[3] == "--self-test" else ask_program(
        {"blackbulld": sys.argv[1], "blackbullctl": sys.argv[2]})
    lint.main(check_with(source), CLEAN, BROKEN, [sys.argv[3]])
