"""Pictures and pages of results, the same as those of ``ennead plot`` and ``ennead report``."""

from __future__ import annotations

from collections.abc import Iterable

from . import _ennead
from .result import Result
from .sweeps import SweepResult


def plot(
    kind: str,
    results: Result | SweepResult | Iterable[Result],
    *,
    x: str | None = None,
    y: str | None = None,
    format: str = "svg",
) -> bytes:
    """Draw a picture and give its bytes.

    Args:
        kind: Of runs ``"stalls"``, ``"layers"``, ``"banks"`` or ``"roofline"``; of a sweep ``"lines"`` or ``"pareto"``.
        results: A run, a sweep, or (for banks and roofline) several runs.
        x: Of a sweep: the setting or result along the horizontal axis.
        y: Of a sweep: the result along the vertical axis.
        format: ``"svg"`` or ``"png"``.
    """
    if format not in ("svg", "png"):
        raise _ennead.InputError(f"format = {format!r}: must be 'svg' or 'png'")
    several = [results] if isinstance(results, (Result, SweepResult)) else list(results)
    return _ennead.picture(kind, [result.json for result in several], x, y, format == "png")


def page(result: Result | SweepResult) -> str:
    """One self-contained HTML page of a run or a sweep."""
    return _ennead.page(result.json)
