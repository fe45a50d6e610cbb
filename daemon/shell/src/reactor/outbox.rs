//! What came out of a turn, by where it goes.

use lessor_lease::{Lookup, Memory, StoreBatch};
use lessor_server::{Backend, CommandId, Event, FetchId, Output, Ports, ProbeId, Reply};
use lessor_types::{LinkId, Transmit, Unit};

use crate::packets::Undelivered;

/// Outputs in the order in which they came, kind by kind. Emptied after every turn.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) batches: Vec<StoreBatch>,
    pub(super) packets: Vec<Transmit>,
    pub(super) lost: Vec<Undelivered>,
    pub(super) memory: Option<Box<Memory>>,
    pub(super) replies: Vec<(CommandId, Reply)>,
    pub(super) events: Vec<Event>,
    pub(super) probes: Vec<(ProbeId, Unit, Option<LinkId>)>,
    pub(super) fetches: Vec<(FetchId, Vec<Lookup>)>,
    pub(super) connects: Vec<Backend>,
    /// The server does not want to go on.
    pub(super) exits: bool,
}

impl Ports for Outbox {
    fn put(&mut self, output: Output) {
        match output {
            Output::Send(packet) => self.packets.push(packet),
            Output::Store(batch) => self.batches.push(batch),
            Output::Fetch { fetch, lookups } => self.fetches.push((fetch, lookups)),
            Output::Connect(backend) => self.connects.push(backend),
            Output::Exit => self.exits = true,
            Output::Probe { probe, unit, link } => self.probes.push((probe, unit, link)),
            // Without a partner there was never a contact, and nothing is told to nobody.
            Output::Peer(_) => {}
            Output::Reply(id, reply) => self.replies.push((id, reply)),
            Output::Remember(memory) => self.memory = Some(memory),
            Output::Event(event) => self.events.push(event),
        }
    }
}
