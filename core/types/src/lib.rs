//! Words of the field as types, shared by every crate.
//!
//! # Map
//! - [`time`]: `Mono` for deadlines, `Wall` for lease times, `Now` for both, `Secs` for lifetimes.
//! - [`identity`]: who a client is: `HwAddr`, `ClientId`, `Holder`, `Xid`.
//! - [`host`]: by what a reservation names its client: `Identifier`, `IdentifierKind`.
//! - [`unit`]: what a lease is for: `Unit`, `SubnetId`, `PoolId`.
//! - [`chance`]: draws that depend on their key alone: `Seed`, `Prng`, `stable_hash`.
//! - [`interface`]: an interface of the host, for whoever asks.
//! - [`packet`]: datagrams, transmissions and the links they use.
//! - [`map`]: hash maps whose order does not depend on the process, or is not to be seen.
//!
//! # Does not
//! Read a clock, draw entropy or depend on any other crate.
//!
//! # Invariants
//! No type here has interior mutability; each is printed by one `Display` that logs, snapshots and
//! commands share.
#![forbid(unsafe_code)]

pub mod chance;
pub mod host;
pub mod identity;
pub mod interface;
pub mod map;
pub mod packet;
pub mod time;
pub mod unit;

pub use chance::{Prng, Seed, stable_hash};
pub use host::{Identifier, IdentifierKind};
pub use identity::{ClientId, Hex, Holder, HwAddr, IdentityError, Xid};
pub use interface::Interface;
pub use map::{FixedMap, FixedState, Keyed, KeyedMap};
pub use packet::{Datagram, Destination, Link, LinkId, Links, Transmit};
pub use time::{Mono, Now, Secs, Wall};
pub use unit::{PoolId, Seq, SubnetId, Unit};
