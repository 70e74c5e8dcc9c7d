"""A machine under control: looking changes nothing, places are met exactly, changes take effect."""

import ennead
import numpy as np
import pytest

PROGRAM = "builtin:linear-fp16-fw"


@pytest.fixture(scope="module")
def reference():
    return ennead.run(PROGRAM)


def test_a_machine_that_was_stepped_through_ends_with_the_same_bytes(reference):
    machine = ennead.Machine(PROGRAM)
    rng = np.random.default_rng(1)
    while not machine.ended:
        if rng.integers(2):
            machine.step(int(rng.integers(1, 400)))
        else:
            machine.step(instructions=int(rng.integers(1, 2000)))
        machine.registers(0)
        machine.read("ennead_output")
    assert machine.result.json == reference.json
    assert machine.run().json == reference.json


def test_steps_are_exact():
    machine = ennead.Machine(PROGRAM)
    assert machine.cycle == 0
    assert machine.step(1).cycle == 1
    assert machine.step(cycles=999).cycle == 1000
    before = machine.instructions(0)
    assert machine.step(instructions=5, core=0).reason == "instructions"
    assert machine.instructions("cluster.worker[0]") == before + 5
    target = machine.cycle + 777
    assert machine.run_until(cycle=target).reason == "cycle"
    assert machine.cycle == target


def test_one_cycle_at_a_time_gives_the_counters_of_one_jump():
    slow, fast = ennead.Machine(PROGRAM), ennead.Machine(PROGRAM)
    for _ in range(3000):
        slow.step()
    fast.step(3000)
    assert slow.counters == fast.counters
    for core in slow.cores:
        assert (slow.registers(core) == fast.registers(core)).all()
        assert slow.pc(core) == fast.pc(core)
        balance = [
            count for path, count in fast.counters.items()
            if path.startswith(core) and ".region" not in path
            and (path.endswith(("].active", "].sleep", "orchestrator.active", "orchestrator.sleep")) or ".stalls." in path)
        ]  # fmt: skip
        assert 0 < sum(balance) <= 3000 == fast.counters[f"{core}.cycles"]


def test_breakpoints_stop_in_front_of_the_instruction(reference):
    machine = ennead.Machine(PROGRAM)
    place = machine.add_breakpoint("main")
    assert machine.breakpoints == [place]
    pause = machine.run_until(cycle=10**6)
    assert (pause.reason, pause.symbol, pause.pc) == ("breakpoint", "main", place)
    assert machine.pc(pause.core) == place
    before = machine.instructions(pause.core)
    machine.step(instructions=1, core=pause.core)
    assert machine.instructions(pause.core) == before + 1
    machine.remove_breakpoint("main")
    assert machine.run().json == reference.json


def test_a_breakpoint_holds_on_every_core_that_comes_by():
    machine = ennead.Machine("builtin:hello")
    hits = []
    while (pause := machine.run_until(symbol="main")).reason == "breakpoint":
        hits.append(pause.core)
        assert machine.pc(pause.core) == machine.address("main")
    assert pause.reason == "ended"
    assert len(hits) == len(set(hits)) >= 1


def test_predicates_are_asked_as_often_as_said(reference):
    machine = ennead.Machine(PROGRAM)
    asked = []

    def predicate(machine):
        asked.append(machine.cycle)
        return machine.instructions() > 10_000

    pause = machine.run_until(predicate=predicate, every=100)
    assert pause.reason == "predicate" and machine.instructions() > 10_000
    assert set(np.diff(asked)) == {100}
    assert machine.run_until(predicate=lambda m: False, cycle=machine.cycle + 50, every=7).reason == "cycle"
    assert machine.run().json == reference.json


def test_region_callbacks_agree_with_the_report(reference):
    machine = ennead.Machine(PROGRAM)
    events = []

    @machine.on_region
    def seen(event):
        assert event.cycle == machine.cycle
        events.append(event)

    assert machine.run().json == reference.json
    visits = {(region.core, region.name): region.visits for region in reference.regions}
    for key, count in visits.items():
        begins = [event for event in events if (event.core, event.region) == key and event.begins]
        ends = [event for event in events if (event.core, event.region) == key and not event.begins]
        assert len(ends) == count and len(begins) >= count
    assert {(event.core, event.region) for event in events} == set(visits)


def test_memory_is_read_and_written_as_arrays():
    machine = ennead.Machine(PROGRAM)
    machine.run_until(symbol="main")
    base = 0x1000_0000
    values = np.arange(16, dtype=np.float16)
    machine.write(base, values)
    assert (machine.read(base, 16, np.float16) == values).all()
    machine.write(base + 1, b"\x11\x22\x33")
    assert bytes(machine.read(base, 4, np.uint8)) == bytes([0, 0x11, 0x22, 0x33])
    array = machine.read(base, 4)
    with pytest.raises(ValueError):
        array[0] = 1
    with pytest.raises(ennead.InputError, match="no memory holds"):
        machine.read(0x1A10_0000, 4)
    with pytest.raises(ennead.InputError, match="no memory holds"):
        machine.write(base + 131072 - 2, np.zeros(1, np.uint32))
    with pytest.raises(ennead.InputError, match="no symbol"):
        machine.read("nowhere")


