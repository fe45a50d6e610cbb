//! What the standards ask of a DHCPv4 server, as scenarios that any server can be put through.
//!
//! A scenario says what clients and relays send and what they must get, and nothing else, so one
//! file judges our server in process, our server in the simulated world, our daemon on a real link
//! and Kea on the same link.
//!
//! # Map
//! - [`script`]: a scenario file as data.
//! - [`field`]: `key=value` in scenario files: names, types and values.
//! - [`packet`]: what a client or relay sends, made from a line.
//! - [`expectation`]: what must come, and what was wrong with what came.
//! - [`subject`]: what a server under test has to offer.
//! - [`player`]: plays a scenario with a subject.
//! - [`live`]: a server process in a network namespace.
//! - [`checklist`]: the ids of the requirements, in our own words.
//! - [`record`]: results as files.
//! - [`table`]: the page, `docs/conformance-v4.md`.
//!
//! # Does not
//! Know anything of how a server works: of our own crates it uses the codec and the identities.
//!
//! # Invariants
//! - Every exchange in a scenario has its expectation, if only `silence`.
//! - While any scenario is played, no two clients are told that they hold the same address.

pub mod checklist;
pub mod expectation;
pub mod field;
pub mod live;
pub mod packet;
pub mod player;
pub mod record;
pub mod script;
pub mod subject;
pub mod table;

pub use player::{Verdict, play};
pub use script::Scenario;
pub use subject::{Act, Need, Packet, Reply, StoreMood, Subject};
