//! Echo requests, and who answers them: whoever uses the address, with or without a lease.

use std::net::Ipv4Addr;

use lessor_server::{Heard, Input, ProbeId};
use lessor_types::Unit;

use super::{Event, World};
use crate::coverage::Goal;
use crate::history::Station;
use crate::lan::Cargo;

impl World<'_> {
    /// A server asks whether somebody uses an address.
    pub(super) fn take_probe(&mut self, server: usize, probe: ProbeId, unit: Unit) {
        let (Some(node), Some(addr)) = (self.nodes.get(server), unit.v4()) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        self.probed.asked(self.t, id, addr, probe);
        let Some(host) = self.host_at(addr) else {
            return;
        };
        self.pass(id, Station::Server(id), host, Event::Echo(id, life, probe, addr));
    }

    pub(super) fn on_echo(&mut self, server: u8, life: u32, probe: ProbeId, addr: Ipv4Addr) {
        // It may have gone meanwhile.
        if let Some(host) = self.host_at(addr) {
            let event = Event::Answered(server, life, probe, addr);
            self.pass(server, host, Station::Server(server), event);
        }
    }

    pub(super) fn on_answered(&mut self, server: u8, life: u32, probe: ProbeId, addr: Ipv4Addr) {
        let place = usize::from(server);
        let Some(node) = self.nodes.get(place) else {
            return;
        };
        if node.life != life || !node.is_up() {
            return;
        }
        if let Some(fault) = self.squatted.get(&addr).copied() {
            self.effect(fault);
        }
        self.reach(Goal::EchoAnswered);
        self.probed.answered(server, addr, probe);
        self.on_input(place, life, Input::Probed { probe, heard: Heard::Answer });
    }

    /// Who uses an address: a stranger with a fixed one, or a client.
    fn host_at(&self, addr: Ipv4Addr) -> Option<Station> {
        if self.squatted.contains_key(&addr) {
            return Some(Station::Stranger);
        }
        let user = self.clients.iter().find(|client| client.uses() == Some(addr))?;
        Some(Station::Client(user.id))
    }

    /// Puts an echo on its way, on which it may be lost like any packet.
    fn pass(&mut self, server: u8, from: Station, to: Station, event: Event) {
        let fate = self.lan.carry(self.t, (from, to), 1, Cargo::Lasting, |_| {});
        // A second copy would say nothing new.
        if let Some(delay) = fate.copies.into_iter().flatten().min() {
            self.counts.echoes += 1;
            let name = (17, u32::from(server), self.counts.echoes);
            self.push(self.t + delay, name, event);
        }
    }
}
