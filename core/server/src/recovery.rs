//! The databases that the server uses: which of them are there, and what is done about the others.
//!
//! A database that is lost is tried again, as its configuration says; meanwhile nobody is served, or
//! whoever can be. One that does not come back ends the server, or is done without. What Kea calls
//! `on-fail`, `max-reconnect-tries`, `reconnect-wait-time` and `retry-on-startup` has Kea's meaning,
//! but for this: one try is made at once in any case, so that a connection that was cut is not taken
//! for a database that is gone; the pauses differ a little, so that servers which lost the same
//! database do not come back to it at the same moment; and a server that goes on without it goes on
//! trying, ever less often.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use lessor_config::Recovery;
use lessor_lease::StoreFailure;
use lessor_types::{Mono, Now, Seed, Wall};

use crate::Origin;

/// The longest pause between two tries, once all that were asked for are used up.
const PAUSE_LONGEST: Duration = Duration::from_secs(60);
/// Pauses are longer than asked for by up to one part of so many.
const JITTER_PARTS: u32 = 8;

/// A database, by what the server keeps there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Backend {
    /// Leases.
    Leases,
    /// Reservations, in the database with this place in the list.
    Hosts(u8),
}

impl Backend {
    /// Who switches the service off while it is not there, by Kea's numbers.
    #[must_use]
    pub const fn origin(self) -> Origin {
        match self {
            Self::Leases => Origin(3001),
            Self::Hosts(place) => Origin(3011 + place as u32),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leases => f.write_str("the lease database"),
            Self::Hosts(0) => f.write_str("the host database"),
            Self::Hosts(place) => write!(f, "host database {}", place + 1),
        }
    }
}

/// What the shell has to tell of a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// The try succeeded: it can be used.
    Opened,
    /// The try failed.
    Unreachable(StoreFailure),
    /// It cannot be used any more.
    Lost(StoreFailure),
}

/// What is to be done about a database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Act {
    /// Try to connect; what comes of it is told by [`Backends::opened`] or
    /// [`Backends::unreachable`].
    Connect(Backend),
    /// Serve nobody until it is back.
    Disable(Backend),
    /// Whoever can be served may be.
    Enable(Backend),
    /// It is there.
    Opened(Backend),
    /// It is lost.
    Lost(Backend, StoreFailure),
    /// All tries were in vain.
    GivenUp {
        /// Which.
        backend: Backend,
        /// The last failure.
        why: StoreFailure,
        /// Whether the server is to exit.
        exit: bool,
    },
}

/// How a database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reach {
    /// Which.
    pub backend: Backend,
    /// Since when and why it is not there; none: it is.
    pub down: Option<Down>,
}

/// Why a database is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Down {
    /// Since when; none: since the start.
    pub since: Option<Wall>,
    /// What the last try met, or the loss; none: no try has ended yet.
    pub why: Option<StoreFailure>,
    /// How many of the tries that were asked for are left.
    pub tries_left: u32,
}

#[derive(Clone, Debug)]
struct Link {
    recovery: Recovery,
    state: State,
    /// How often it was tried, ever: no two pauses are the same.
    tried: u64,
}

#[derive(Clone, Debug)]
enum State {
    Open,
    Down {
        down: Down,
        /// When to try; none: a try is on its way.
        at: Option<Mono>,
        /// All that was asked for was in vain; the pause until the next try.
        beyond: Option<Duration>,
    },
    /// The server is to exit because of it.
    Over(Down),
}

/// The databases.
#[derive(Clone, Debug, Default)]
pub struct Backends {
    links: BTreeMap<Backend, Link>,
    seed: Seed,
    acts: VecDeque<Act>,
}

impl Backends {
    /// Databases that are all to be connected to, at once.
    #[must_use]
    pub fn new(wanted: impl IntoIterator<Item = (Backend, Recovery)>, seed: Seed) -> Self {
        let mut backends = Self { seed, ..Self::default() };
        for (backend, recovery) in wanted {
            let down = Down { since: None, why: None, tries_left: recovery.tries_max };
            let state = State::Down { down, at: None, beyond: None };
            backends.links.insert(backend, Link { recovery, state, tried: 0 });
            backends.acts.push_back(Act::Disable(backend));
            backends.acts.push_back(Act::Connect(backend));
        }
        backends
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Act> {
        self.acts.pop_front()
    }

    /// How each of them is.
    pub fn reach(&self) -> impl Iterator<Item = Reach> + '_ {
        self.links.iter().map(|(backend, link)| Reach {
            backend: *backend,
            down: match &link.state {
                State::Open => None,
                State::Down { down, .. } | State::Over(down) => Some(down.clone()),
            },
        })
    }

