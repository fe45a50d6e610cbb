//! What servers know of addresses that they offer (V4-042).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_server::ProbeId;

use super::{Broken, Invariant, Verdict};
use crate::time::{Ns, SEC, show};

/// How long before an offer its probe may have been sent.
const AGE_MAX: Ns = 10 * SEC;

/// The last probe of an address.
#[derive(Clone, Copy, Debug)]
struct Last {
    probe: ProbeId,
    at: Ns,
    answered: bool,
}

/// The last probes of each server.
#[derive(Debug, Default)]
pub(crate) struct Probed {
    last: BTreeMap<(u8, Ipv4Addr), Last>,
}

impl Probed {
    /// A server asks whether somebody uses an address.
    pub(crate) fn asked(&mut self, t: Ns, server: u8, addr: Ipv4Addr, probe: ProbeId) {
        let last =
            self.last.entry((server, addr)).or_insert(Last { probe, at: t, answered: false });
        let answered = last.answered && last.probe == probe;
        *last = Last { probe, at: t, answered };
    }

    /// An answer reaches it.
    pub(crate) fn answered(&mut self, server: u8, addr: Ipv4Addr, probe: ProbeId) {
        if let Some(last) = self.last.get_mut(&(server, addr))
            && last.probe == probe
        {
            last.answered = true;
        }
    }

    /// V4-042: a server offers an address to a client that does not have it already.
    pub(crate) fn offered(&self, t: Ns, server: u8, addr: Ipv4Addr) -> Verdict {
        let what = match self.last.get(&(server, addr)) {
            Some(last) if last.answered => {
                format!("server {server} offers {addr}, which answered its probe")
            }
            Some(last) if last.at + AGE_MAX >= t => return Ok(()),
            Some(last) => {
                let at = show(last.at);
                format!("server {server} offers {addr}, which it probed last at {at}")
            }
            None => format!("server {server} offers {addr}, which it never probed"),
        };
        Err(Broken::new(Invariant::Probed, what).addr(addr))
    }

    /// A server has forgotten what it heard.
    pub(crate) fn restarted(&mut self, server: u8) {
        self.last.retain(|(at, _), _| *at != server);
    }
}
