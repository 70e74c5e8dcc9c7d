"""Traces that a run wrote, as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _ennead

RETIRE = np.dtype([("index", "<u8"), ("cycle", "<u8"), ("core", "<u2"), ("pc", "<u4"), ("insn", "<u4")])
"""One instruction that retired; the columns of the retire trace in CSV. ``index`` counts the instructions of each core
from 0, as far as the trace has them; ``cycle`` is the cluster clock cycle in which the instruction left decode; ``core`` is
the core's index, workers first; ``insn`` holds a compressed instruction in its low half."""


def iter_retire(path: str | os.PathLike[str], rows: int = 1 << 20) -> Iterator[npt.NDArray[Any]]:
    """The compact retire trace of ``ennead run --trace retire-bin:PATH`` in pieces: arrays of dtype :data:`RETIRE` with
    ``rows`` instructions each (fewer in the last one), in the order in which they retired.

    Raises :class:`InputError` for a file that is no such trace, and, after the last piece, for one that was cut short.
    """
    if rows < 1:
        raise ValueError("rows: must be at least 1")
    reader = _ennead.RetireReader(os.fspath(path))
    while piece := reader.rows(rows):
        yield np.frombuffer(piece, dtype=RETIRE)


def read_retire(path: str | os.PathLike[str]) -> npt.NDArray[Any]:
    """The whole of a compact retire trace as one array of dtype :data:`RETIRE`, 26 bytes an instruction; see
    :func:`iter_retire` for traces that do not fit into memory.

        >>> trace = ennead.read_retire("retire.bin")
        >>> trace["pc"][trace["core"] == 3]
    """
    pieces = list(iter_retire(path))
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=RETIRE)
