//! One lease.

use std::fmt;

use lessor_types::{Holder, PoolId, Secs, SubnetId, Unit, Wall};

use crate::Promises;

/// What a lease row says of its unit. The numbers are Kea's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum State {
    /// Held by its client until it expires.
    #[default]
    Assigned = 0,
    /// Found in use by somebody else; on probation until it expires.
    Declined = 1,
    /// Expired, and known to be; kept so that its client may have it again.
    Reclaimed = 2,
    /// Given back by its client; kept so that its client may have it again.
    Released = 3,
    /// An address that its user chose and registered (DHCPv6, RFC 9686).
    Registered = 4,
}

impl State {
    /// The state that a store's number means.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Assigned,
            1 => Self::Declined,
            2 => Self::Reclaimed,
            3 => Self::Released,
            4 => Self::Registered,
            _ => return None,
        })
    }

    /// The number in lease files and tables.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assigned => "assigned",
            Self::Declined => "declined",
            Self::Reclaimed => "expired-reclaimed",
            Self::Released => "released",
            Self::Registered => "registered",
        })
    }
}

/// Which name records were made for a lease.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct DnsFlags {
    /// A forward (address) record.
    pub forward: bool,
    /// A reverse (pointer) record.
    pub reverse: bool,
}

/// One lease, as stores keep it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// What is leased.
    pub unit: Unit,
    /// The subnet it was leased in.
    pub subnet: SubnetId,
    /// The pool it came from.
    pub pool: PoolId,
    /// Whose it is; nobody's while it is declined.
    pub holder: Holder,
    /// What is known of it.
    pub state: State,
    /// The lifetime that it was granted for.
    pub valid: Secs,
    /// When it ends, in whole seconds.
    pub expires: Wall,
    /// The client's host name.
    pub hostname: Option<Box<str>>,
    /// Name records made for it.
    pub dns: DnsFlags,
    /// A JSON map that is not ours: kept as it is.
    pub context: Option<Box<str>>,
    /// What must be remembered between partners; none outside a strict relationship.
    pub promises: Option<Box<Promises>>,
}

impl Lease {
    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        let Self { subnet, pool, state, valid, expires, .. } = *self;
        Standing { subnet, pool, state, valid, expires }
    }

    /// When its client last had it confirmed (Kea's `cltt`).
    #[must_use]
    pub fn confirmed(&self) -> Wall {
        self.expires.plus_secs(-i64::from(self.valid.0))
    }

    /// See [`Standing::lapses`].
    #[must_use]
    pub fn lapses(&self) -> Option<Wall> {
        self.standing().lapses()
    }

    /// See [`Standing::is_reusable`].
    #[must_use]
    pub fn is_reusable(&self, wall: Wall) -> bool {
        self.standing().is_reusable(wall)
    }

    /// Whether a client holds it at `wall`, as far as the server told that client.
    #[must_use]
    pub fn is_active(&self, wall: Wall) -> bool {
        self.state == State::Assigned && (self.valid.is_infinite() || wall < self.expires)
    }
}

/// What a lease is, but for its unit and its client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The subnet it was leased in.
    pub subnet: SubnetId,
    /// The pool it came from.
    pub pool: PoolId,
    /// What is known of it.
    pub state: State,
    /// The lifetime that it was granted for.
    pub valid: Secs,
    /// When it ends.
    pub expires: Wall,
}

impl Standing {
    /// When its client last had it confirmed (Kea's `cltt`).
    #[must_use]
    pub fn confirmed(&self) -> Wall {
        self.expires.plus_secs(-i64::from(self.valid.0))
    }

    /// From when on the unit may go to another client; `None` for an infinite lease.
    ///
    /// A client counts its lease on its own clock, which may be slow. The margin (one second and a
    /// 4096th of the lifetime) covers clocks that differ in rate by up to 240 parts in a million.
    /// A reclaimed or released unit has no such client.
    #[must_use]
    pub fn lapses(&self) -> Option<Wall> {
        match self.state {
            State::Reclaimed | State::Released => Some(self.expires),
            State::Declined => Some(self.expires),
            State::Assigned | State::Registered if self.valid.is_infinite() => None,
            State::Assigned | State::Registered => {
                Some(self.expires.plus_secs(1 + i64::from(self.valid.0 / 4096)))
            }
        }
    }

    /// Whether the unit may go to another client at `wall`.
    #[must_use]
    pub fn is_reusable(&self, wall: Wall) -> bool {
        match self.state {
            State::Reclaimed | State::Released => true,
            _ => self.lapses().is_some_and(|at| at <= wall),
        }
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} of {} in subnet {} for {} s until {}",
            self.unit, self.state, self.holder, self.subnet, self.valid, self.expires
        )
    }
}
