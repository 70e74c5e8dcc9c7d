//! What the catalogue says holds for the ELFs and tensors that it bundles.

use std::collections::BTreeSet;

use ennead_workloads::{Element, Workload, all, find};
use goblin::elf::{Elf, Sym, note::Note};

fn is_network(workload: &Workload) -> bool {
    workload.name.starts_with("resnet8") || workload.name.starts_with("dscnn")
}

fn symbol(elf: &Elf, name: &str) -> Option<Sym> {
    elf.syms.iter().find(|sym| elf.strtab.get_at(sym.st_name) == Some(name))
}

/// The bytes that are loaded at `address`.
fn loaded(workload: &Workload, elf: &Elf, address: u64, size: usize) -> Vec<u8> {
    let segment = elf
        .program_headers
        .iter()
        .find(|ph| ph.p_type == goblin::elf::program_header::PT_LOAD && ph.vm_range().contains(&(address as usize)))
        .unwrap_or_else(|| panic!("{}: nothing is loaded at {address:#x}", workload.name));
    let offset = (address - segment.p_vaddr + segment.p_offset) as usize;
    workload.elf[offset..offset + size].to_vec()
}

fn notes<'a>(workload: &'a Workload, elf: &'a Elf) -> Vec<Note<'a>> {
    elf.iter_note_headers(workload.elf)
        .into_iter()
        .flatten()
        .map(|note| note.unwrap_or_else(|error| panic!("{}: {error}", workload.name)))
        .collect()
}

#[test]
fn names_are_unique_and_findable() {
    let names: BTreeSet<_> = all().iter().map(|workload| workload.name).collect();
    assert_eq!(names.len(), all().len());
    assert!(
        all()
            .iter()
            .all(|workload| find(workload.name).unwrap().elf == workload.elf)
    );
    assert!(find("no-such-workload").is_none());
}

#[test]
fn every_elf_is_a_small_static_riscv_executable_that_starts_in_l2() {
    for workload in all() {
        let elf = Elf::parse(workload.elf).unwrap();
        assert_eq!(elf.header.e_machine, goblin::elf::header::EM_RISCV, "{}", workload.name);
        assert_eq!(elf.header.e_type, goblin::elf::header::ET_EXEC, "{}", workload.name);
        assert!(!elf.is_64 && elf.dynamic.is_none(), "{}", workload.name);
        assert!((0x1C00_0000..0x1C08_0000).contains(&elf.entry), "{}", workload.name);
        // A network's result is its parameters, and they are in the ELF as they are before the step.
        let parameters = if is_network(workload) {
            workload.golden.unwrap().size()
        } else {
            0
        };
        assert!(
            workload.elf.len() < 120 * 1024 + parameters,
            "{} has {} bytes",
            workload.name,
            workload.elf.len()
        );
    }
}

#[test]
fn every_result_has_the_size_and_value_that_the_golden_tensor_says() {
    for workload in all() {
        let Some(golden) = workload.golden else { continue };
        let elf = Elf::parse(workload.elf).unwrap();
        let output = symbol(&elf, golden.symbol).unwrap_or_else(|| panic!("{}: no {}", workload.name, golden.symbol));
        assert_eq!(output.st_size as usize, golden.size(), "{}", workload.name);
        assert_eq!(
            golden.reference.len() / 4,
            (golden.size() / golden.element.size()).div_ceil(golden.every),
            "{}",
            workload.name
        );
        let pass = golden
            .check(golden.exact)
            .unwrap_or_else(|error| panic!("{}: {error}", workload.name));
        // FP16 sums round; an answer without any error would not have been computed in FP16.
        if golden.element != Element::F32 && golden.atol > 0.0 {
            assert!(pass.max_abs_error > 0.0, "{}", workload.name);
        }
    }
}

#[test]
fn every_parameter_is_a_word_that_holds_its_default() {
    for workload in all() {
        let elf = Elf::parse(workload.elf).unwrap();
        for parameter in workload.parameters {
            assert!((parameter.min..=parameter.max).contains(&parameter.default));
            let word =
                symbol(&elf, parameter.symbol).unwrap_or_else(|| panic!("{}: no {}", workload.name, parameter.symbol));
            assert_eq!(word.st_size, 4, "{}: {}", workload.name, parameter.name);
            let value = loaded(workload, &elf, word.st_value, 4);
            assert_eq!(
                value,
                parameter.default.to_le_bytes(),
                "{}: {}",
                workload.name,
                parameter.name
            );
        }
    }
}

