"""Machines: which keys they have, and one whose keys are attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from . import _ennead


@cache
def _keys() -> dict[str, dict[str, Any]]:
    return {key["key"]: key for key in json.loads(_ennead.keys())}


def keys() -> list[dict[str, Any]]:
    """Every configuration key: ``key``, ``unit``, ``default``, ``allowed``, ``help``."""
    return json.loads(_ennead.keys())


def machines() -> dict[str, str]:
    """The shipped machines by name, each with what it is in one line."""
    return {machine["name"]: machine["summary"] for machine in json.loads(_ennead.machines())}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Section:
    """The keys of one section of a machine, for example ``config.l1``, as attributes."""

    def __init__(self, config: Config, name: str) -> None:
        object.__setattr__(self, "_config", config)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, key: str) -> Any:
        try:
            return self._config[f"{self._name}.{key}"]
        except KeyError as error:
            raise AttributeError(str(error.args[0])) from None

    def __setattr__(self, key: str, value: object) -> None:
        self._config[f"{self._name}.{key}"] = value

    def __dir__(self) -> list[str]:
        prefix = self._name + "."
        return [key.removeprefix(prefix) for key in _keys() if key.startswith(prefix)]

    def __repr__(self) -> str:
        return ", ".join(f"{key}={getattr(self, key)!r}" for key in dir(self))


class Config:
    """A machine.

    ``Config("vega")`` starts from a shipped machine (see :func:`machines`), ``Config("mine.toml")`` from a file. Keys
    are attributes, with the units that :func:`keys` tells (``l1.size`` in bytes, ``cluster.frequency_hz`` in hertz,
    latencies in cycles)::

        config = Config("ennead")
        config.l1.banks = 32
        config["fpu.addmul_latency"] = 2

    A value that its key cannot have raises :class:`InputError` at once, with the command's message; rules between keys
    are checked by :meth:`check` and before any run.
    """

    def __init__(self, name: str = "ennead", settings: dict[str, object] | None = None) -> None:
        self._name = str(name)
        self._draft = _ennead.Draft(self._name)
        for key, value in (settings or {}).items():
            self[key] = value

    @classmethod
    def load(cls, name: str) -> Config:
        """The machine of this shipped name or TOML file."""
        return cls(name)

    @property
    def name(self) -> str:
        """The shipped name or the file that this machine started from."""
        return self._name

    @property
    def hash(self) -> str:
        """SHA-256 over every key and value, in hexadecimal."""
        return self._draft.hash()

    def check(self) -> Config:
        """Check the machine as a whole, rules between keys too; raises :class:`InputError`, or gives the machine."""
        self._draft.hash()
        return self

    def to_toml(self) -> str:
        """The whole effective machine, as ``ennead config show`` prints it."""
        return self._draft.to_toml()

    def copy(self) -> Config:
        """Another machine that is equal now."""
        other = object.__new__(Config)
        object.__setattr__(other, "_name", self._name)
        object.__setattr__(other, "_draft", self._draft.copy())
        return other

    def __getitem__(self, key: str) -> Any:
        text = self._draft.get(key)
        if text is None:
            raise KeyError(f"unknown key {key!r}; ennead.keys() lists every key")
        known = _keys()[key]["allowed"]
        if isinstance(known, dict):
            return int(text)
        if known == [True, False]:
            return text == "true"
        return text

    def __setitem__(self, key: str, value: object) -> None:
        self._draft.set(key, _text(value))

    def __iter__(self) -> Iterator[str]:
        return iter(_keys())

    def __getattr__(self, name: str) -> Section:
        if not name.startswith("_") and any(key.startswith(name + ".") for key in _keys()):
            return Section(self, name)
        raise AttributeError(f"a machine has no section {name!r}; ennead.keys() lists every key")

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            getattr(self, name)
            raise AttributeError(f"{name} is a section; give one of its keys a value, for example config.l1.banks = 32")

    def __dir__(self) -> list[str]:
        return sorted({key.partition(".")[0] for key in _keys()} | set(super().__dir__()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and all(self[key] == other[key] for key in self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Config({self._name!r}, hash={self.hash[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        start = Config(self._name)
        return Config, (self._name, {key: self[key] for key in self if self[key] != start[key]})
