//! The server as one state machine: packets, completions and commands in; packets, writes and
//! events out.
//!
//! # Map
//! - [`port`]: everything that goes in and comes out, and the loop body that all shells share.
//! - [`server`]: the composition: what each input does.
//! - [`exchange`]: one unfinished exchange, and the lot where they are parked.
//! - [`deadlines`]: deadlines in order, most of which never come.
//! - [`lane`]: numbered changes on their way to a store or a partner, and what waits for them.
//! - [`ledger`]: what is known of leases: settled rows, changes on their way, offers.
//! - [`confirmed`]: what clients were told a moment ago that they have.
//! - [`occupancy`]: the free addresses of each pool.
//! - [`quarter`]: where messages come from: what shares a bound.
//! - [`shares`]: whose offers stand in which pool.
//! - [`throttle`]: how often one place may do what a forger could do in others' names.
//! - [`gathered`]: what one exchange fetched from a shared store.
//! - [`hearing`]: since when a packet may have been waiting to be heard.
//! - [`view`]: ledger and gathered facts as a decision sees them.
//! - [`probes`]: addresses that are being probed before they are offered.
//! - [`rates`]: how many packets were heard lately, by subnet and by class.
//! - [`tally`]: how many leases there are, by subnet and by class.
//! - [`underway`]: changes on their way to the store, by unit and by client.
//! - [`reclaim`]: what becomes of lapsed leases.
//! - [`recovery`]: the databases that are used, and what is done about those that are not there.
//! - [`sanity`]: stored leases that do not fit the configuration.
//! - [`snapshot`]: the leases as they were at one moment, read in steps.
//! - [`census`]: how many leases there are in each pool.
//! - [`service`]: whether clients are served, and who does not want it.
//! - [`calendar`]: the wall clock, judged with suspicion.
//! - [`hold_off`]: the time in which leases may be missing.
//! - [`event`]: what happened, with stable ids, and the counters folded over it.
//! - [`planted`]: defects that the simulator switches on to test itself.
//!
//! # Does not
//! Read a clock, open a socket or a file, spawn, lock or wait.
//!
//! # Invariants
//! - An answer leaves only when every change that it wrote or read is settled in every lane that
//!   counts, and nothing that it was decided under has changed since.
//! - Each packet ends in exactly one [`event::Event::Ended`].
//! - The same inputs in the same order give the same outputs.
#![forbid(unsafe_code)]

pub mod calendar;
pub mod census;
pub mod confirmed;
pub mod deadlines;
pub mod event;
pub mod exchange;
pub mod gathered;
pub mod hearing;
pub mod hold_off;
pub mod lane;
pub mod ledger;
pub mod occupancy;
pub mod planted;
pub mod port;
pub mod probes;
pub mod quarter;
pub mod rates;
pub mod reclaim;
pub mod recovery;
pub mod sanity;
pub mod server;
pub mod service;
pub mod shares;
pub mod snapshot;
pub mod tally;
pub mod throttle;
pub mod underway;
pub mod view;

pub use census::Count;
pub use event::{Counters, Event, Outcome};
pub use exchange::{ExchangeId, Parked};
pub use hold_off::HoldOff;
pub use lessor_messages::{Level, Message};
pub use planted::Planted;
pub use port::{
    Command, CommandId, FetchId, Heard, Input, LeaseQuery, Output, PeerFrame, PeerOutcome,
    PeerUpdate, Ports, ProbeId, Reply, turn,
};
pub use quarter::Quarter;
pub use recovery::{Backend, Backends};
pub use server::{Limits, Server, Setup, StoreMode};
pub use service::Origin;
pub use snapshot::SnapshotId;
