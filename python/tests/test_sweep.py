"""Sweeps: the command's bytes on every executor, resumed by content, complete though workers die."""

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import ennead
import pytest

SPEC = """
target = "builtin:relu-fp32-fw"
[axes]
l1.banks = [4, 8, 16]
param.workers = [1, 8]
[[points]]
config = "vega"
target = "builtin:relu-fp32-fw-pulp"
[[points]]
l1.banks = 7
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def reference(command, spec):
    command("sweep", spec, "-o", spec.parent / "reference", "-q")
    return spec.parent / "reference"


def agrees(directory, reference):
    for name in ["results.json", "results.csv"]:
        assert (directory / name).read_bytes() == (reference / name).read_bytes()
    points = [sorted(path.name for path in (place / "points").iterdir()) for place in (directory, reference)]
    assert points[0] == points[1]


def test_threads_give_the_commands_bytes(spec, reference, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        result = ennead.sweep(spec, executor=pool, output=tmp_path / "mine")
    agrees(tmp_path / "mine", reference)
    assert len(result) == 8 and len(result.failed) == 1
    assert "power of two" in result.failed[0].error


def test_processes_give_the_commands_bytes(spec, reference, tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        ennead.sweep(spec, executor=pool, output=tmp_path / "mine")
    agrees(tmp_path / "mine", reference)


def test_each_resumes_what_the_other_began(command, spec, reference):
    kept = []
    result = ennead.sweep(spec, output=reference, on_result=lambda point: kept.append(point.kept))
    assert kept.count(True) == 7 and result[0].kept
    mine = spec.parent / "mine"
    ennead.sweep(spec, output=mine)
    shown = command("sweep", spec, "-o", mine)
    assert b"8 points, 7 kept from before, 1 failed" in shown.stdout
    agrees(mine, reference)


def test_specifications_in_memory_are_those_of_files(tmp_path, reference):
    own = ennead.grid({"l1.banks": [4, 8, 16], "param.workers": [1, 8]}, target="builtin:relu-fp32-fw")
    own["points"] = [{"config": "vega", "target": "builtin:relu-fp32-fw-pulp"}, {"l1.banks": 7}]
    ennead.sweep(own, output=tmp_path / "mine")
    agrees(tmp_path / "mine", reference)
    points = ennead.sweep([{"target": "builtin:hello"}, {"target": "builtin:nothing"}])
    assert points[0].ok and "no program is named" in points[1].error
    with pytest.raises(ennead.InputError, match="did you mean `l1.banks`"):
        ennead.sweep([{"target": "builtin:hello", "l1.bank": 3}])


def test_results_export_to_tables(spec, tmp_path):
    pandas = pytest.importorskip("pandas")
    result = ennead.sweep(spec)
    table = result.to_pandas(counters=["cluster.l1.bank[0].conflicts"])
    assert list(table["cycles"])[:-1] == [point.report["cycles"] for point in result if point.ok]
    result.to_parquet(tmp_path / "r.parquet", counters=["cluster.l1.bank[0].conflicts"])
    again = pandas.read_parquet(tmp_path / "r.parquet")
    pandas.testing.assert_frame_equal(again, table, check_dtype=False)


def test_points_that_were_finished_are_kept_when_the_executor_breaks(spec, reference, tmp_path):
    class Breaks(ThreadPoolExecutor):
        calls = 0

        def submit(self, function, *args):
            Breaks.calls += 1
            if Breaks.calls > 3:
                return super().submit(self.fail)
            return super().submit(function, *args)

        @staticmethod
        def fail():
            raise OSError("the node is gone")

    mine = tmp_path / "mine"
    with Breaks(1) as pool, pytest.raises(OSError, match="the node is gone"):
        ennead.sweep(spec, executor=pool, output=mine)
    assert len(list((mine / "points").iterdir())) == 3
    kept = []
    ennead.sweep(spec, output=mine, on_result=lambda point: kept.append(point.kept))
    assert kept.count(True) == 3
    agrees(mine, reference)


def test_a_dask_cluster_that_loses_a_worker_ends_complete(command, tmp_path):
    distributed = pytest.importorskip("distributed")
    spec = ennead.grid(
        {"l1.banks": [2, 4, 8, 16, 32], "l2.read_latency": list(range(1, 21)), "param.workers": [4, 8]},
        target="builtin:relu-fp32-fw",
    )
    mine = tmp_path / "mine"
    killed = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)

        def on_result(point):
            assert not point.kept
            if len(list((mine / "points").iterdir())) >= 20 and not killed:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        started = time.monotonic()
        result = ennead.sweep(spec, executor=client.get_executor(), output=mine, on_result=on_result)
        seconds = time.monotonic() - started
    assert killed and len(result) == 200 and not result.failed
    print(f"200 points in {seconds:.1f} s")
    toml = "target = 'builtin:relu-fp32-fw'\n[axes]\n" + "".join(f"{k} = {v}\n" for k, v in spec["axes"].items())
    (tmp_path / "spec.toml").write_text(toml)
    command("sweep", tmp_path / "spec.toml", "-o", tmp_path / "reference", "-q")
    agrees(mine, tmp_path / "reference")
