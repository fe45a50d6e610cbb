//! The sockets of one interface, and messages on their way to them.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use lessor_net::{BATCH, Counters, Options, SocketType, Sockets};
use lessor_types::{Datagram, Destination, Link, Transmit};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// One interface's sockets.
#[derive(Debug)]
pub(crate) struct Wire {
    sockets: Sockets,
    link: Link,
    /// Room for messages, used again for every batch.
    batch: Vec<Transmit>,
    filled: usize,
    unsent: u64,
}

impl Wire {
    /// Opens them.
    ///
    /// # Errors
    /// Why not, in words.
    pub(crate) fn open(
        interface: &str,
        port: u16,
        socket_type: SocketType,
    ) -> Result<Self, String> {
        let interfaces = vec![interface.to_owned()];
        let options = Options { interfaces, port, socket_type, ..Options::default() };
        let sockets =
            Sockets::open(&options).map_err(|why| match std::error::Error::source(&why) {
                Some(cause) => format!("{why}: {cause}"),
                None => why.to_string(),
            })?;
        let Some(link) = sockets.links().0.first().cloned() else {
            let why = sockets.skipped().iter().map(|it| it.why.to_string()).collect::<Vec<_>>();
            return Err(format!("{interface} cannot be used: {}", why.join("; ")));
        };
        Ok(Self { sockets, link, batch: Vec::new(), filled: 0, unsent: 0 })
    }

    /// The interface.
    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// The address that it sends from.
    pub(crate) fn addr(&self) -> Ipv4Addr {
        self.link.addrs.first().map_or(Ipv4Addr::UNSPECIFIED, |(addr, _)| *addr)
    }

    /// Whether another message fits this batch, and none waits for room in the kernel.
    pub(crate) fn has_room(&self) -> bool {
        self.filled < BATCH && self.sockets.queued() == 0
    }

    /// Adds a message to the batch; the payload is to be written to what is returned.
    pub(crate) fn push(&mut self, source: Ipv4Addr, to: Destination) -> &mut Vec<u8> {
        let link = self.link.id;
        if self.filled == self.batch.len() {
            self.batch.push(Transmit { link, source, to, payload: Vec::new() });
        }
        self.filled += 1;
        // There is one more than there was, so there is one.
        let slot = &mut self.batch[self.filled - 1];
        (slot.source, slot.to) = (source, to);
        &mut slot.payload
    }

    /// Sends the batch, and what waited before.
    pub(crate) fn send(&mut self) {
        if self.filled == 0 && self.sockets.queued() == 0 {
            return;
        }
        let report = self.sockets.send(&self.batch[..self.filled]);
        self.unsent += report.failed.len() as u64;
        self.filled = 0;
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.clear();
        self.sockets.receive(into)
    }

    /// Reads what [`Wire::wait`] has seen.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn receive_seen(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.clear();
        self.sockets.receive_woken(into)
    }

    /// Waits for something to read, or room for what waits, or for so long; for ever if none is
    /// given.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn wait(&mut self, patience: Option<Duration>) -> io::Result<()> {
        if !self.sockets.drained() {
            return Ok(());
        }
        let mut events = PollFlags::IN;
        events.set(PollFlags::OUT, self.sockets.queued() > 0);
        let fds = self.sockets.fds();
        let mut fds: Vec<_> = fds.iter().map(|fd| PollFd::new(fd, events)).collect();
        let patience = patience.map(Timespec::try_from).transpose();
        let patience = patience.map_err(io::Error::other)?;
        match poll(&mut fds, patience.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(why) => return Err(why.into()),
        }
        let readable = |fd: &PollFd<'_>| !(fd.revents() - PollFlags::OUT).is_empty();
        let woken: Vec<bool> = fds.iter().map(readable).collect();
        for at in woken.iter().enumerate().filter_map(|(at, woken)| woken.then_some(at)) {
            self.sockets.wake(at);
        }
        Ok(())
    }

    /// What the sockets counted.
    pub(crate) fn counters(&mut self) -> Counters {
        self.sockets.counters()
    }

    /// How many messages could not be sent, all in all.
    pub(crate) const fn unsent(&self) -> u64 {
        self.unsent
    }
}
