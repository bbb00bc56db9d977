"""The parser of a command line that says what was meant, and the help that fits a screen.

Law: what is wrong is named, with the nearest right one and what to do, in a few lines; what stands behind an option
that there is not is not repeated, as it may be a secret. The short help names a few options, and `--help all`, written
out of the parser, every one.
"""

from __future__ import annotations

import argparse
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, NoReturn

__all__ = ["Help", "Parser"]

_LONGEST = 60
"""Characters of a wrong argument that are repeated."""

_ELSEWHERE: Mapping[str, str] = {
    "--token": "a token comes from a variable (DIGITALOCEAN_TOKEN) or from an account of the configuration "
    "(--connection), never from the command line",
    "--format": "did you mean -o, --output-format?",
    "--output": "did you mean -o FORMAT, or --out FILE?",
    "--json": "did you mean -o json?",
    "--csv": "did you mean -o csv?",
    "--sql": "did you mean -c, --command?",
    "--query": "did you mean -c, --command?",
    "--execute": "did you mean -c, --command?",
    "--var": "did you mean -v, --variable?",
    "--profile": "did you mean --connection?",
    "--endpoint": "did you mean --endpoint-url?",
}
"""What options of other tools are called here."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors help. `commands` are the words that may stand in the place of options."""

    def __init__(self, *, commands: Sequence[str] = (), **said: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **said})
        self._commands = commands

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The options. Ends the process with exit code 2 for what is none of them, with what is nearest."""
        found, stray = self.parse_known_args(args, namespace)
        if stray:
            first = stray[0]
            if first.startswith("-") and first != "-":
                name = first.partition("=")[0]
                self._refuse(f"unrecognized arguments: {name}", self._near_option(name))
            self._refuse(f"unrecognized arguments: {_shown(first)}", self._near_command(first))
        return found

    def error(self, message: str) -> NoReturn:
        """End the process with exit code 2, the usage and the message on stderr."""
        self._refuse(message, ())

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(one) for one in action.choices]
        near = _nearest(str(value), known)
        hint = f"did you mean {near}? There is {', '.join(known)}" if near else f"there is {', '.join(known)}"
        raise argparse.ArgumentError(action, f"invalid choice: {_shown(str(value))!r}\nhint: {hint}")

    def _refuse(self, message: str, hints: Iterable[str]) -> NoReturn:
        self.print_usage(sys.stderr)
        more = "".join(f"hint: {hint}\n" for hint in hints)
        self.exit(2, f"{self.prog}: error: {message}\n{more}")

    def _near_option(self, name: str) -> tuple[str, ...]:
        if name in _ELSEWHERE and name not in self._option_string_actions:
            return (_ELSEWHERE[name],)
        long = [one for one in self._option_string_actions if one.startswith("--")]
        near = _nearest(name, long)
        return (f"did you mean {near}?",) if near else (f"{self.prog} --help lists the options",)

    def _near_command(self, word: str) -> tuple[str, ...]:
        if not self._commands:
            return (f"{self.prog} --help tells what there is",)
        if any(one.isspace() for one in word):
            return (f'a statement is an option\'s:   {self.prog} -c "SELECT ..."',)
        if word in self._commands:
            return (f"a command comes first:   {self.prog} {word} ...",)
        near = _nearest(word, self._commands)
        if near:
            return (f"did you mean {self.prog} {near}?",)
        import os

        if os.path.isfile(word):
            return (f"a script is an option's:   {self.prog} -f {_shown(word)}",)
        return (f"the commands are {', '.join(self._commands)}",)


class Help(argparse.Action):
    """`--help [TOPIC]`: `const` is the short text, and a topic `all`, or a group of options by its first word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Print it and end the process; ends it with exit code 2 for a topic that there is not."""
        groups = {str(group.title).split()[0]: group for group in parser._action_groups[2:]}
        topic = str(values)
        if values == self.const:
            text = topic
        elif topic == "all":
            text = parser.format_help()
        elif topic == "commands" or topic == "codes":
            commands, _, codes = str(parser.epilog).partition("\n\n")
            text = commands + "\n" if topic == "commands" else codes
        elif topic in groups:
            formatter = parser._get_formatter()
            formatter.start_section(groups[topic].title)
            formatter.add_arguments(groups[topic]._group_actions)
            formatter.end_section()
            text = formatter.format_help()
        else:
            topics = ["all", *groups, "commands", "codes"]
            near = _nearest(topic, topics)
            hint = f"did you mean {near}? " if near else ""
            parser.error(f"there is no help on {_shown(topic)}\nhint: {hint}There is {', '.join(topics)}")
        sys.stdout.write(text)
        parser.exit()


def _nearest(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)), None)


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
