//! ELF files of one segment of code, which begins at the entry.

/// Bytes of the file before the code.
pub(crate) const HEADERS: u32 = 84;

/// A file with this code at this address.
pub(crate) fn file(base: u32, code: &[u32]) -> Vec<u8> {
    let size = 4 * code.len() as u32;
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    [2, 243].into_iter().for_each(|value| half(&mut file, value));
    let header = [1, base, 52, 0, 0].map(u32::to_le_bytes);
    file.extend(header.as_flattened());
    [52, 32, 1, 40, 0, 0]
        .into_iter()
        .for_each(|value| half(&mut file, value));
    let segment = [1, HEADERS, base, base, size, size, 5, 4].map(u32::to_le_bytes);
    file.extend(segment.as_flattened());
    code.iter().for_each(|word| file.extend(word.to_le_bytes()));
    file
}
