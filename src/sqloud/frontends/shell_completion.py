"""`sqloud completion SHELL`: completion of the command line for bash, zsh and fish.

Law: the options offered are those of the parser, and cannot differ from it.
"""

from __future__ import annotations

import argparse
import sys

from sqloud.frontends.arguments import Parser
from sqloud.frontends.options import COMMAND_NAMES
from sqloud.output import FORMAT_NAMES

__all__ = ["SHELLS", "run", "script"]

_FILES = frozenset({"-f", "--file", "--out", "--vars", "--journal", "--database", "--log-requests"})
_FOLDERS = frozenset({"--providers", "--allow-read", "--allow-write"})
SHELLS = ("bash", "zsh", "fish")


def run(arguments: list[str]) -> int:
    """Print the script."""
    parser = Parser(
        prog="sqloud completion",
        description="bash: source <(sqloud completion bash)   zsh: the same   "
        "fish: sqloud completion fish > ~/.config/fish/completions/sqloud.fish",
    )
    parser.add_argument("shell", choices=SHELLS)
    sys.stdout.write(script(parser.parse_args(arguments).shell))
    return 0


def script(shell: str) -> str:
    """The script for one of `SHELLS`."""
    return _fish() if shell == "fish" else _bash(zsh=shell == "zsh")


def _actions() -> list[argparse.Action]:
    from sqloud.frontends.options import main_parser

    return [action for action in main_parser("")._actions if action.option_strings]


def _bash(*, zsh: bool) -> str:
    options = " ".join(option for action in _actions() for option in action.option_strings)
    before = "autoload -U +X bashcompinit && bashcompinit\n" if zsh else ""
    return f"""{before}_sqloud() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    case $before in
        -o|--output-format) COMPREPLY=($(compgen -W "{" ".join(FORMAT_NAMES)}" -- "$word")) ;;
        --on-error) COMPREPLY=($(compgen -W "stop continue" -- "$word")) ;;
        {"|".join(sorted(_FILES))}) COMPREPLY=($(compgen -f -- "$word")) ;;
        {"|".join(sorted(_FOLDERS))}) COMPREPLY=($(compgen -d -- "$word")) ;;
        sqloud) COMPREPLY=($(compgen -W "{" ".join(COMMAND_NAMES)} {options}" -- "$word")) ;;
        check|import) COMPREPLY=($(compgen -f -- "$word")) ;;
        completion) COMPREPLY=($(compgen -W "{" ".join(SHELLS)}" -- "$word")) ;;
        provider) COMPREPLY=($(compgen -W "check docs import" -- "$word")) ;;
        *) COMPREPLY=($(compgen -W "{options}" -- "$word")) ;;
    esac
}}
complete -o filenames -F _sqloud sqloud
"""


def _fish() -> str:
    lines = [f"complete -c sqloud -n __fish_use_subcommand -f -a {name}" for name in COMMAND_NAMES]
    for action in _actions():
        words = [
            f"-l {one[2:]}" if one.startswith("--") else f"-s {one[1:]}" for one in action.option_strings
        ]
        files = set(action.option_strings) & (_FILES | _FOLDERS)
        takes = "" if action.nargs in {0, "?"} else " -r" if files else " -x"
        choices = f" -a '{' '.join(map(str, action.choices))}'" if action.choices else ""
        about = (action.help or "").replace("'", "").replace("%%", "%")
        lines.append(f"complete -c sqloud {' '.join(words)}{takes}{choices} -d '{about}'")
    return "\n".join(lines) + "\n"
