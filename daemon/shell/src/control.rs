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
use std::io;
use std::sync::Arc;

use lessor_config::ControlSocket;
use lessor_env::{Env, Place};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::config_file::ConfigFile;
use crate::door;
use crate::notice::Notice;
use crate::request::Request;
use crate::telemetry::Telemetry;

/// How many clients are served at once; more wait to be let in.
pub const CONNECTIONS_MAX: usize = 32;

/// Everything that a command may need.
#[derive(Clone)]
pub struct Desk<E> {
    /// The world.
    pub env: E,
    /// The way to the loop.
    pub requests: mpsc::Sender<Request>,
    /// The file that `config-reload` reads.
    pub config_file: ConfigFile,
    /// Where commands are noted.
    pub telemetry: Telemetry,
}

/// The control sockets that are open.
pub struct Control<E: Env> {
    desk: Desk<E>,
    open: BTreeMap<Place, Listening<E>>,
    slots: Arc<Semaphore>,
}

/// A socket that is open as long as this is there.
struct Listening<E: Env> {
    env: E,
    place: Place,
    _open: oneshot::Sender<()>,
}

impl<E: Env> Control<E> {
    /// No socket yet.
    #[must_use]
    pub fn new(desk: Desk<E>) -> Self {
        Self { desk, open: BTreeMap::new(), slots: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    /// Takes commands at these places and nowhere else. Sockets that stay are not touched. Must be
    /// called within a task of the world.
    ///
    /// # Errors
    /// The first place that cannot be had, in words; everything is as it was.
    pub fn listen(&mut self, sockets: &[ControlSocket]) -> io::Result<()> {
        let env = &self.desk.env;
        let wanted: Vec<Place> = sockets.iter().filter_map(place).collect();
        let mut opened = BTreeMap::new();
        for place in wanted.iter().filter(|place| !self.open.contains_key(*place)) {
            let (listener, _) = env.listen(place)?;
            let (open, closed) = oneshot::channel();
            let listening = Listening { env: env.clone(), place: place.clone(), _open: open };
            opened.insert(place.clone(), listening);
            let desk = self.desk.clone();
            let converse = move |stream| {
                let desk = desk.clone();
                async move { connection::serve(stream, &desk).await }
            };
            let slots = Arc::clone(&self.slots);
            env.spawn(door::keep(env.clone(), listener, converse, slots, closed));
        }
        for place in opened.keys() {
            self.desk.telemetry.note(Notice::ControlOpened(place.to_string()));
        }
        self.open.retain(|place, _| wanted.contains(place));
        self.open.extend(opened);
        Ok(())
    }
}

impl<E: Env> Drop for Listening<E> {
    fn drop(&mut self) {
        self.env.leave(&self.place);
    }
}

fn place(socket: &ControlSocket) -> Option<Place> {
    match socket {
        ControlSocket::Unix { path } => Some(Place::Path(path.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
