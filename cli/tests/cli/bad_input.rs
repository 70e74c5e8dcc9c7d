//! Every kind of bad input gives one clear message and its documented exit code, and never a panic.

use std::path::Path;

use crate::support::{CODE, Elf, READ_EXECUTE, READ_WRITE, Segment, ennead, said, scratch};

/// `j .`: a program that never ends.
const SPIN: u32 = 0x0000_006f;

fn good() -> Elf {
    Elf::new(&[SPIN; 16])
}

fn changed(change: impl FnOnce(&mut Elf)) -> Vec<u8> {
    let mut elf = good();
    change(&mut elf);
    elf.bytes()
}

/// The good file with some bytes replaced.
fn patched(offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = good().bytes();
    file[offset..offset + bytes.len()].copy_from_slice(bytes);
    file
}

#[track_caller]
fn expect(directory: &Path, args: &[&str], code: i32, parts: &[&str]) {
    let output = ennead(directory, args);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    assert!(!text.contains("panicked"), "{args:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "{args:?}: {part:?} is missing in {text:?}");
    }
}

#[test]
fn elf_files_that_are_no_program_for_this_machine() {
    let directory = scratch("bad_elf");
    let good_length = good().bytes().len();
    let load = |address, bytes| Segment::load(address, vec![0; bytes], READ_WRITE);
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("empty", vec![], &["not an ELF file", "empty"]),
        ("text", b"#!/bin/sh\n".to_vec(), &["not an ELF file", "23 21 2f 62"]),
        (
            "magic_only",
            good().bytes()[..4].to_vec(),
            &["truncated", "file header", "has 4 bytes"],
        ),
        (
            "half_header",
            good().bytes()[..30].to_vec(),
            &["truncated", "file header", "has 30 bytes"],
        ),
        (
            "cut_in_program_headers",
            good().bytes()[..60].to_vec(),
            &["truncated", "program header table"],
        ),
        (
            "cut_in_segment",
            good().bytes()[..100].to_vec(),
            &["truncated", "segment 0"],
        ),
        (
            "cut_in_sections",
            good().bytes()[..good_length - 1].to_vec(),
            &["truncated", "section header table"],
        ),
        (
            "elf64",
            changed(|elf| elf.class = 2),
            &["64-bit", "32-bit little-endian RISC-V"],
        ),
        ("class_9", changed(|elf| elf.class = 9), &["class byte is 9"]),
        (
            "big_endian",
            changed(|elf| elf.data = 2),
            &["big-endian", "32-bit little-endian RISC-V"],
        ),
        ("data_0", changed(|elf| elf.data = 0), &["data encoding byte is 0"]),
        ("x86", changed(|elf| elf.machine = 62), &["machine 62", "not RISC-V"]),
        ("arm", changed(|elf| elf.machine = 40), &["machine 40", "not RISC-V"]),
        ("object", changed(|elf| elf.kind = 1), &["object file", "link it"]),
        (
            "shared",
            changed(|elf| elf.kind = 3),
            &["position-independent", "-static -no-pie"],
        ),
        ("core_dump", changed(|elf| elf.kind = 4), &["core dump"]),
        ("type_0", changed(|elf| elf.kind = 0), &["file type is 0"]),
        ("version", patched(6, &[7]), &["version is 7"]),
        (
            "dynamic",
            changed(|elf| {
                elf.segments.push(Segment {
                    kind: 2,
                    ..load(0x1c01_0000, 8)
                })
            }),
            &["dynamically linked", "-static"],
        ),
        (
            "interpreter",
            changed(|elf| {
                elf.segments.push(Segment {
                    kind: 3,
                    ..load(0x1c01_0000, 8)
                })
            }),
            &["dynamically linked"],
        ),
        (
            "no_segments",
            changed(|elf| elf.segments.clear()),
            &["no loadable segment"],
        ),
        (
            "only_notes",
            changed(|elf| elf.segments[0].kind = 4),
            &["no loadable segment"],
        ),
        (
            "program_header_size",
            patched(42, &[31, 0]),
            &["program header table entries have 31 bytes"],
        ),
        (
            "section_header_size",
            patched(46, &[64, 0]),
            &["section header table entries have 64 bytes"],
        ),
        (
            "program_headers_far",
            patched(28, &[0, 0, 0, 0xf0]),
            &["truncated", "program header table"],
        ),
        (
            "section_headers_far",
            patched(32, &[0, 0, 0, 0xf0]),
            &["truncated", "section header table"],
        ),
        (
            "many_program_headers",
            patched(44, &[0xff, 0xff]),
            &["truncated", "program header table"],
        ),
        (
            "segment_far",
            patched(52 + 4, &[0xff, 0xff, 0xff, 0xff]),
            &["truncated", "segment 0"],
        ),
        (
            "segment_long",
            patched(52 + 16, &[0, 0, 0, 1, 0, 0, 0, 1]),
            &["truncated", "segment 0"],
        ),
        (
            "file_bigger_than_memory",
            patched(52 + 20, &[4, 0, 0, 0]),
            &["more bytes in the file (64)", "memory (4)"],
        ),
        (
            "overlap",
            changed(|elf| elf.segments.push(load(CODE + 32, 64))),
            &["segments 0 and 1 overlap", "0x1c008020..0x1c008040"],
        ),
        (
            "overlap_by_zeros",
            changed(|elf| {
                elf.segments.push(Segment {
                    memsz: 0x9000,
                    ..load(0x1c00_0000, 4)
                });
            }),
            &["segments 1 and 0 overlap", "0x1c008000"],
        ),
        (
            "wraps",
            changed(|elf| {
                elf.segments.push(Segment {
                    memsz: 0x100,
                    ..load(0xffff_fff0, 4)
                })
            }),
            &["segment 1", "32-bit address space"],
        ),
        (
            "entry_outside",
            changed(|elf| elf.entry = 0x2000_0000),
            &["entry 0x20000000", "ENTRY()"],
        ),
        ("entry_odd", changed(|elf| elf.entry = CODE + 1), &["entry 0x1c008001"]),
        (
            "entry_in_data",
            changed(|elf| elf.segments[0].flags = READ_WRITE),
            &["not in an executable segment"],
        ),
        (
            "unmapped",
            changed(|elf| elf.segments.push(load(0x4000_0000, 16))),
            &["segment 1", "0x40000000", "no memory", "L2"],
        ),
        (
            "l2_too_small",
            changed(|elf| {
                elf.segments.push(Segment {
                    memsz: 0x20_0000,
                    ..load(0x1c01_0000, 16)
                })
            }),
            &["segment 1", "bytes more than L2 has", "--set l2.size=0x210000"],
        ),
        (
            "l1_too_small",
            changed(|elf| {
                elf.segments.push(Segment {
                    memsz: 0x3_0000,
                    ..load(0x1000_0000, 16)
                })
            }),
            &["segment 1", "more than L1 has", "--set l1.size=0x40000"],
        ),
        (
            "symbols_nowhere",
            {
                let mut file = good().bytes();
                let headers = u32::from_le_bytes(file[32..36].try_into().unwrap()) as usize;
                file[headers + 40 * 2 + 24] = 99; // sh_link of .symtab
                file
            },
            &["symbol table", "section 99"],
        ),
        (
            "needs_x_registers",
            good().note(1, b"core.fp_registers=x\0").bytes(),
            &[
                "core.fp_registers = x (section .note.ennead)",
                "the machine has f",
                "--config vega",
            ],
        ),
        (
            "needs_xpulpv2",
            good().attributes("rv32imc_xpulpv2").bytes(),
            &["core.isa = xpulpv2", "the machine has xcv", "--set core.isa=xpulpv2"],
        ),
        (
            "needs_doubles",
            good().attributes("rv32imfdc").bytes(),
            &["extension d", "-march=rv32imfc"],
        ),
        ("needs_vectors", good().attributes("rv32imcv").bytes(), &["extension v"]),
        ("rv64_attributes", good().attributes("rv64imc").bytes(), &["rv64"]),
        ("odd_arch", good().attributes("risc5").bytes(), &["risc5"]),
        ("double_abi", changed(|elf| elf.flags = 5), &["double-float"]),
        (
            "note_unknown_key",
            good().note(1, b"core.iso=xcv\0").bytes(),
            &["core.iso", "did you mean `core.isa`"],
        ),
        (
            "note_bad_value",
            good().note(1, b"core.isa=vax\0").bytes(),
            &["core.isa = vax", "xpulpv2"],
        ),
        ("note_unknown_type", good().note(9, b"x\0").bytes(), &["unknown type 9"]),
        (
            "note_cut",
            {
                let mut elf = good().note(1, b"core.isa=xcv\0");
                elf.sections[0].2.truncate(17);
                elf.bytes()
            },
            &[".note.ennead", "middle of a note"],
        ),
        (
            "attributes_cut",
            {
                let mut elf = good().attributes("rv32imc");
                elf.sections[0].2.truncate(14);
                elf.bytes()
            },
            &[".riscv.attributes", "middle of an attribute"],
        ),
        (
            "chip_info",
            changed(|elf| {
                elf.sections
                    .push((".Pulp_Chip.Info", 1, b"chip=none cpu=gap9 pe=8 fc=1\0".to_vec()))
            }),
            &["core.isa = xpulpv2", "cpu=gap9", "--config vega"],
        ),
    ];
    assert!(cases.len() >= 40);
    for (name, bytes, parts) in cases {
        let file = format!("{name}.elf");
        std::fs::write(directory.join(&file), bytes).unwrap();
        let parts: Vec<_> = parts.iter().copied().chain([file.as_str()]).collect();
        expect(&directory, &["run", &file, "--max-cycles", "1000"], 200, &parts);
    }
}

