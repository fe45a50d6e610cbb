//! The files of a package, laid out as they are installed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;

/// One file of a package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct File {
    /// From the root of the system, without the first slash.
    pub(super) path: String,
    pub(super) what: What,
}

/// What a file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum What {
    Octets(Vec<u8>),
    Program(Vec<u8>),
    /// A text that Debian wants compressed.
    Compressed(Vec<u8>),
    Link(String),
}

/// The folder of a package that is being made.
pub(super) struct Stage {
    folder: PathBuf,
}

impl Stage {
    /// An empty one.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Lays files out, and writes the sums by which dpkg finds damage.
    pub(super) fn fill(&self, files: &[File]) -> Result<()> {
        let mut summed = Vec::new();
        for File { path, what } in files {
            let name = match what {
                What::Compressed(_) => format!("{path}.gz"),
                _ => path.clone(),
            };
            let place = self.folder.join(&name);
            self.put(&place, what).with_context(|| place.display().to_string())?;
            let is_control = name.starts_with("DEBIAN/");
            if !is_control && !matches!(what, What::Link(_)) {
                summed.push(name);
            }
        }
        summed.sort();
        let mut sums = Command::new("md5sum");
        let sums = command::capture(sums.args(&summed).current_dir(&self.folder))?;
        self.put(&self.folder.join("DEBIAN/md5sums"), &What::Octets(sums.into_bytes()))?;
        self.plain_folders(&self.folder)
    }

    fn put(&self, place: &Path, what: &What) -> Result<()> {
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        let mode = match what {
            What::Link(to) => return Ok(symlink(to, place)?),
            What::Compressed(text) => {
                let plain = place.with_extension("");
                fs::write(&plain, text)?;
                // Without a name and a date, which would differ.
                command::capture(Command::new("gzip").arg("-9n").arg(&plain))?;
                0o644
            }
            What::Octets(octets) => {
                fs::write(place, octets)?;
                0o644
            }
            What::Program(octets) => {
                fs::write(place, octets)?;
                0o755
            }
        };
        Ok(fs::set_permissions(place, fs::Permissions::from_mode(mode))?)
    }

    /// Whatever the umask of whoever builds.
    fn plain_folders(&self, folder: &Path) -> Result<()> {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                self.plain_folders(&entry.path())?;
            }
        }
        Ok(())
    }
}
