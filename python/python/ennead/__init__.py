"""Ennead for scripts: simulate, cycle by cycle, a RISC-V microcontroller of eight workers and one orchestrator.

Units, everywhere in this package: *cycles* are cluster clock cycles from reset; *bytes* are 8 bits; addresses are byte
addresses; frequencies are in hertz and times in seconds; an instruction *retires* in the cycle in which it leaves
decode. A run from here and one from the command ``ennead`` give the same bytes.

    >>> import ennead
    >>> result = ennead.run("builtin:relu-fp32-fw")
    >>> result.outcome.kind, result.golden
    ('exit', 'pass')
    >>> result["cluster.l1.bank[0].accesses"] > 0
    True
"""

from ._ennead import InputError, __version__
from .config import Config, keys, machines
from .machine import Machine, Pause, RegionEvent
from .pictures import page, plot
from .result import Outcome, Region, Result
from .runs import programs, run
from .sweeps import PointResult, SweepResult, grid, sweep
from .traces import RETIRE, iter_retire, read_retire

__all__ = [
    "Config",
    "InputError",
    "Machine",
    "Outcome",
    "Pause",
    "PointResult",
    "RETIRE",
    "Region",
    "RegionEvent",
    "Result",
    "SweepResult",
    "__version__",
    "grid",
    "iter_retire",
    "keys",
    "machines",
    "page",
    "plot",
    "programs",
    "read_retire",
    "run",
    "sweep",
]
