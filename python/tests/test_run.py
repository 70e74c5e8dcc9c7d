"""Runs: the command's bytes, counters by path, outcomes, interruption."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import ennead
import pytest


@pytest.mark.parametrize(
    "args, keywords",
    [
        (["builtin:relu-fp16-fw"], {}),
        (["builtin:linear-fp16-fw-pulp", "--config", "vega"], {"config": "vega"}),
        (["builtin:matmul-fp16", "--set", "l1.banks=8", "--param", "workers=3"],
         {"settings": {"l1.banks": 8}, "params": {"workers": 3}}),
        (["builtin:relu-fp32-fw", "--engine", "lockstep"], {"engine": "lockstep"}),
        (["builtin:matmul-fp32", "--max-cycles", "5000"], {"max_cycles": 5000}),
    ],
)  # fmt: skip
def test_a_run_gives_the_commands_bytes(command, args, keywords):
    shown = command("run", *args, "--format", "json", "-q")
    result = ennead.run(args[0], **keywords)
    assert result.json.encode() == shown.stdout
    assert result.exit_code == shown.returncode


def test_counters_have_hierarchical_paths_and_the_books_balance():
    result = ennead.run("builtin:linear-fp32-fw")
    assert result.ok and result.golden == "pass" and result.outcome.kind == "exit"
    for core in result.report["cores"]:
        name = core["name"]
        stalls = sum(count for path, count in result.items() if path.startswith(f"{name}.stalls."))
        assert result[f"{name}.active"] + result[f"{name}.sleep"] + stalls == result[f"{name}.cycles"]
    banks = [result[f"cluster.l1.bank[{index}].conflicts"] for index in range(16)]
    assert sum(banks) == sum(bank["conflicts"] for bank in result.report["l1"]["banks"])
    assert result["cluster.dma.bytes_to_l1"] == result.report["dma"]["bytes_to_l1"]
    compute = [region for region in result.regions if region.core == "cluster.worker[0]" and region.name == "compute"]
    assert result["cluster.worker[0].region[compute].cycles"] == compute[0].cycles
    with pytest.raises(KeyError, match="no counter has the path"):
        result["cluster.l1.bank[99].conflicts"]


def test_bad_input_is_told_with_the_commands_words(command):
    for args, keywords in [
        (["builtin:matmul"], {}),
        (["builtin:matmul-fp16", "--param", "workers=99"], {"params": {"workers": 99}}),
        (["builtin:matmul-fp16", "--set", "core.isa=xpulpv2"], {"settings": {"core.isa": "xpulpv2"}}),
    ]:
        with pytest.raises(ennead.InputError) as error:
            ennead.run(args[0], **keywords)
        assert command("run", *args).stderr.decode().strip() == f"ennead: error: {error.value}"


def test_guest_output_arrives_while_the_guest_runs(command):
    chunks = []
    result = ennead.run("builtin:hello", on_console=chunks.append)
    assert b"".join(chunks) == result.console != b""


def test_a_report_is_saved_as_the_command_saves_it(command, tmp_path):
    command("run", "builtin:hello", "-o", "out", cwd=tmp_path)
    ennead.run("builtin:hello").save(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_bytes() == (tmp_path / "out" / "report.json").read_bytes()


def test_a_run_lets_other_threads_go_on_and_threads_give_the_same_bytes():
    one = ennead.run("builtin:matmul-fp32").json
    ticks = []
    stop = threading.Event()

    def tick():
        while not stop.wait(0.001):
            ticks.append(time.monotonic())

    ticker = threading.Thread(target=tick)
    ticker.start()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(ennead.run, ["builtin:matmul-fp32"] * 4))
    stop.set()
    ticker.join()
    assert all(result.json == one for result in results)
    assert len(ticks) > 10


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("call", ["ennead.run(t)", "ennead.Machine(t).run_until(pc=0)"])
def test_ctrl_c_stops_a_long_call(call, spinner):
    # Whoever starts the tests in the background may have made them ignore the signal.
    heeds = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    script = f"{heeds}import ennead\nt = {str(spinner)!r}\nprint('go', flush=True)\n{call}\n"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"go\n"
    time.sleep(0.3)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert time.monotonic() - sent < 5
    assert b"KeyboardInterrupt" in error