def test_what_a_script_changes_changes_the_run(spinner):
    machine = ennead.Machine(spinner)
    core = "soc.orchestrator"
    machine.step(10)
    pc = machine.pc(core)
    # Over the jump to itself: lui a0, 0x1a104; sw a1, 0xa0(a0), the exit of docs/machine.md with the code in a1.
    machine.write(pc, np.array([0x1A10_4537, 0x0AB5_2023], np.uint32))
    machine.set_register(core, "a1", 0x8000_0007)
    result = machine.run()
    assert result.outcome.code == 7


def test_a_core_can_be_sent_elsewhere(spinner):
    machine = ennead.Machine(spinner)
    machine.step(10)
    machine.write(0x1C00_9000, np.array([0x1A10_4537, 0x0AB5_2023], np.uint32))
    machine.set_register("soc.orchestrator", "a1", 0x8000_0009)
    machine.set_pc("soc.orchestrator", 0x1C00_9000)
    assert machine.run().outcome.code == 9
    with pytest.raises(ennead.InputError, match="no core"):
        machine.pc(77)
    with pytest.raises(ennead.InputError, match="no register"):
        machine.register(0, "a9")


def test_the_limit_and_the_result_of_a_run_that_is_not_over(spinner):
    machine = ennead.Machine(spinner, max_cycles=1000)
    machine.step(500)
    with pytest.raises(RuntimeError, match="not over"):
        machine.result
    pause = machine.step(10_000)
    assert pause.reason == "ended" and machine.result.outcome.kind == "limit"
    assert machine.result.json == ennead.run(spinner, max_cycles=1000).json


def test_a_checkpoint_goes_on_here_and_in_the_command(command, reference, tmp_path):
    machine = ennead.Machine(PROGRAM)
    machine.step(4000)
    machine.save(tmp_path / "machine.ckpt")
    other = ennead.Machine(PROGRAM, restore=tmp_path / "machine.ckpt")
    assert other.cycle == 4000
    assert (other.registers(0) == machine.registers(0)).all()
    assert other.run().json == machine.run().json == reference.json
    shown = command("run", PROGRAM, "--restore", tmp_path / "machine.ckpt", "--format", "json", "-q")
    assert shown.stdout == reference.json.encode()
    with pytest.raises(ennead.InputError, match="another machine"):
        ennead.Machine(PROGRAM, "ennead", settings={"l1.banks": 8}, restore=tmp_path / "machine.ckpt")
    with pytest.raises(ennead.InputError, match="the run is over"):
        machine.save(tmp_path / "late.ckpt")


def test_a_fast_forward_ends_at_its_place_and_the_run_goes_on_exactly(command, reference):
    machine = ennead.Machine(PROGRAM)
    pause = machine.fast_forward(symbol="main")
    assert pause.reason == "breakpoint" and pause.symbol == "main"
    assert machine.pc(pause.core) == pause.pc == machine.address("main")
    result = machine.run()
    assert result.ok and result.golden == "pass"
    assert result["fast_forward.cycles"] == pause.cycle and result["fast_forward.instret"] > 0
    assert ennead.run(PROGRAM, fast_forward="main").json == result.json
    assert ennead.run(PROGRAM, fast_forward="main", engine="lockstep").json == result.json
    done = command("run", PROGRAM, "--fast-forward", "main", "--format", "json", "-q")
    assert done.stdout.decode() == result.json
    machine = ennead.Machine(PROGRAM)
    assert machine.fast_forward(cycle=3000).reason == "cycle" and machine.cycle == 3000
    assert machine.fast_forward(cycle=10).reason == "cycle" and machine.cycle == 3000
    assert machine.run().json == ennead.run(PROGRAM, fast_forward=3000).json
    assert ennead.Machine(PROGRAM).fast_forward(pc=2).reason == "ended"
    assert "fast_forward.cycles" not in reference
    with pytest.raises(TypeError):
        machine.fast_forward()
    with pytest.raises(ennead.InputError, match="no such symbol"):
        ennead.run(PROGRAM, fast_forward="nowhere")


def test_an_exception_of_the_console_callback_stops_a_fast_forward():
    class Enough(Exception):
        pass

    def stop(_):
        raise Enough

    machine = ennead.Machine("builtin:hello", on_console=stop)
    with pytest.raises(Enough):
        machine.fast_forward(cycle=10**9)