#[test]
fn the_good_program_of_these_tests_runs_to_its_limit() {
    let directory = scratch("good_elf");
    std::fs::write(directory.join("good.elf"), good().bytes()).unwrap();
    expect(
        &directory,
        &["run", "good.elf", "--max-cycles", "1000"],
        202,
        &["1000 cycles", "--max-cycles", "_start"],
    );
    let executable = Segment::load(0x1c01_0000, vec![0; 4], READ_EXECUTE);
    std::fs::write(directory.join("more.elf"), changed(|elf| elf.segments.push(executable))).unwrap();
    expect(&directory, &["inspect", "more.elf"], 0, &["0x1c010000", "_start"]);
}

#[test]
fn machines_and_settings_that_cannot_be() {
    let directory = scratch("bad_config");
    for (name, text) in [
        ("syntax.toml", "[l1\nbanks = 4\n"),
        ("unknown.toml", "[cluster]\nworker = 4\n"),
        ("section.toml", "[cluter]\nworkers = 4\n"),
        ("type.toml", "[l1]\nbanks = \"many\"\n"),
        ("range.toml", "# a machine\n[fpu]\naddmul_latency = 7\n"),
        ("rule.toml", "[fpu]\nsharing = \"pooled\"\ncount = 12\n"),
        ("binary.toml", "\u{0}\u{1}"),
    ] {
        std::fs::write(directory.join(name), text).unwrap();
    }
    std::fs::write(directory.join("latin1.toml"), b"# caf\xe9\n").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--config", "syntax.toml"], &["syntax.toml:1", "not valid TOML"]),
        (
            &["--config", "unknown.toml"],
            &["unknown.toml:2", "`cluster.worker`", "did you mean `cluster.workers`"],
        ),
        (
            &["--config", "section.toml"],
            &["section.toml:2", "did you mean `cluster.workers`"],
        ),
        (
            &["--config", "type.toml"],
            &["type.toml:2", "l1.banks = many", "a whole number from 1 to 256"],
        ),
        (
            &["--config", "range.toml"],
            &["range.toml:3", "fpu.addmul_latency = 7", "0 to 3"],
        ),
        (
            &["--config", "rule.toml"],
            &["rule.toml:3", "fpu.count = 12", "cluster.workers (8)"],
        ),
        (&["--config", "binary.toml"], &["binary.toml", "not valid TOML"]),
        (&["--config", "latin1.toml"], &["cannot read latin1.toml", "UTF-8"]),
        (&["--config", "missing.toml"], &["cannot read missing.toml"]),
        (&["--config", "."], &["`.`"]),
        (
            &["--config", "vegas"],
            &["`vegas`", "did you mean `vega`", "config list"],
        ),
        (&["--set", "l1.banks"], &["`l1.banks` is not an assignment"]),
        (&["--set", "l1.banks=0"], &["l1.banks = 0", "1 to 256"]),
        (&["--set", "l1.banks=3"], &["l1.banks = 3", "power of two"]),
        (&["--set", "l1.banks="], &["l1.banks = ", "a whole number"]),
        (&["--set", "l1.bnks=4"], &["did you mean `l1.banks`"]),
        (&["--set", "=4"], &["unknown key ``"]),
        (&["--set", "l1.size=100000"], &["l1.size = 100000", "multiple of"]),
        (
            &["--set", "l1.size=99999999999999999999"],
            &["l1.size", "a whole number"],
        ),
        (&["--set", "cluster.workers=0"], &["cluster.workers = 0", "1 to 64"]),
        (&["--set", "cluster.workers=-1"], &["cluster.workers = -1"]),
        (&["--set", "cluster.frequency_hz=0"], &["cluster.frequency_hz = 0"]),
        (&["--set", "core.isa=rvv"], &["core.isa = rvv", "xpulpv2"]),
        (
            &["--set", "core.packed_fp16=yes"],
            &["core.packed_fp16 = yes", "true or false"],
        ),
        (&["--set", "fpu.count=9"], &["fpu.count = 9", "cluster.workers (8)"]),
        (
            &["--set", "core.grant_trace=x"],
            &["core.grant_trace = x", "single core"],
        ),
        (&["--set", "machine.map=bench"], &["orchestrator.present", "bench"]),
    ];
    for (args, parts) in cases {
        let run: Vec<_> = ["run", "builtin:hello"].iter().chain(*args).copied().collect();
        expect(&directory, &run, 200, parts);
        // `config show` fails as `run` does.
        let mut show = vec!["config", "show"];
        show.extend(args.iter().filter(|arg| **arg != "--config"));
        expect(&directory, &show, 200, parts);
    }
}

