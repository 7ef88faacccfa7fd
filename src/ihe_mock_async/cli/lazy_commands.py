"""Commands of a group that are imported when they are used, not when the group is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module

import click


class LazyCommands(MutableMapping[str, click.Command]):
    """Commands by name; one is imported when somebody asks for it."""

    def __init__(self, places: Mapping[str, Mapping[str, str]]) -> None:
        """`places`: by module, what help says of each command; it is the object of that name."""
        self.help = {name: text for told in places.values() for name, text in told.items()}
        """What help says of each, which takes no import."""
        self._modules = {name: module for module, told in places.items() for name in told}
        self._commands: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """The command; raises KeyError."""
        if name not in self._commands:
            self._commands[name] = getattr(import_module(self._modules[name]), name)
        return self._commands[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Take a command that is imported already."""
        self._modules[name] = command.__module__
        self._commands[name] = command
        self.help[name] = command.get_short_help_str()

    def __delitem__(self, name: str) -> None:
        """Forget a command; raises KeyError."""
        del self._modules[name], self.help[name]
        self._commands.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._modules)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a command; `Mapping` would import it."""
        return name in self._modules
