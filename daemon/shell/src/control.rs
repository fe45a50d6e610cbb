//! Kea's commands on UNIX sockets.
//!
//! One command for each connection: the client sends a map, reads the answer until end of file.
//!
//! # Map
//! - [`envelope`]: what a command looks like, and an answer.
//! - [`commands`]: the commands by name.
//! - `connection`: one client, within its limits.
//! - `framing`: where a command ends in a stream of octets.
//! - `leases`: leases as commands show them.
//! - `status`: what `status-get` tells.

pub mod commands;
mod connection;
pub mod envelope;
mod framing;
mod leases;
mod status;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Context;

use lessor_config::ControlSocket;
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::config_file::ConfigFile;
use crate::door;
use crate::notice::Notice;
use crate::request::Request;
use crate::telemetry::Telemetry;

/// How many clients are served at once; more wait to be let in.
pub const CONNECTIONS_MAX: usize = 32;
/// Owner and group may connect.
const MODE: u32 = 0o660;

/// Why commands cannot be taken at a place.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process takes commands there.
    #[error("another process listens at {}", .0.display())]
    Taken(PathBuf),
    /// There is something that is not a socket.
    #[error("{} is there and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The system refused.
    #[error("cannot listen at {}: {why}", path.display())]
    Io {
        /// The place.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// Everything that a command may need.
#[derive(Clone)]
pub struct Desk {
    /// The way to the loop.
    pub requests: mpsc::Sender<Request>,
    /// The file that `config-reload` reads.
    pub config_file: ConfigFile,
    /// Where commands are noted.
    pub telemetry: Telemetry,
}

/// The control sockets that are open.
pub struct Control {
    desk: Desk,
    open: BTreeMap<PathBuf, Listening>,
    slots: Arc<Semaphore>,
}

struct Listening {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Control {
    /// No socket yet.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self { desk, open: BTreeMap::new(), slots: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    /// Takes commands at these places and nowhere else. Sockets that stay are not touched. Must be
    /// called within a runtime.
    ///
    /// # Errors
    /// The first place that cannot be had; everything is as it was.
    pub fn listen(&mut self, sockets: &[ControlSocket]) -> Result<(), BindError> {
        let wanted: Vec<PathBuf> = sockets.iter().filter_map(place).collect();
        let mut opened = BTreeMap::new();
        for path in wanted.iter().filter(|path| !self.open.contains_key(*path)) {
            let listener = bind(path)?;
            let served = serve(listener, self.desk.clone(), Arc::clone(&self.slots));
            let listening = Listening { path: path.clone(), task: tokio::spawn(served) };
            opened.insert(path.clone(), listening);
        }
        for path in opened.keys() {
            let shown = path.display().to_string();
            self.desk.telemetry.note(Notice::ControlOpened(shown));
        }
        self.open.retain(|path, _| wanted.contains(path));
        self.open.extend(opened);
        Ok(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
        let _ = fs::remove_file(&self.path);
    }
}

fn place(socket: &ControlSocket) -> Option<PathBuf> {
    match socket {
        ControlSocket::Unix { path } => Some(path.into()),
        _ => None,
    }
}

fn bind(path: &Path) -> Result<UnixListener, BindError> {
    let failed = |why| BindError::Io { path: path.to_owned(), why };
    clear_stale(path)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(MODE)).map_err(failed)?;
    Ok(listener)
}

/// Removes a socket that a process left behind; one that somebody listens at stays.
fn clear_stale(path: &Path) -> Result<(), BindError> {
    let failed = |why| BindError::Io { path: path.to_owned(), why };
    let meta = match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta.map_err(failed)?,
    };
    if !meta.file_type().is_socket() {
        return Err(BindError::NotASocket(path.to_owned()));
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(BindError::Taken(path.to_owned())),
        Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(why) => Err(failed(why)),
    }
}

async fn serve(listener: UnixListener, desk: Desk, slots: Arc<Semaphore>) {
    let accept = |context: &mut Context<'_>| listener.poll_accept(context).map_ok(|(it, _)| it);
    let converse = |stream| {
        let desk = desk.clone();
        async move { connection::serve(stream, &desk).await }
    };
    door::keep(accept, converse, slots).await;
}

#[cfg(test)]
mod tests;