#[test]
fn arguments_that_make_no_sense() {
    let directory = scratch("bad_arguments");
    std::fs::write(directory.join("good.elf"), good().bytes()).unwrap();
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&[], 2, &["Usage"]),
        (&["rum"], 2, &["rum", "run"]),
        (&["run"], 2, &["TARGET"]),
        (&["run", "a.elf", "--max-cycles", "many"], 2, &["--max-cycles", "many"]),
        (&["run", "a.elf", "--format", "xml"], 2, &["xml", "json"]),
        (&["run", "a.elf", "--isa", "rvv"], 2, &["rvv", "xpulpv2"]),
        (&["run", "a.elf", "--colour"], 2, &["--colour"]),
        (&["run", "a.elf", "-q", "-v"], 2, &["--quiet"]),
        (&["run", "missing.elf"], 200, &["cannot read missing.elf"]),
        (&["run", "."], 200, &["cannot read"]),
        (&["run", "builtin:"], 200, &["builtin:", "ennead list"]),
        (&["run", "builtin:helo"], 200, &["did you mean builtin:hello"]),
        (
            &["run", "builtin:hello", "--param", "n=3"],
            200,
            &["n = 3", "no parameters"],
        ),
        (
            &["run", "builtin:matmul-fp16", "--param", "size=3"],
            200,
            &["size = 3", "only these parameters"],
        ),
        (
            &["run", "builtin:matmul-fp16", "--param", "workers=99"],
            200,
            &["workers = 99", "from 1 to"],
        ),
        (
            &["run", "builtin:matmul-fp16", "--param", "workers"],
            200,
            &["NAME=VALUE"],
        ),
        (&["run", "good.elf", "--param", "n=3"], 200, &["no symbol n"]),
        (
            &["run", "good.elf", "--param", "_start=x"],
            200,
            &["_start = x", "whole number"],
        ),
        (
            &["run", "good.elf", "--trace", "pipeline:x"],
            200,
            &["pipeline:x", "retire:FILE", "perfetto"],
        ),
        (&["run", "good.elf", "--trace", "retire:"], 200, &["retire:FILE"]),
        (&["run", "good.elf", "--trace", "retire"], 200, &["retire:FILE"]),
        (
            &["run", "good.elf", "--trace", "retire:no/such/dir/t.csv"],
            205,
            &["cannot write no/such/dir/t.csv"],
        ),
        (&["run", "good.elf", "-o", "good.elf"], 205, &["cannot write good.elf"]),
        (
            &["inspect", "good.elf", "--symbol", "_stat"],
            200,
            &["no symbol _stat", "did you mean _start"],
        ),
        (&["config", "explain", "l1.bank"], 200, &["did you mean `l1.banks`"]),
        (&["config", "show", "nobody"], 200, &["`nobody`"]),
        (&["sweep", "missing.toml"], 200, &["cannot read missing.toml"]),
        (&["sweep", "good.elf"], 200, &["good.elf"]),
        (&["sweep", "s.toml", "-j", "0"], 2, &["--jobs"]),
    ];
    for (args, code, parts) in cases {
        expect(&directory, args, *code, parts);
    }
}

#[test]
fn a_closed_standard_output_is_no_reason_to_complain() {
    let directory = scratch("closed_pipe");
    let command = format!("{} config explain | head -n 1", env!("CARGO_BIN_EXE_ennead"));
    let output = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(directory)
        .output()
        .unwrap();
    assert_eq!(said(&output), "machine.map\n");
}
