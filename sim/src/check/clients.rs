//! Who holds what, as clients see it (I1), and what servers may not do about it (I3, I4).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lessor_lease::{Lease, State};
use lessor_types::{Holder, Wall};

use super::{Broken, Invariant, Verdict};
use crate::time::{Ns, SEC, show};

/// A client's lease as the client counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) client: u16,
    pub(crate) until: Ns,
}

/// All leases that clients believe in.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    by_addr: BTreeMap<Ipv4Addr, Vec<Hold>>,
}

/// The writer of a row: its clock, and whether that has leapt so lately that dates mislead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    pub(crate) server: u8,
    pub(crate) wall: Wall,
    pub(crate) leapt: bool,
}

impl Holdings {
    /// I1: a client begins or goes on to hold an address.
    pub(crate) fn bound(&mut self, t: Ns, client: u16, addr: Ipv4Addr, until: Ns) -> Verdict {
        let holds = self.by_addr.entry(addr).or_default();
        holds.retain(|hold| hold.client != client && hold.until > t);
        // An answer may come when what it grants is over, counted from the request.
        if until <= t {
            return Ok(());
        }
        let other = holds.first().copied();
        holds.push(Hold { client, until });
        match other {
            None => Ok(()),
            Some(other) => {
                let what = format!(
                    "client {client} has {addr} until {} while client {} has it until {}",
                    show(until),
                    other.client,
                    show(other.until)
                );
                Err(Broken::new(Invariant::Uniqueness, what).client(client).addr(addr))
            }
        }
    }

    /// A client holds an address no longer.
    pub(crate) fn unbound(&mut self, client: u16, addr: Ipv4Addr) {
        if let Some(holds) = self.by_addr.get_mut(&addr) {
            holds.retain(|hold| hold.client != client);
        }
    }

    /// Who holds an address.
    pub(crate) fn holders(&self, t: Ns, addr: Ipv4Addr) -> impl Iterator<Item = Hold> + '_ {
        let holds = self.by_addr.get(&addr).map_or(&[][..], Vec::as_slice);
        holds.iter().copied().filter(move |hold| hold.until > t)
    }

    /// All holds.
    pub(crate) fn all(&self, t: Ns) -> impl Iterator<Item = (Ipv4Addr, Hold)> + '_ {
        let each = |(addr, holds): (&'_ Ipv4Addr, &'_ Vec<Hold>)| -> Vec<(Ipv4Addr, Hold)> {
            holds.iter().map(|hold| (*addr, *hold)).collect()
        };
        let all = self.by_addr.iter().flat_map(each);
        all.filter(move |(_, hold)| hold.until > t)
    }

    /// I3 and I4: a row was stored, or removed.
    pub(crate) fn committed(
        &self,
        t: Ns,
        by: Writer,
        addr: Ipv4Addr,
        row: Option<&Lease>,
        clients: &[Holder],
    ) -> Verdict {
        for hold in self.holders(t, addr) {
            let Some(who) = clients.get(usize::from(hold.client)) else {
                continue;
            };
            keeps(t, by, row, who, hold).map_err(|broken| broken.client(hold.client).addr(addr))?;
        }
        Ok(())
    }
}

fn keeps(t: Ns, by: Writer, row: Option<&Lease>, who: &Holder, hold: Hold) -> Verdict {
    let until = show(hold.until);
    let kept = row.filter(|row| row.state == State::Assigned && row.holder.same_client(who));
    let Some(row) = kept else {
        let shown = row.map_or_else(|| "no row".to_owned(), ToString::to_string);
        let what = format!(
            "server {} stores \"{shown}\" while client {} holds the address until {until}",
            by.server, hold.client
        );
        return Err(Broken::new(Invariant::SafeFree, what));
    };
    let Some(lapses) = row.lapses().filter(|_| !by.leapt) else {
        return Ok(());
    };
    let kept_ns = lapses.nanos_since(by.wall);
    let told_ns = i128::from(hold.until - t);
    // Rates differ by at most 200 ppm, which the margin in `lapses` is for.
    if kept_ns + i128::from(SEC) / 1000 >= told_ns {
        return Ok(());
    }
    let what = format!(
        "server {} stores \"{row}\" ({} ms left) while client {} was told until {until} ({} ms \
         left)",
        by.server,
        kept_ns / 1_000_000,
        hold.client,
        told_ns / 1_000_000
    );
    Err(Broken::new(Invariant::ToldLifetime, what))
}
