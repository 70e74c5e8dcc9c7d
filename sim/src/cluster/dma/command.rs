//! DMA commands: the words that a port gathers, and the bursts that a command is cut into (D1, D6).
//!
//! No time here. Invariant: the bursts of a command cover each of its bytes once, in order.

use serde::{Deserialize, Serialize};

/// Bits of a command's first word.
pub mod bit {
    /// Bytes to move, bits 16:0.
    pub const LENGTH: u32 = 0x1_FFFF;
    /// 1 = external memory to L1, 0 = L1 to external memory.
    pub const TO_L1: u32 = 1 << 17;
    /// Addresses count up.
    pub const INCREMENT: u32 = 1 << 18;
    /// Two more words: bytes per row and stride, on the external side.
    pub const EXTERNAL_2D: u32 = 1 << 19;
    /// Raise the event line at the end.
    pub const EVENT: u32 = 1 << 20;
    /// Raise the interrupt line at the end.
    pub const INTERRUPT: u32 = 1 << 21;
    /// Raise them to all cores.
    pub const BROADCAST: u32 = 1 << 22;
    /// Two more words: bytes per row and stride, on the L1 side.
    pub const L1_2D: u32 = 1 << 23;
}

/// One side's rows: `count` bytes, then on to the address `stride` bytes after the row's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Bytes in a row, at least 1.
    pub count: u32,
    /// Bytes from a row's start to the next row's.
    pub stride: u32,
}

/// A complete command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The first word, see [`bit`].
    pub control: u32,
    /// First address in L1.
    pub l1: u32,
    /// First address outside.
    pub external: u32,
    /// Rows on the external side.
    pub external_rows: Option<Rows>,
    /// Rows on the L1 side.
    pub l1_rows: Option<Rows>,
}

impl Command {
    /// Words that a command with this first word has.
    pub fn words(control: u32) -> usize {
        3 + 2 * usize::from(control & bit::EXTERNAL_2D != 0) + 2 * usize::from(control & bit::L1_2D != 0)
    }

    /// The command that these words make; there must be [`Command::words`] of them.
    pub fn from_words(words: &[u32]) -> Self {
        let (first, mut rest) = words.split_at(3);
        let mut rows = |present: u32| {
            (first[0] & present != 0).then(|| {
                let (row, others) = rest.split_at(2);
                rest = others;
                Rows {
                    count: row[0].max(1),
                    stride: row[1],
                }
            })
        };
        let external_rows = rows(bit::EXTERNAL_2D);
        let l1_rows = rows(bit::L1_2D);
        Self {
            control: first[0],
            l1: first[1],
            external: first[2],
            external_rows,
            l1_rows,
        }
    }

    /// Bytes to move.
    pub fn length(&self) -> u32 {
        self.control & bit::LENGTH
    }

    /// Whether the command fills L1.
    pub fn to_l1(&self) -> bool {
        self.control & bit::TO_L1 != 0
    }

    /// Whether either side has rows.
    pub fn is_2d(&self) -> bool {
        self.external_rows.is_some() || self.l1_rows.is_some()
    }

    /// The burst that starts at byte `position`, where bursts end at multiples of `limit` bytes of the external address
    /// (D6), at row ends of either side, and never leave a single byte over.
    pub fn burst(&self, position: u32, limit: u32) -> Burst {
        let (external, external_left) = locate(self.external, self.external_rows, position);
        let (l1, l1_left) = locate(self.l1, self.l1_rows, position);
        let row_left = (self.length() - position).min(external_left).min(l1_left);
        let to_boundary = limit - external % limit;
        let bytes = if row_left <= to_boundary || row_left == to_boundary + 1 {
            row_left
        } else {
            to_boundary
        };
        Burst {
            l1,
            external,
            bytes,
            row_end: bytes == row_left,
            last: position + bytes == self.length(),
        }
    }
}

/// Address of byte `position` and bytes that are left in its row.
fn locate(base: u32, rows: Option<Rows>, position: u32) -> (u32, u32) {
    match rows {
        None => (base.wrapping_add(position), u32::MAX),
        Some(Rows { count, stride }) => {
            let (row, column) = (position / count, position % count);
            (
                base.wrapping_add(row.wrapping_mul(stride)).wrapping_add(column),
                count - column,
            )
        }
    }
}

/// A run of bytes that is contiguous on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// First address in L1.
    pub l1: u32,
    /// First address outside.
    pub external: u32,
    /// Length.
    pub bytes: u32,
    /// A row ends with it.
    pub row_end: bool,
    /// The command ends with it.
    pub last: bool,
}

impl Burst {
    /// Eight-byte rows that it touches in L1.
    pub fn l1_beats(&self) -> u32 {
        beats(self.l1, self.bytes)
    }

    /// Eight-byte beats that it touches outside.
    pub fn external_beats(&self) -> u32 {
        beats(self.external, self.bytes)
    }
}

/// Eight-byte beats that `bytes` from `address` touch.
pub(super) fn beats(address: u32, bytes: u32) -> u32 {
    (address % 8 + bytes).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bursts(command: &Command, limit: u32) -> Vec<(u32, u32)> {
        let mut position = 0;
        std::iter::from_fn(|| {
            (position < command.length()).then(|| {
                let burst = command.burst(position, limit);
                position += burst.bytes;
                (burst.external, burst.bytes)
            })
        })
        .collect()
    }

    #[test]
    fn bursts_end_at_multiples_of_the_limit_and_leave_no_single_byte() {
        let command = |bytes, external| Command::from_words(&[bytes, 0x1000, external]);
        assert_eq!(
            bursts(&command(600, 0xF0), 256),
            [(0xF0, 16), (0x100, 256), (0x200, 256), (0x300, 72)]
        );
        assert_eq!(bursts(&command(257, 0x100), 256), [(0x100, 257)]);
        assert_eq!(bursts(&command(258, 0x100), 256), [(0x100, 256), (0x200, 2)]);
    }

    #[test]
    fn rows_of_either_side_end_bursts() {
        let command = Command::from_words(&[100 | bit::EXTERNAL_2D | bit::L1_2D, 0x1000, 0x200, 40, 64, 60, 100]);
        assert_eq!(
            bursts(&command, 256),
            [(0x200, 40), (0x240, 20), (0x254, 20), (0x280, 20)]
        );
        assert_eq!(command.burst(60, 256).l1, 0x1064);
    }
}