    /// Whether one of them is there, or is not needed.
    #[must_use]
    pub fn is_open(&self, backend: Backend) -> bool {
        self.links.get(&backend).is_none_or(|link| matches!(link.state, State::Open))
    }

    /// Those for which the service is to be off.
    pub fn stopping(&self) -> impl Iterator<Item = Backend> + '_ {
        let stops = |link: &Link| match &link.state {
            State::Open => false,
            State::Over(_) => true,
            // Before the first try has ended nobody knows.
            State::Down { down, beyond, .. } => {
                beyond.is_none() && (link.recovery.on_fail.stops() || down.why.is_none())
            }
        };
        self.links.iter().filter(move |(_, link)| stops(link)).map(|(backend, _)| *backend)
    }

    /// From now on, losses are met this way.
    pub fn configured(&mut self, wanted: impl IntoIterator<Item = (Backend, Recovery)>) {
        for (backend, recovery) in wanted {
            if let Some(link) = self.links.get_mut(&backend) {
                link.recovery = recovery;
            }
        }
    }

    /// When a try is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        let due = |link: &Link| match link.state {
            State::Down { at, .. } => at,
            State::Open | State::Over(_) => None,
        };
        self.links.values().filter_map(due).min()
    }

    /// Begins the tries that are due.
    pub fn advance(&mut self, now: Mono) {
        for (backend, link) in &mut self.links {
            if let State::Down { at, .. } = &mut link.state
                && at.is_some_and(|at| at <= now)
            {
                *at = None;
                self.acts.push_back(Act::Connect(*backend));
            }
        }
    }

    /// A database is lost. Said again while it is, this changes nothing.
    pub fn lost(&mut self, backend: Backend, now: Now, why: StoreFailure) {
        let Some(link) = self.links.get_mut(&backend) else { return };
        if !matches!(link.state, State::Open) {
            return;
        }
        let down = Down {
            since: Some(now.wall),
            why: Some(why.clone()),
            tries_left: link.recovery.tries_max,
        };
        link.state = State::Down { down, at: None, beyond: None };
        self.acts.push_back(Act::Lost(backend, why));
        if link.recovery.on_fail.stops() {
            self.acts.push_back(Act::Disable(backend));
        }
        self.acts.push_back(Act::Connect(backend));
    }

    /// A try succeeded.
    pub fn opened(&mut self, backend: Backend) {
        let Some(link) = self.links.get_mut(&backend) else { return };
        if let State::Down { .. } = link.state {
            link.state = State::Open;
            self.acts.push_back(Act::Opened(backend));
            self.acts.push_back(Act::Enable(backend));
        }
    }

    /// A try failed.
    pub fn unreachable(&mut self, backend: Backend, now: Now, why: StoreFailure) {
        let Some(link) = self.links.get_mut(&backend) else { return };
        let recovery = link.recovery;
        let State::Down { down, at, beyond } = &mut link.state else { return };
        if at.is_some() {
            // No try was on its way.
            return;
        }
        link.tried += 1;
        down.why = Some(why.clone());
        let starts = down.since.is_none();
        if beyond.is_none() && (!recovery.is_on() || (starts && !recovery.at_start)) {
            down.tries_left = 0;
        }
        if down.tries_left == 0 && beyond.is_none() {
            let exit = recovery.on_fail.exits() || (starts && !recovery.at_start);
            self.acts.push_back(Act::GivenUp { backend, why, exit });
            if exit {
                link.state = State::Over(down.clone());
                return;
            }
            self.acts.push_back(Act::Enable(backend));
            *beyond = Some(recovery.pause().max(Duration::from_secs(1)));
        } else if starts && !recovery.on_fail.stops() {
            // Whoever can be served is, from the first failure on.
            self.acts.push_back(Act::Enable(backend));
        }
        down.tries_left = down.tries_left.saturating_sub(1);
        let pause = match beyond {
            Some(pause) => std::mem::replace(pause, (*pause * 2).min(PAUSE_LONGEST)),
            None => recovery.pause(),
        };
        let key = u64::from(backend.origin().0);
        let more = pause / JITTER_PARTS;
        let span = u64::try_from(more.as_micros()).unwrap_or(u64::MAX);
        let more = Duration::from_micros(self.seed.keyed(key, link.tried).below(span));
        *at = Some(now.mono.after(pause + more));
    }
}

#[cfg(test)]
mod tests;
