//! What happened, kept beyond its moment.

use lessor_lease::Lease;

use super::{Gist, Loss, Station, What};
use crate::schedule::FaultKind;
use crate::time::Ns;

/// A [`What`] of its own. The client and the address that it is about are the record's.
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// A station sent a message.
    Sent(Station, Gist),
    /// A message was lost between two stations.
    Lost(Station, Station, Gist),
    /// A message arrived.
    Arrived(Station, Gist),
    /// The client has the address until a true time.
    Bound(Ns),
    /// The client has it no longer.
    Unbound(Loss),
    /// A server said what happened in it.
    Event(u8, Box<lessor_server::Event>),
    /// The row of the address is on stable storage, or gone from there.
    Row(u8, Option<Box<Lease>>),
    /// A server's store did something.
    Store(u8, &'static str, u64),
    /// The partner did something.
    Partner(&'static str, u64),
    /// A server started (true), or went down.
    Server(u8, bool),
    /// A fault began (true), or ended.
    Fault(u32, FaultKind, bool),
    /// A client or a stranger was made to do something.
    Op(u32, &'static str),
    /// The world entered a phase.
    Phase(&'static str),
}

impl From<What<'_>> for Deed {
    fn from(what: What<'_>) -> Self {
        match what {
            What::Sent(from, _, gist) => Self::Sent(from, gist),
            What::Lost(from, to, gist) => Self::Lost(from, to, gist),
            What::Arrived(to, _, gist) => Self::Arrived(to, gist),
            What::Bound(_, _, until) => Self::Bound(until),
            What::Unbound(_, _, why) => Self::Unbound(why),
            What::Event(server, _, event) => Self::Event(server, Box::new(event.clone())),
            What::Row(server, _, row) => Self::Row(server, row.map(|row| Box::new(row.clone()))),
            What::Store(server, what, n) => Self::Store(server, what, n),
            What::Partner(what, n) => Self::Partner(what, n),
            What::Server(server, up) => Self::Server(server, up),
            What::Fault(id, kind, on) => Self::Fault(id, *kind, on),
            What::Op(id, name) => Self::Op(id, name),
            What::Phase(name) | What::Engine(name, _) => Self::Phase(name),
        }
    }
}
