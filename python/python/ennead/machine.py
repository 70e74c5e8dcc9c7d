"""A machine under a script's control: step, run to a place, look and change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import _ennead
from .config import Config
from .result import Result, counters
from .runs import Request

_NEVER = 2**63
_INTEGER = (
    "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split()
)
_FLOAT = (
    "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 "
    "fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11"
).split()
_REGISTERS = {
    **{f"x{index}": index for index in range(32)},
    **{f"f{index}": 32 + index for index in range(32)},
    **{name: index for index, name in enumerate(_INTEGER + _FLOAT)},
    "fp": 8,
}


@dataclass(frozen=True)
class RegionEvent:
    """The begin or end of a marked region on one core."""

    core: str
    """The core's name."""
    region: str
    """The region's name, or ``region N``."""
    begins: bool
    """Whether it began, rather than ended."""
    cycle: int
    """The cluster clock cycle in which the marker retired."""


@dataclass(frozen=True)
class Pause:
    """Why a machine stopped, and in front of what."""

    reason: str
    """``ended``, ``cycle``, ``instructions``, ``breakpoint`` or ``predicate``."""
    cycle: int
    """The last cluster clock cycle that is over."""
    core: str | None = None
    """The core in front of the breakpoint."""
    pc: int | None = None
    """The breakpoint's address."""
    symbol: str | None = None
    """That address by name."""