#[test]
fn every_program_with_float_kernels_says_what_it_asks_of_the_machine() {
    for workload in all().iter().filter(|workload| workload.nominal_macs > 0) {
        let elf = Elf::parse(workload.elf).unwrap();
        let notes = notes(workload, &elf);
        assert!(notes.iter().all(|note| note.name == "Ennead"), "{}", workload.name);
        let needs: Vec<_> = notes.iter().filter(|note| note.n_type == 1).collect();
        let expected = match workload.config {
            "ennead" => "core.isa=xcv core.fp_registers=f core.packed_fp16=true\0",
            _ => "core.isa=xpulpv2 core.fp_registers=x core.packed_fp16=true\0",
        };
        assert_eq!(needs.len(), 1, "{}", workload.name);
        assert_eq!(
            std::str::from_utf8(needs[0].desc).unwrap(),
            expected,
            "{}",
            workload.name
        );
        let regions: BTreeSet<_> = notes
            .iter()
            .filter(|note| note.n_type == 2)
            .map(|note| std::str::from_utf8(&note.desc[4..note.desc.len() - 1]).unwrap())
            .collect();
        let expected = match is_network(workload) {
            true => ["conv1/forward", "classifier/weight-gradient/wait"],
            false => ["dma-in", "dma-out"],
        };
        assert!(regions.is_superset(&BTreeSet::from(expected)), "{}", workload.name);
    }
}

/// Independent of the kernels and of the generator: one element of C from the operands in the ELF.
#[test]
fn the_matmul_reference_is_the_product_of_the_operands_in_the_elf() {
    for workload in all()
        .iter()
        .filter(|workload| workload.name.starts_with("matmul-fp") || workload.name.starts_with("matmul-bf"))
    {
        let elf = Elf::parse(workload.elf).unwrap();
        let golden = workload.golden.unwrap();
        let tensor = |name| {
            let at = symbol(&elf, name).unwrap();
            let bytes = loaded(workload, &elf, at.st_value, at.st_size as usize);
            let decode = |chunk: &[u8]| match golden.element {
                Element::F32 => f64::from(f32::from_le_bytes(chunk.try_into().unwrap())),
                Element::F16 => f64::from(half::f16::from_le_bytes(chunk.try_into().unwrap())),
                Element::Bf16 => f64::from(half::bf16::from_le_bytes(chunk.try_into().unwrap())),
            };
            bytes
                .chunks_exact(golden.element.size())
                .map(decode)
                .collect::<Vec<_>>()
        };
        let (a, b) = (tensor("ennead_a"), tensor("ennead_b"));
        let (n, m) = (golden.shape[0], golden.shape[1]);
        let (lda, k) = (a.len() / n, b.len() / m);
        assert_eq!(workload.nominal_macs, (n * m * k) as u64);
        for (row, column) in [(0, 0), (0, m - 1), (n - 1, 0), (n / 2, m / 3), (n - 1, m - 1)] {
            let sum: f64 = (0..k).map(|i| a[row * lda + i] * b[i * m + column]).sum();
            let at = (row * m + column) * 4;
            let reference = f32::from_le_bytes(golden.reference[at..at + 4].try_into().unwrap());
            assert!(
                (f64::from(reference) - sum).abs() < 1e-5,
                "{} {row} {column}",
                workload.name
            );
        }
    }
}

/// That the run computes the reference's losses is its golden check; that they fall is the point of training.
#[test]
fn the_reference_loss_of_the_training_runs_falls_tenfold() {
    for name in ["mlp-fp32-train", "mlp-fp16-train", "mlp-bf16-train"] {
        let losses: Vec<f32> = find(name)
            .unwrap()
            .golden
            .unwrap()
            .reference
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert!(losses[0] > 10.0 * losses[losses.len() - 1], "{name}: {losses:?}");
    }
}
