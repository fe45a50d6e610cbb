//! The file with the process number, under the name that Kea gives it, and in Kea's folder for who is
//! called as Kea is.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process;

use crate::options::{KEA_NAME, called};
use crate::running::{Other, Running};

/// Kea's variable for the folder of these files.
const FOLDER_VARIABLE: &str = "KEA_PIDFILE_DIR";
/// The folders without that variable, under Kea's name and under our own.
const KEA_FOLDER: &str = "/run/kea";
const FOLDER: &str = "/run/lessor";

/// The place for the server of one configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

/// A file that is ours, removed when dropped.
#[derive(Debug)]
pub(crate) struct Claimed(PathBuf);

/// Whose process number is in the file.
#[derive(Debug)]
pub(crate) enum Holder {
    /// A server's, which runs.
    Server(Running),
    /// A number that no process has, or one that is another program's by now.
    Gone,
    /// There is no file, or nothing in it.
    Nobody,
}

impl PidFile {
    /// That of a server under the name that this process was called by:
    /// `<folder>/<name of the configuration file up to its last dot>.kea-dhcp4.pid`.
    pub(crate) fn of(config: &Path) -> Self {
        let own = if called() == KEA_NAME { KEA_FOLDER } else { FOLDER };
        let folder = env::var_os(FOLDER_VARIABLE).map_or_else(|| own.into(), PathBuf::from);
        Self::in_folder(&folder, config)
    }

    /// That of the server with this configuration, whatever name it was called by.
    pub(crate) fn in_use(config: &Path) -> Self {
        let own = Self::of(config);
        let kea = Self::in_folder(Path::new(KEA_FOLDER), config);
        let asked = env::var_os(FOLDER_VARIABLE).is_some();
        let is_kea = !asked
            && !matches!(own.holder(), Ok(Holder::Server(_)))
            && matches!(kea.holder(), Ok(Holder::Server(_)));
        if is_kea { kea } else { own }
    }

    fn in_folder(folder: &Path, config: &Path) -> Self {
        let mut name = config.file_stem().unwrap_or_default().to_owned();
        name.push(format!(".{KEA_NAME}.pid"));
        Self { path: folder.join(name) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Who holds it.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub(crate) fn holder(&self) -> io::Result<Holder> {
        let text = match fs::read_to_string(&self.path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
            text => text?,
        };
        if text.trim().is_empty() {
            return Ok(Holder::Nobody);
        }
        Ok(match text.trim().parse().map(Running::open) {
            Ok(Ok(running)) => Holder::Server(running),
            // Kea itself under the same configuration is as much in the way as one of ours.
            Ok(Err(Other::NoServer)) | Err(_) => Holder::Gone,
            Ok(Err(Other::Unknown(why))) => return Err(why),
        })
    }

    /// Puts our number into it. None where there is no place for it and nobody asked for one: the
    /// lease file's lock is what keeps two servers apart.
    ///
    /// # Errors
    /// In words: a server with this configuration runs, or the file cannot be written.
    pub(crate) fn claim(self) -> Result<Option<Claimed>, String> {
        let shown = self.path.display().to_string();
        match self.holder() {
            Ok(Holder::Server(other)) if other.pid() != process::id() => {
                return Err(format!(
                    "a server with this configuration file is running already: process {} \
                     ({shown})",
                    other.pid()
                ));
            }
            Ok(_) => {}
            Err(why) => return Err(format!("cannot read {shown}: {why}")),
        }
        match self.write() {
            Ok(()) => Ok(Some(Claimed(self.path))),
            Err(_) if env::var_os(FOLDER_VARIABLE).is_none() && !is_root() => Ok(None),
            Err(why) => Err(format!("cannot write {shown}: {why}")),
        }
    }

    fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
        }
        // A link would have us write wherever it leads.
        match fs::symlink_metadata(&self.path) {
            Ok(there) if !there.is_file() => {
                return Err(io::Error::other("it is there and is not a file"));
            }
            _ => {}
        }
        fs::write(&self.path, format!("{}\n", process::id()))
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        // Who may write the file but not its folder leaves it behind, with nothing in it.
        if fs::remove_file(&self.0).is_err() {
            let _ = fs::write(&self.0, "");
        }
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
