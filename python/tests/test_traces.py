"""Traces, read as their viewers read them: Perfetto by its own schema, Konata's log by the rules of its format."""

import csv
from collections import Counter, defaultdict

import ennead
import numpy as np
import pytest

PROGRAM = "builtin:linear-fp16-fw"


@pytest.fixture(scope="module")
def traces(command, tmp_path_factory):
    directory = tmp_path_factory.mktemp("traces")
    kinds = ["retire", "retire-bin", "perfetto", "konata", "folded", "flamegraph"]
    options = [word for kind in kinds for word in ("--trace", kind)]
    done = command("run", PROGRAM, "-q", "-o", directory, *options)
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def result():
    return ennead.run(PROGRAM)


def perfetto(path):
    """Slices by track path and name, and flows: what the viewer makes of the file."""
    proto = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
    trace = proto.Trace()
    trace.ParseFromString(path.read_bytes())
    names, tracks, open_slices = {}, {}, defaultdict(list)
    slices, starts, ends = [], {}, {}
    for index, packet in enumerate(trace.packet):
        assert not packet.FindInitializationErrors()
        assert packet.sequence_flags == (1 if index == 0 else 2)
        for entry in packet.interned_data.event_names:
            names[entry.iid] = entry.name
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            parent = tracks.get(track.parent_uuid, ())
            tracks[track.uuid] = (*parent, track.name)
        if packet.HasField("track_event"):
            event = packet.track_event
            where = tracks[event.track_uuid]
            if event.type == event.TYPE_SLICE_BEGIN:
                open_slices[where].append((packet.timestamp, names[event.name_iid]))
            elif event.type == event.TYPE_SLICE_END:
                begin, name = open_slices[where].pop()
                assert begin <= packet.timestamp
                slices.append((where[1:], name, begin, packet.timestamp))
            for flow in event.flow_ids:
                starts[flow] = (where[1], packet.timestamp)
            for flow in event.terminating_flow_ids:
                ends[flow] = (where[1], packet.timestamp)
    assert not any(open_slices.values())
    return slices, starts, ends


def test_perfetto_shows_what_the_report_counts(traces, result):
    slices, starts, ends = perfetto(traces / "trace.perfetto")
    spent = Counter()
    for where, name, begin, end in slices:
        if where[-1] == "state":
            spent[where[0], name] += end - begin
    for core in result.report["cores"]:
        assert spent[core["name"], "running"] == core["active"]
        waited = {cause: cycles for cause, cycles in core["stalls"].items() if cycles}
        for cause, cycles in waited.items():
            # What a core waits for when the run ends is in the report only.
            assert cycles - 3 <= spent[core["name"], cause] <= cycles
    regions = Counter((where[0], name) for where, name, *_ in slices if where[-1] == "region")
    assert regions == {(region.core, region.name): region.visits for region in result.regions}
    transfers = [name for where, name, *_ in slices if where[0] == "cluster.dma"]
    assert len(transfers) == result["cluster.dma.transfers"]
    assert starts and starts.keys() == ends.keys()
    for flow, (core, cycle) in starts.items():
        assert ends[flow][0] != core and ends[flow][1] >= cycle


def test_slices_of_a_state_track_never_overlap(traces):
    slices, *_ = perfetto(traces / "trace.perfetto")
    ends = defaultdict(int)
    for where, _, begin, end in sorted(slices, key=lambda entry: entry[2:]):
        if where[-1] in ("state", "function"):
            assert begin >= ends[where]
            ends[where] = end


