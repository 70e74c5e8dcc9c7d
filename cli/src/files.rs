//! The folder that a program may read and write through semihosting calls.
//!
//! Invariant: no name, and no symbolic link, leads out of the folder.

use std::fs::OpenOptions;
use std::io;
use std::path::{Component, Path, PathBuf};

use ennead_sim::machine::{HostFile, HostFiles, OpenMode};

use crate::failure::Failure;

/// The folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        let root = path.canonicalize().map_err(|error| Failure::unreadable(path, &error))?;
        if !root.is_dir() {
            return Err(Failure::BadInput(format!(
                "--semihost-dir {}: not a folder",
                path.display()
            )));
        }
        Ok(Self(root))
    }

    /// Where a name leads; the file itself need not be there.
    fn resolve(&self, name: &str) -> io::Result<PathBuf> {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let plain = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain {
            return Err(denied());
        }
        let path = self.0.join(name);
        let real = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
                let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else {
                    return Err(denied());
                };
                folder.canonicalize()?.join(file)
            }
            other => other?,
        };
        if real.starts_with(&self.0) {
            Ok(real)
        } else {
            Err(denied())
        }
    }
}

impl HostFiles for Folder {
    fn open(&mut self, name: &str, mode: OpenMode) -> io::Result<Box<dyn HostFile>> {
        let path = self.resolve(name)?;
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let file = OpenOptions::new()
            .read(mode.read)
            .write(mode.write && !mode.append)
            .append(mode.append)
            .create(mode.create)
            .truncate(mode.truncate)
            .open(path)?;
        Ok(Box::new(file))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.resolve(name)?)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.resolve(from)?, self.resolve(to)?)
    }
}
