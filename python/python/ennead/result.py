"""What a run has to say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    kind: str
    """``exit``, ``fault``, ``limit`` or ``deadlock``."""
    code: int | None
    """The guest's own exit code, where it exited."""
    message: str
    """One message for a person."""
    core: str | None
    """The core concerned, where there is one."""
    pc: int | None
    """The address of its instruction."""
    symbol: str | None
    """That address by name."""
    cycle: int
    """Cluster clock cycle."""


@dataclass(frozen=True)
class Region:
    """What one core did between the begin and end markers of one region, all visits together."""

    name: str
    """The name that the program gave it, else ``region N``."""
    id: int
    """The number in the marker instruction."""
    core: str
    """The core's name, for example ``cluster.worker[3]``."""
    visits: int
    """How often the region was entered."""
    cycles: int
    """Cycles of the core's own clock: active + sleep + all stalls."""
    active: int
    """Cycles in which an instruction left decode."""
    sleep: int
    """Cycles asleep."""
    instret: int
    """Instructions retired."""
    macs: int
    """Multiply-accumulate lanes retired."""
    mac_per_clk: float
    """``macs`` / ``cycles``."""
    stalls: dict[str, int]
    """Stalled cycles by cause."""


def counters(report: Mapping[str, Any]) -> dict[str, int | float]:
    """Every counter of a report by its hierarchical path."""
    flat: dict[str, int | float] = {
        "cycles": report["cycles"],
        "instret": report["instret"],
        "latency_s": report["latency_s"],
        "frequency_hz": report["frequency_hz"],
        "macs.executed": report["macs"]["executed"],
        "mac_per_clk.executed": report["mac_per_clk"]["executed"],
    }
    if report["macs"]["nominal"] is not None:
        flat["macs.nominal"] = report["macs"]["nominal"]
        flat["mac_per_clk.nominal"] = report["mac_per_clk"]["nominal"]
    for key, value in report.get("fast_forward", {}).items():
        flat[f"fast_forward.{key}"] = value

    def walk(path: str, value: Any) -> None:
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, (int, float)):
            flat[path] = value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                walk(f"{path}.{key}", inner)

    for core in report["cores"]:
        walk(core["name"], {key: value for key, value in core.items() if key != "name"})
    for index, bank in enumerate(report["l1"]["banks"]):
        walk(f"cluster.l1.bank[{index}]", bank)
    for part in ("dma", "icache", "fpu"):
        walk(f"cluster.{part}", report[part])
    for region in report["regions"]:
        skip = ("name", "core", "id")
        inner = {key: value for key, value in region.items() if key not in skip}
        walk(f"{region['core']}.region[{region['name']}]", inner)
    return flat


class Result(Mapping[str, "int | float"]):
    """What a run has to say: a mapping from hierarchical paths to counters, and the report that they come from.

    Paths name a place and a counter: ``cluster.worker[3].stalls.bank_conflict`` (cycles),
    ``cluster.l1.bank[5].conflicts`` (requests refused), ``cluster.dma.bytes_to_l1`` (bytes),
    ``cluster.worker[0].region[compute].cycles`` (cycles), ``cycles``, ``mac_per_clk.executed``. ``docs/report.md``
    defines each.
    """

    def __init__(
        self, json_text: str, exit_code: int, console: bytes, mismatch: str | None, warnings: list[str]
    ) -> None:
        self.json: str = json_text
        """The report, the same bytes as ``ennead run --format json`` prints."""
        self.exit_code: int = exit_code
        """The exit code that ``ennead run`` would have had."""
        self.console: bytes = console
        """What the guest printed."""
        self.mismatch: str | None = mismatch
        """Why the results are not those of the golden tensor, if they are not."""
        self.warnings: list[str] = warnings
        """What the guest did that the model does not have."""

    @cached_property
    def report(self) -> dict[str, Any]:
        """The report as nested dictionaries and lists (``docs/report.md``)."""
        return json.loads(self.json)

    @cached_property
    def counters(self) -> dict[str, int | float]:
        """Every counter by its hierarchical path, in the report's order."""
        return counters(self.report)

    @cached_property
    def outcome(self) -> Outcome:
        """How the run ended."""
        outcome = dict(self.report["outcome"])
        outcome["pc"] = None if outcome["pc"] is None else int(outcome["pc"], 16)
        return Outcome(**outcome)

    @cached_property
    def regions(self) -> list[Region]:
        """Marked regions, one entry a region and core."""
        return [Region(**region) for region in self.report["regions"]]

    @property
    def ok(self) -> bool:
        """Whether the guest exited with code 0 and left the golden tensor, where it has one."""
        return self.exit_code == 0

    @property
    def cycles(self) -> int:
        """Cluster clock cycles from reset to the end."""
        return self.report["cycles"]

    @property
    def latency_s(self) -> float:
        """``cycles`` in seconds at the machine's frequency."""
        return self.report["latency_s"]

    @property
    def instret(self) -> int:
        """Instructions retired by all cores."""
        return self.report["instret"]

    @property
    def mac_per_clk(self) -> float:
        """Multiply-accumulate lanes retired by cluster clock cycle."""
        return self.report["mac_per_clk"]["executed"]

    @property
    def golden(self) -> str | None:
        """``pass``, ``fail``, or None where the program has no golden tensor."""
        return self.report["golden"]["status"]

    def save(self, path: str | Path) -> None:
        """Write the report, the same bytes as ``report.json`` of ``ennead run -o``."""
        Path(path).write_text(self.json, encoding="utf-8", newline="")

    def __getitem__(self, path: str) -> int | float:
        try:
            return self.counters[path]
        except KeyError:
            raise KeyError(f"no counter has the path {path!r}; list(result) shows them all") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.counters)

    def __len__(self) -> int:
        return len(self.counters)

    def __repr__(self) -> str:
        name = self.report["program"]["path"]
        return f"<Result of {name}: {self.outcome.kind}, {self.cycles} cycles, {self.mac_per_clk:.3f} MAC/clk>"
