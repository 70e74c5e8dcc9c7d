"""Sweeps: many points on any executor, kept by content and resumed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _ennead
from .result import counters

if TYPE_CHECKING:
    import pandas


class PointResult:
    """One point of a sweep and what became of it."""

    def __init__(self, point: str, done: str, kept: bool) -> None:
        self._point = point
        self._done = done
        self.kept: bool = kept
        """Whether it was kept from before and not run now."""

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What sets this point apart, by name."""
        return json.loads(_ennead.point_settings(self._point))

    @cached_property
    def _value(self) -> dict[str, Any]:
        return json.loads(self._done)

    @property
    def report(self) -> dict[str, Any] | None:
        """The report of its run (``docs/report.md``); None where the run could not begin."""
        return self._value["report"]

    @cached_property
    def counters(self) -> dict[str, int | float]:
        """Every counter by its hierarchical path; empty where the run could not begin."""
        return {} if self.report is None else counters(self.report)

    @property
    def error(self) -> str | None:
        """Why the point failed, if it did."""
        return self._value["error"]

    @property
    def exit_code(self) -> int:
        """The exit code that ``ennead run`` would have had."""
        return self._value["exit_code"]

    @property
    def ok(self) -> bool:
        """Whether the point did what it should."""
        return self.error is None

    def __repr__(self) -> str:
        return f"<PointResult {self.settings}: {'ok' if self.ok else self.error}>"


class SweepResult(Sequence[PointResult]):
    """All points of a sweep in the order of the specification."""

    def __init__(self, points: list[PointResult]) -> None:
        self._points = points

    def __getitem__(self, index: Any) -> Any:
        return self._points[index]

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[PointResult]:
        return iter(self._points)

    @cached_property
    def _results(self) -> tuple[bytes, str, str]:
        return _ennead.results([point._point for point in self], [point._done for point in self])

    @property
    def failed(self) -> list[PointResult]:
        """The points that failed."""
        return [point for point in self if not point.ok]

    @property
    def csv(self) -> bytes:
        """The bytes of ``results.csv`` of ``ennead sweep``."""
        return self._results[0]

    @property
    def json(self) -> str:
        """The text of ``results.json`` of ``ennead sweep``."""
        return self._results[1]

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write ``results.csv``."""
        _write(Path(path), self.csv)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write ``results.json``."""
        _write(Path(path), self.json.encode())

    def to_pandas(self, counters: Iterable[str] = ()) -> pandas.DataFrame:
        """The CSV's rows as a table with typed columns; ``counters`` are paths of further columns. Needs pandas."""
        import io

        import pandas

        table = pandas.read_csv(io.BytesIO(self.csv))
        for path in counters:
            table[path] = [point.counters.get(path) for point in self]
        return table

    def to_parquet(self, path: str | os.PathLike[str], counters: Iterable[str] = ()) -> None:
        """Write that table as Parquet. Needs pandas and pyarrow."""
        self.to_pandas(counters).to_parquet(path, index=False)

    def __repr__(self) -> str:
        return f"<SweepResult of {len(self)} points, {len(self.failed)} failed>\n{self._results[2]}"


def _write(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as part:
        part.write(data)
    os.replace(part.name, path)


def grid(axes: Mapping[str, Sequence[Any]], **common: Any) -> dict[str, Any]:
    """A specification of the product of ``axes``, the last one fastest; ``common`` is what all points share.

    Names are those of ``docs/sweep.md``::

        grid({"l1.banks": [8, 16], "param.workers": [1, 8]}, target="builtin:matmul-fp16")
    """
    return {**common, "axes": {name: list(values) for name, values in axes.items()}}


def _points(points: Any) -> tuple[list[str], str]:
    """The points as text, and the directory at which their relative paths start."""
    if isinstance(points, (str, os.PathLike)):
        path = Path(points)
        return _ennead.points_of_file(str(path)), str(path.parent)
    spec = points if isinstance(points, Mapping) else {"points": [dict(point) for point in points]}
    return _ennead.points_of_json(json.dumps(spec, default=os.fspath)), ""


def sweep(
    points: str | os.PathLike[str] | Mapping[str, Any] | Iterable[Mapping[str, Any]],
    *,
    executor: Executor | None = None,
    output: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    on_result: Callable[[PointResult], object] | None = None,
) -> SweepResult:
    """Run every point and give what became of each, in order.

    A finished point is kept in ``output/points`` at once, under a hash of the tool's version, the program, its
    parameters, the machine and the limit: the same format and place as ``ennead sweep -o output``, so either resumes
    what the other began. A point that fails is a result too, and stops nobody else.

    Args:
        points: A specification: a TOML file (``docs/sweep.md``), a mapping with the same keys (see :func:`grid`), or
            the points one by one, each a mapping like ``{"target": "builtin:hello", "l1.banks": 32}``.
        executor: Any :class:`concurrent.futures.Executor`; by default a thread for each host core. Points travel to it
            as text, and relative paths in them start at the specification's directory, so other machines need the
            package and the same files.
        output: A directory for kept points, ``results.csv`` and ``results.json``; without it nothing is written.
        fresh: Run every point again, also those that are kept.
        on_result: Called in this thread with every :class:`PointResult` as it arrives, kept ones first.

    Raises:
        InputError: The specification cannot be used. (A point that cannot be run is a result.)
        Exception: What the executor raised, once every point that it did finish has been kept.
    """
    texts, base = _points(points)
    directory = None if output is None else os.fspath(output)
    done: dict[int, PointResult] = {}

    def arrived(index: int, text: str, kept: bool) -> None:
        done[index] = PointResult(texts[index], text, kept)
        if on_result is not None:
            on_result(done[index])

    identities: dict[int, str] = {}
    for index, text in enumerate(texts):
        identity, refused = _ennead.identify(text, base)
        if identity is None:
            assert refused is not None
            arrived(index, refused, False)
            continue
        identities[index] = identity
        found = None if directory is None or fresh else _ennead.kept(directory, identity)
        if found is not None:
            arrived(index, found, True)
    base = os.path.abspath(base)
    missing = [index for index in range(len(texts)) if index not in done]

    own = ThreadPoolExecutor(max_workers=os.cpu_count()) if executor is None else None
    pool = executor if own is None else own
    assert pool is not None
    futures: dict[Future[str], int] = {}
    broken: BaseException | None = None
    try:
        for index in missing:
            futures[pool.submit(_ennead.run_point, texts[index], base)] = index
        for future in as_completed(futures):
            index = futures[future]
            try:
                text = future.result()
            except Exception as error:  # The executor's own trouble: what it did finish is still kept.
                broken = broken or error
                continue
            if directory is not None:
                _ennead.keep(directory, identities[index], text)
            arrived(index, text, False)
    finally:
        for future in futures:
            future.cancel()
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)
    if broken is not None:
        raise broken
    result = SweepResult([done[index] for index in range(len(texts))])
    if directory is not None:
        result.to_json(Path(directory) / "results.json")
        result.to_csv(Path(directory) / "results.csv")
    return result