class Machine:
    """A machine with a program in it, before its first cycle.

    Arguments are those of :func:`run` (but ``fast_forward``, which is a method here), and ``restore``, the file of a
    checkpoint to go on from. The machine advances only inside :meth:`step`, :meth:`run_until`, :meth:`fast_forward` and
    :meth:`run`; between them every core is exactly as it is after cycle :attr:`cycle`. Looking changes nothing: a
    machine that was stepped through ends with the same bytes as one that ran. It belongs to one thread at a time.

    Cores are named by index (workers first, then the orchestrator) or by name (:attr:`cores`). Registers are named
    ``"x10"``, ``"a0"``, ``"f3"``, ``"fa0"`` or by number: 0 to 31 integer, 32 to 63 floating point.
    """

    def __init__(
        self,
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
        restore: str | os.PathLike[str] | None = None,
    ) -> None:
        request = Request(target, config, params, isa, engine, max_cycles, strict, semihost_dir, settings, restore)
        self._machine = _ennead.Machine(request)
        self._cores: list[str] = self._machine.cores()
        self._console = on_console
        self._breakpoints: set[int] = set()
        self._callbacks: list[Callable[[RegionEvent], object]] = []

    # Where it is.

    @property
    def cycle(self) -> int:
        """The last cluster clock cycle that is over."""
        return self._machine.cycle

    @property
    def ended(self) -> bool:
        """Whether the run is over; nothing can be run any more then."""
        return self._machine.ended

    @property
    def cores(self) -> list[str]:
        """The cores' names, workers first."""
        return list(self._cores)

    @property
    def console(self) -> bytes:
        """What the guest printed so far."""
        return self._machine.console

    def instructions(self, core: int | str | None = None) -> int:
        """Instructions retired so far, by all cores or by one."""
        return self._machine.instructions(None if core is None else self._core(core))

    @property
    def counters(self) -> dict[str, int | float]:
        """Every counter so far, by the paths of :class:`Result`. No counter ever falls; cycles that a core spends waiting
        are charged to their cause when the wait is over, or at the end."""
        return counters(json.loads(self._machine.so_far()))

    @property
    def result(self) -> Result:
        """What the run has to say; only once it is over."""
        finished = self._machine.finished()
        if finished is None:
            raise RuntimeError("the run is not over: call run() first; counters shows what was counted so far")
        return Result(*finished)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint, from which ``Machine(..., restore=path)`` and ``ennead run --restore`` go on."""
        data = self._machine.save()
        with open(path, "wb") as file:
            file.write(data)

    # Going on.

    def step(
        self, cycles: int | None = None, *, instructions: int | None = None, core: int | str | None = None
    ) -> Pause:
        """Go on by so many cluster clock cycles, or until so many more instructions have retired (on ``core``, or on
        all cores together; several may retire in the last cycle). Without arguments: one cycle.

        Breakpoints stop it too.
        """
        if instructions is not None:
            if cycles is not None:
                raise TypeError("step takes cycles or instructions, not both")
            return self._go(_NEVER, self.instructions(core) + instructions, core)
        if core is not None:
            raise TypeError("core goes with instructions")
        return self._go(self.cycle + (1 if cycles is None else cycles))

    def run(self) -> Result:
        """Run to the end, past all breakpoints, and give what the run has to say. Region callbacks are called."""
        if self._callbacks:
            kept, self._breakpoints = self._breakpoints, set()
            try:
                self._go(_NEVER)
            finally:
                self._breakpoints = kept
        if not self.ended:
            self._machine.finish(self._console)
        return self.result

    def run_until(
        self,
        *,
        cycle: int | None = None,
        pc: int | None = None,
        symbol: str | None = None,
        predicate: Callable[[Machine], object] | None = None,
        every: int = 1,
    ) -> Pause:
        """Run until the first of these: ``cycle`` is over; a core stands in front of the instruction at ``pc`` or at
        ``symbol``; ``predicate(machine)`` is true (asked every ``every`` cycles); a breakpoint; the end.
        """
        if cycle is None and pc is None and symbol is None and predicate is None:
            raise TypeError("run_until needs a cycle, pc, symbol or predicate; run() goes to the end")
        extra = {place for place in (pc, None if symbol is None else self.address(symbol)) if place is not None}
        last = _NEVER if cycle is None else cycle
        if predicate is None:
            return self._go(last, extra=extra)
        if every < 1:
            raise ValueError("every: must be at least 1 cycle")
        while True:
            if predicate(self):
                return Pause("predicate", self.cycle)
            pause = self._go(min(last, self.cycle + every), extra=extra)
            if pause.reason != "cycle" or self.cycle >= last:
                return pause

    def _go(
        self,
        until: int,
        instructions: int | None = None,
        core: int | str | None = None,
        extra: Iterable[int] = (),
    ) -> Pause:
        until = max(until, self.cycle)
        target = None if instructions is None else (instructions, None if core is None else self._core(core))
        places = sorted(self._breakpoints.union(extra))
        while True:
            watches = bool(self._callbacks)
            reason, place, markers = self._machine.run(until, places, watches, target, self._console)
            for marker in markers:
                event = RegionEvent(*marker)
                for callback in list(self._callbacks):
                    callback(event)
            if reason == "regions":
                if self.cycle < until:
                    continue
                reason = "cycle"
            if place is None:
                return Pause(reason, self.cycle)
            return Pause(reason, self.cycle, place[0], place[1], self._machine.symbolize(place[1]))

    def fast_forward(self, *, cycle: int | None = None, pc: int | None = None, symbol: str | None = None) -> Pause:
        """Go to a place by what instructions do, without timing: until ``cycle`` is over, or until the first core stands in
        front of the instruction at ``pc`` or at ``symbol``. From there the machine goes on exactly, its pipelines and
        caches empty. Breakpoints and region callbacks do not count on the way. The report says how many cycles and
        instructions were passed so (``fast_forward.cycles``, ``fast_forward.instret``)."""
        if sum(place is not None for place in (cycle, pc, symbol)) != 1:
            raise TypeError("fast_forward needs one of cycle, pc and symbol")
        address = pc if symbol is None else self.address(symbol)
        reason, place = self._machine.fast_forward(cycle, address, self._console)
        if place is None:
            return Pause(reason, self.cycle)
        return Pause(reason, self.cycle, place[0], place[1], self._machine.symbolize(place[1]))

    # Breakpoints and callbacks.

    def add_breakpoint(self, place: int | str) -> int:
        """Stop in front of an address or symbol, on any core; gives the address."""
        address = self.address(place) if isinstance(place, str) else int(place)
        self._breakpoints.add(address)
        return address

    def remove_breakpoint(self, place: int | str) -> None:
        """Do not stop there any more."""
        self._breakpoints.discard(self.address(place) if isinstance(place, str) else int(place))

    @property
    def breakpoints(self) -> list[int]:
        """Addresses that the machine stops in front of."""
        return sorted(self._breakpoints)

    def on_region(self, callback: Callable[[RegionEvent], object]) -> Callable[[RegionEvent], object]:
        """Call ``callback`` after every cycle in which a marked region began or ended, once an event; usable as a
        decorator. The callback may look at the machine and change it."""
        self._callbacks.append(callback)
        return callback

    # Registers.

    def _core(self, core: int | str) -> int:
        if isinstance(core, str):
            try:
                return self._cores.index(core)
            except ValueError:
                raise _ennead.InputError(f"no core is named {core!r}; the cores are {', '.join(self._cores)}") from None
        if not 0 <= core < len(self._cores):
            raise _ennead.InputError(f"there is no core {core}: the machine has cores 0 to {len(self._cores) - 1}")
        return core

    @staticmethod
    def _register(register: int | str) -> int:
        if isinstance(register, str):
            try:
                return _REGISTERS[register]
            except KeyError:
                raise _ennead.InputError(f"no register is named {register!r}; write x10, a0, f3 or fa0") from None
        if not 0 <= register < 64:
            raise _ennead.InputError(f"there is no register {register}: 0 to 31 are integer, 32 to 63 floating point")
        return register

    def pc(self, core: int | str) -> int:
        """Address of the next instruction of a core (of a load or store that is not answered: its own)."""
        return self._machine.pcs(self._core(core))[0]

    def set_pc(self, core: int | str, address: int) -> None:
        """Let a core go on at another address. Raises :class:`RuntimeError` while the core waits for memory, an
        event or a shared FPU: step on until it does not."""
        if not self._machine.set_pc(self._core(core), address):
            raise RuntimeError(f"core {core} waits in the middle of an instruction or is stopped; step on first")

    def registers(self, core: int | str) -> npt.NDArray[np.uint32]:
        """The 64 registers of a core: a read-only copy."""
        return np.frombuffer(self._machine.registers(self._core(core)), dtype="<u4")

    def register(self, core: int | str, register: int | str) -> int:
        """One register's 32 bits, unsigned."""
        return int(self.registers(core)[self._register(register)])

    def set_register(self, core: int | str, register: int | str, value: int) -> None:
        """Give a register a value, of which the low 32 bits count."""
        self._machine.set_register(self._core(core), self._register(register), int(value) & 0xFFFF_FFFF)

    # Memory.

    def address(self, symbol: str) -> int:
        """The address of a symbol."""
        found = self._machine.symbol(symbol)
        if found is None:
            raise _ennead.InputError(f"the program has no symbol {symbol!r}")
        return found[0]

    def symbolize(self, address: int) -> str | None:
        """The name of an address, with an offset in bytes."""
        return self._machine.symbolize(address)

    def read(
        self, place: int | str, count: int | None = None, dtype: npt.DTypeLike = np.uint32
    ) -> npt.NDArray[np.generic]:
        """``count`` elements of type ``dtype`` (little-endian) from an address or symbol on; of a symbol that has a
        size, all of it by default.

        The bytes are copied out of the machine once, because the machine may run while the array lives; the array is
        a read-only view of that copy.
        """
        kind = np.dtype(dtype).newbyteorder("<")
        if isinstance(place, str):
            found = self._machine.symbol(place)
            if found is None:
                raise _ennead.InputError(f"the program has no symbol {place!r}")
            address, size = found
            if count is None and size:
                count = size // kind.itemsize
        else:
            address = place
        if count is None:
            raise _ennead.InputError(f"{place}: its size is not known; say how many elements to read")
        return np.frombuffer(self._machine.read(address, count * kind.itemsize), dtype=kind)

    def write(self, place: int | str, values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> None:
        """Write an array from an address or symbol on, all of it or nothing. L1 and L2 can be written, and code that
        lies there takes effect with its next execution."""
        address = self.address(place) if isinstance(place, str) else place
        if isinstance(values, (bytes, bytearray, memoryview)):
            data = bytes(values)
        else:
            array = np.asarray(values, dtype=dtype)
            data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        self._machine.write(address, data)

    def __repr__(self) -> str:
        state = "ended" if self.ended else "after"
        return f"<Machine {state} cycle {self.cycle}>"