def test_the_compact_retire_trace_reads_as_the_rows_of_the_text(traces, result):
    with open(traces / "retire.csv", newline="") as file:
        rows = [
            (int(row["index"]), int(row["cycle"]), int(row["core"]), int(row["pc"], 16), int(row["insn"], 16))
            for row in csv.DictReader(file)
        ]
    trace = ennead.read_retire(traces / "retire.bin")
    assert trace.dtype == ennead.RETIRE and trace.dtype.names == ("index", "cycle", "core", "pc", "insn")
    assert trace.tolist() == rows
    assert len(trace) == result.instret
    pieces = list(ennead.iter_retire(traces / "retire.bin", rows=1000))
    assert [len(piece) for piece in pieces[:-1]] == [1000] * (len(rows) // 1000)
    assert (np.concatenate(pieces) == trace).all()


def test_a_compact_retire_trace_that_was_cut_short_gives_what_it_has_and_then_says_so(traces, tmp_path):
    whole = (traces / "retire.bin").read_bytes()
    (tmp_path / "cut.bin").write_bytes(whole[: len(whole) // 2])
    rows = 0
    with pytest.raises(ennead.InputError, match=r"cut\.bin: the retire trace was cut short after (\d+) records") as caught:
        for piece in ennead.iter_retire(tmp_path / "cut.bin", rows=512):
            rows += len(piece)
    assert rows > 0 and f"after {rows} records" in str(caught.value)
    for name, content in [("text", b"index,cycle,core,pc,insn\n"), ("empty", b""), ("other", whole[:7] + b"2" + whole[8:])]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ennead.InputError, match="not a compact retire trace"):
            ennead.read_retire(tmp_path / name)
    with pytest.raises(OSError, match="none.bin"):
        ennead.read_retire(tmp_path / "none.bin")
    with pytest.raises(ValueError, match="rows"):
        list(ennead.iter_retire(tmp_path / "cut.bin", rows=0))


def test_konata_logs_every_instruction_once_in_order(traces, result):
    lines = (traces / "trace.kanata").read_text().splitlines()
    assert lines[0] == "Kanata\t0004"
    assert lines[1].startswith("C=\t")
    fields = [line.split("\t") for line in lines[2:]]
    assert all(int(field[1]) > 0 for field in fields if field[0] == "C")
    begun, stages, ended = [], defaultdict(list), []
    for field in fields:
        match field[0]:
            case "I":
                begun.append(int(field[1]))
            case "S":
                stages[int(field[1])].append(field[3])
            case "R":
                ended.append(int(field[1]))
            case kind:
                assert kind in ("C", "L")
    assert begun == list(range(result.instret))
    assert sorted(ended) == begun
    assert all(stages[number] == ["D", "X"] for number in begun)


def test_folded_stacks_account_for_every_cycle(traces, result):
    spent = Counter()
    for line in (traces / "stacks.folded").read_text().splitlines():
        stack, cycles = line.rsplit(" ", 1)
        core, *_, leaf = stack.split(";")
        spent[core, leaf if leaf.startswith("[") else "active"] += int(cycles)
    with open(traces / "retire.csv", newline="") as file:
        last = {}
        for row in csv.DictReader(file):
            last[int(row["core"])] = int(row["cycle"])
    for index, core in enumerate(result.report["cores"]):
        assert spent[core["name"], "active"] == core["active"]
        assert sum(cycles for (name, _), cycles in spent.items() if name == core["name"]) == last[index]
    svg = (traces / "flamegraph.svg").read_text()
    assert svg.startswith("<?xml") and "ennead_run_team" in svg


def test_windows_show_a_part(command, tmp_path, traces):
    def rows(*args):
        done = command("run", PROGRAM, "-q", "--trace", f"retire:{tmp_path / 't.csv'}", *args)
        assert done.returncode == 0, done.stderr
        with open(tmp_path / "t.csv", newline="") as file:
            return list(csv.DictReader(file))

    with open(traces / "retire.csv", newline="") as file:
        everything = list(csv.DictReader(file))

    def shown(keep):
        return [(row["cycle"], row["core"], row["pc"]) for row in everything if keep(row)]

    def seen(found):
        return [(row["cycle"], row["core"], row["pc"]) for row in found]

    assert seen(rows("--trace-cycles", "1000..1100")) == shown(lambda row: 1000 <= int(row["cycle"]) <= 1100)
    assert seen(rows("--trace-core", "2", "--trace-core", "soc.orchestrator")) == shown(lambda r: r["core"] in ("2", "8"))
    machine = ennead.Machine(PROGRAM)
    main = rows("--trace-symbol", "main")
    assert main and all(machine.symbolize(int(row["pc"], 16)).split("+")[0] == "main" for row in main)
    region = rows("--trace-region", "compute", "--trace-core", "0")
    counted = [entry for entry in ennead.run(PROGRAM).regions if entry.name == "compute" and entry.core.endswith("[0]")]
    # The two markers are shown; the report counts one of them.
    assert len(region) == counted[0].instret + 1
    for args in [("--trace-cycles", "9..1"), ("--trace-core", "99"), ("--trace-symbol", "no"), ("--trace-region", "no")]:
        done = command("run", PROGRAM, "--trace", f"retire:{tmp_path / 't.csv'}", *args)
        assert done.returncode == 200 and args[0].encode() in done.stderr
