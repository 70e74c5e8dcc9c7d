//! A running machine as bytes, and back.
//!
//! A checkpoint holds everything that a machine does not get from its configuration and program: registers, memories,
//! devices, caches, books and what is under way. It is for the version that wrote it and for the same machine and
//! program, and says so; there is no conversion. The layout is a magic number, the format's version, a header, and the
//! state, compressed; the header has a hash of the state.
//!
//! Invariant: a machine that was saved after cycle c and restored elsewhere ends with the same bytes as one that ran on.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::machine::Machine;

const MAGIC: &[u8; 8] = b"ENNEADCP";
/// Rises with every change to what a checkpoint holds.
pub const FORMAT: u32 = 4;

/// Why there is no checkpoint, or why it cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The run is over.
    #[error("the run is over: there is nothing to go on with")]
    Ended,
    /// Files are open.
    #[error("the program has files of the host open, which no checkpoint can hold")]
    OpenFiles,
    /// A recorded pattern is replayed.
    #[error("core.grant_trace replays a recorded pattern, which no checkpoint can hold")]
    GrantTrace,
    /// No checkpoint.
    #[error("not a checkpoint of ennead")]
    NotOne,
    /// Another format or tool.
    #[error(
        "written by ennead {found} (format {format}), this is ennead {own} (format {FORMAT}): use that version, or make the checkpoint anew"
    )]
    Version {
        /// The version that wrote it.
        found: String,
        /// Its format.
        format: u32,
        /// This version.
        own: &'static str,
    },
    /// Another machine.
    #[error("made on another machine (configuration hash {found}, here {own}): give the same --config and --set")]
    Machine {
        /// Of the checkpoint.
        found: String,
        /// Here.
        own: String,
    },
    /// Another program.
    #[error(
        "made with another program or other parameters (hash {found}, here {own}): give the same target and --param"
    )]
    Program {
        /// Of the checkpoint.
        found: String,
        /// Here.
        own: String,
    },
    /// Damaged.
    #[error("damaged: make the checkpoint anew")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Header {
    tool: String,
    machine: String,
    program: String,
    cycle: u64,
    state: [u8; 32],
}

/// The fields of a machine that a checkpoint holds; the rest is empty between cycles, or follows from configuration and
/// program.
macro_rules! state {
    ($($field:ident $(. $part:ident)?)*) => {
        impl Machine {
            fn pack(&self) -> Result<Vec<u8>, postcard::Error> {
                let mut bytes = Vec::new();
                $(bytes = postcard::to_extend(&self.$field$(.$part)?, bytes)?;)*
                Ok(bytes)
            }

            fn unpack(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
                let rest = bytes;
                $(let (value, rest) = postcard::take_from_bytes(rest)?; self.$field$(.$part)? = value;)*
                match rest.is_empty() {
                    true => Ok(()),
                    false => Err(postcard::Error::DeserializeBadEncoding),
                }
            }
        }
    };
}

state! {
    cores memory arbiter fpu event_unit dma waiting_for_id control icache_control icache soc_control stdout
    flls gpio itc soc_events timers cluster_timer udma bench stream paths ports crossing wants calendar now console
    devices_next others_next
    shown warnings warned locked_bank forwarded semihost.errno program_break
}

impl Machine {
    /// The state after the last cycle; `program` is the hash by which the program and its parameters are known.
    ///
    /// # Errors
    /// [`CheckpointError`] if the run is over, or holds something outside the machine.
    pub fn save(&self, program: &str) -> Result<Vec<u8>, CheckpointError> {
        if self.ended() {
            return Err(CheckpointError::Ended);
        }
        if self.semihost.has_files() {
            return Err(CheckpointError::OpenFiles);
        }
        if self.grants.is_some() {
            return Err(CheckpointError::GrantTrace);
        }
        let state = self.pack().map_err(|_| CheckpointError::Damaged)?;
        let header = Header {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            machine: self.config.hash(),
            program: program.to_owned(),
            cycle: self.cycles(),
            state: Sha256::digest(&state).into(),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(FORMAT.to_le_bytes());
        let header = postcard::to_allocvec(&header).map_err(|_| CheckpointError::Damaged)?;
        bytes.extend((header.len() as u32).to_le_bytes());
        bytes.extend(header);
        let mut packed = ZlibEncoder::new(bytes, Compression::fast());
        let written = packed.write_all(&state).and_then(|()| packed.finish());
        written.map_err(|_| CheckpointError::Damaged)
    }

    /// Goes on from a checkpoint; `self` was built for the same machine and program and has not run.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is none, or not for this version, machine or program; the machine is of no use then if
    /// the checkpoint is damaged, and unchanged otherwise.
    pub fn restore(&mut self, checkpoint: &[u8], program: &str) -> Result<(), CheckpointError> {
        let own = env!("CARGO_PKG_VERSION");
        let rest = checkpoint.strip_prefix(MAGIC).ok_or(CheckpointError::NotOne)?;
        let (format, rest) = number(rest)?;
        let (len, rest) = number(rest)?;
        let (header, packed) = rest.split_at_checked(len as usize).ok_or(CheckpointError::Damaged)?;
        let header: Header = postcard::from_bytes(header).map_err(|_| match format {
            FORMAT => CheckpointError::Damaged,
            _ => version(String::from("of another version"), format, own),
        })?;
        if format != FORMAT || header.tool != own {
            return Err(version(header.tool, format, own));
        }
        if header.machine != self.config.hash() {
            return Err(CheckpointError::Machine {
                found: header.machine,
                own: self.config.hash(),
            });
        }
        if header.program != program {
            return Err(CheckpointError::Program {
                found: header.program,
                own: program.to_owned(),
            });
        }
        let mut state = Vec::new();
        let read = ZlibDecoder::new(packed).read_to_end(&mut state);
        if read.is_err() || header.state[..] != Sha256::digest(&state)[..] {
            return Err(CheckpointError::Damaged);
        }
        self.unpack(&state).map_err(|_| CheckpointError::Damaged)?;
        for index in 0..self.cores.len() {
            self.cores[index].relocate(&mut self.program, &self.memory);
            self.recorders[index].restart(&self.cores[index]);
        }
        Ok(())
    }
}

fn version(found: String, format: u32, own: &'static str) -> CheckpointError {
    CheckpointError::Version { found, format, own }
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), CheckpointError> {
    let (word, rest) = bytes.split_first_chunk().ok_or(CheckpointError::Damaged)?;
    Ok((u32::from_le_bytes(*word), rest))
}
