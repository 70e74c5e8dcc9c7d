"""One run, and which programs there are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from . import _ennead
from .config import Config
from .result import Result


class Request:
    """What a caller asks of a run, in the shape that the compiled half takes."""

    def __init__(
        self,
        target: str | os.PathLike[str],
        config: Config | str | os.PathLike[str] | None,
        params: Mapping[str, int] | None,
        isa: str | None,
        engine: str,
        max_cycles: int | None,
        strict: bool,
        semihost_dir: str | os.PathLike[str] | None,
        settings: Mapping[str, object] | None,
        restore: str | os.PathLike[str] | None = None,
    ) -> None:
        if config is not None and not isinstance(config, Config):
            config = Config(os.fspath(config))
        if settings:
            config = Config(default_machine(target)) if config is None else config.copy()
            for key, value in settings.items():
                config[key] = value
        self.target = os.fspath(target)
        self.config = None if config is None else config._draft
        self.config_name = None if config is None else config.name
        self.params = [(name, str(value)) for name, value in (params or {}).items()]
        self.isa = isa
        self.engine = engine
        self.max_cycles = max_cycles
        self.strict = strict
        self.semihost_dir = None if semihost_dir is None else os.fspath(semihost_dir)
        self.restore = None
        if restore is not None:
            with open(restore, "rb") as file:
                self.restore = file.read()


def default_machine(target: str | os.PathLike[str]) -> str:
    """The machine that a program runs on if nobody chooses one."""
    for program in programs():
        if program["name"] == target:
            return program["config"]
    return "ennead"


def programs() -> list[dict[str, Any]]:
    """The bundled programs, as ``ennead list --format json`` shows them."""
    return json.loads(_ennead.programs())


def run(
    target: str | os.PathLike[str],
    config: Config | str | os.PathLike[str] | None = None,
    *,
    settings: Mapping[str, object] | None = None,
    params: Mapping[str, int] | None = None,
    isa: str | None = None,
    engine: str = "calendar",
    max_cycles: int | None = None,
    strict: bool = False,
    semihost_dir: str | os.PathLike[str] | None = None,
    on_console: Callable[[bytes], object] | None = None,
    fast_forward: str | int | None = None,
) -> Result:
    """Run a program to its end and give what it counted.

    The interpreter is released while the machine runs, so threads run machines in parallel; Ctrl-C stops the run with
    :class:`KeyboardInterrupt`. How the guest ended is no exception: see :attr:`Result.outcome`.

    Args:
        target: An ELF file, or ``builtin:NAME`` (see :func:`programs`).
        config: A :class:`Config`, a shipped name or a TOML file; by default what the program is for.
        settings: Configuration keys with values, on top of ``config``, for example ``{"l1.banks": 32}``.
        params: Initial values of the program's parameters, 32 bits each.
        isa: ``"xpulpv2"`` or ``"xcv"``, whatever the ELF says.
        engine: ``"calendar"`` (fast) or ``"lockstep"`` (the oracle); both give the same result.
        max_cycles: The last cluster clock cycle that may happen; by default 10 000 000 000.
        strict: Make accesses to registers that the model does not have a fault instead of a warning.
        semihost_dir: A directory that the program may reach through semihosting calls.
        on_console: Called with guest output as it appears.
        fast_forward: A symbol or cycle to go to without timing; the run is exact from there. See
            :meth:`Machine.fast_forward`.

    Raises:
        InputError: The program, machine or a parameter cannot be used.
    """
    request = Request(target, config, params, isa, engine, max_cycles, strict, semihost_dir, settings)
    machine = _ennead.Machine(request)
    if fast_forward is not None:
        machine.fast_forward(*machine.goal(str(fast_forward)), on_console)
    machine.finish(on_console)
    finished = machine.finished()
    assert finished is not None
    return Result(*finished)
