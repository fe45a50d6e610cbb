//! The clients: who is new, who holds a lease, who is busy.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

/// What a client knows of its lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) addr: Ipv4Addr,
    pub(crate) server: Ipv4Addr,
}

impl Held {
    pub(crate) const NOTHING: Self =
        Self { addr: Ipv4Addr::UNSPECIFIED, server: Ipv4Addr::UNSPECIFIED };
}

/// Clients by index. One that was taken is nobody else's until it is given back.
#[derive(Debug)]
pub(crate) struct Crowd {
    clients: u32,
    /// The first that never did anything.
    fresh: u32,
    free: VecDeque<u32>,
    /// Holders of leases, who was served longest ago first.
    bound: VecDeque<u32>,
    held: Vec<Held>,
}

impl Crowd {
    /// So many, all new.
    pub(crate) fn new(clients: u32) -> Self {
        Self { clients, fresh: 0, free: VecDeque::new(), bound: VecDeque::new(), held: Vec::new() }
    }

    /// One that begins from nothing: a new one while there are any, then one that gave its lease
    /// back, then a holder that has forgotten its own.
    pub(crate) fn take_any(&mut self) -> Option<u32> {
        if self.fresh < self.clients {
            self.fresh += 1;
            self.held.push(Held::NOTHING);
            return Some(self.fresh - 1);
        }
        self.free.pop_front().or_else(|| self.bound.pop_front())
    }

    /// One that holds a lease.
    pub(crate) fn take_bound(&mut self) -> Option<(u32, Held)> {
        let client = self.bound.pop_front()?;
        Some((client, self.held(client)))
    }

    /// It is back with a lease.
    pub(crate) fn bind(&mut self, client: u32, held: Held) {
        if let Some(slot) = self.slot(client) {
            *slot = held;
            self.bound.push_back(client);
        }
    }

    /// It is back without one.
    pub(crate) fn free(&mut self, client: u32) {
        if let Some(slot) = self.slot(client) {
            *slot = Held::NOTHING;
            self.free.push_back(client);
        }
    }

    /// It is back with what it had.
    pub(crate) fn give_back(&mut self, client: u32) {
        match self.held(client) {
            Held::NOTHING => self.free(client),
            held => self.bind(client, held),
        }
    }

    /// How many hold leases and are not busy.
    pub(crate) fn bound(&self) -> usize {
        self.bound.len()
    }

    fn held(&self, client: u32) -> Held {
        let held = usize::try_from(client).ok().and_then(|at| self.held.get(at));
        held.copied().unwrap_or(Held::NOTHING)
    }

    fn slot(&mut self, client: u32) -> Option<&mut Held> {
        self.held.get_mut(usize::try_from(client).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_taken_twice_and_holders_last() {
        let mut crowd = Crowd::new(2);
        assert_eq!((crowd.take_any(), crowd.take_any()), (Some(0), Some(1)));
        assert_eq!((crowd.take_any(), crowd.take_bound()), (None, None));
        let held = Held { addr: Ipv4Addr::new(10, 0, 0, 9), server: Ipv4Addr::new(10, 0, 0, 1) };
        crowd.bind(1, held);
        crowd.free(0);
        assert_eq!(crowd.bound(), 1);
        assert_eq!(crowd.take_any(), Some(0));
        assert_eq!(crowd.take_bound(), Some((1, held)));
        crowd.give_back(1);
        crowd.give_back(0);
        assert_eq!((crowd.take_any(), crowd.take_any()), (Some(0), Some(1)));
    }
}
