//! A world without clients of its own: somebody from outside sends, and looks at what comes.

use std::net::Ipv4Addr;

use lessor_types::{Datagram, Links, Transmit};

use super::packets::gist_of_octets;
use super::{Mail, World};
use crate::history::{Station, What};
use crate::plan::read_config;
use crate::time::{MS, Ns};

/// Who is there, and what was sent to anybody since they last looked.
#[derive(Debug)]
pub(super) struct Visitor {
    /// The interfaces of the server in this world.
    pub(super) links: Links,
    pub(super) sent: Vec<Transmit>,
    /// Whether the disk takes its time over what it has to sync.
    pub(super) holds_syncs: bool,
}

impl World<'_> {
    /// Begins with a visitor.
    pub(crate) fn begin_with_visitor(&mut self, links: Links) {
        self.visitor = Some(Visitor { links, sent: Vec::new(), holds_syncs: false });
        self.begin();
    }

    /// Runs until `t`, or until an invariant is broken.
    pub(crate) fn run_until(&mut self, t: Ns) {
        while self.findings.broken.is_none()
            && let Some((at, event)) = self.queue.pop_until(t)
        {
            self.t = at;
            self.events += 1;
            self.handle(event);
        }
        self.t = self.t.max(t);
    }

    /// Puts a visitor's packet on its way to the server.
    pub(crate) fn post_for_visitor(&mut self, datagram: Datagram) {
        let gist = gist_of_octets(&datagram.payload);
        let cause = self.note(None, What::Sent(Station::Stranger, None, gist));
        let mail = Mail { datagram, from: Station::Stranger, client: None, gist, cause };
        self.post(Station::Stranger, 0, 1, &mail);
    }

    /// What the server sent since this was last asked.
    pub(crate) fn take_sent(&mut self) -> Vec<Transmit> {
        self.visitor.as_mut().map(|it| std::mem::take(&mut it.sent)).unwrap_or_default()
    }

    /// A new configuration takes effect.
    pub(crate) fn configure_for_visitor(&mut self, text: &str) -> Result<(), String> {
        self.configs.push(read_config(text)?);
        self.on_configure(0, self.configs.len() - 1);
        Ok(())
    }

    /// The server goes down and is started again, perhaps on a file at whose end something was
    /// written meanwhile.
    pub(crate) fn crash_for_visitor(&mut self, power: bool, appended: &str) {
        self.crash(0, power, MS);
        let file = self.nodes.first().and_then(|node| node.file.as_ref());
        if let Some(file) = file.filter(|_| !appended.is_empty()) {
            file.append_foreign(appended);
        }
        self.run_until(self.t + 10 * MS);
    }

    /// The server's wall clock jumps.
    pub(crate) fn jump_for_visitor(&mut self, by_ms: i64) {
        self.jump(usize::MAX, 0, by_ms);
    }

    /// Somebody uses an address of his own accord.
    pub(crate) fn settle_for_visitor(&mut self, addr: Ipv4Addr) {
        self.squatted.insert(addr, usize::MAX);
    }

    /// The disk has room for nothing, or for everything.
    pub(crate) fn fill_for_visitor(&mut self, is_full: bool) {
        self.fill(0, is_full.then_some(0));
    }

    /// The disk takes its time over syncs, or not any more.
    pub(crate) fn hold_syncs_for_visitor(&mut self, hold: bool) {
        if let Some(visitor) = &mut self.visitor {
            visitor.holds_syncs = hold;
        }
    }
}
