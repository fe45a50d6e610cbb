//! A simulated directory that loses what was not synced.
//!
//! # Map
//! - [`disk`]: the disk as a test holds it: faults, crashes, copies, the trace.
//! - [`file`]: the disk as a store holds it: `lessor_env::files::Files` and its handles.
//! - [`image`]: one file's octets: what programs see, what is durable, what lies between.
//! - [`crash`]: how a crash goes, and what survives it.
//! - [`op`]: the calls that change something, for traces and faults.
//!
//! # Does not
//! Simulate time: calls take none. A world that wants a slow disk delays the calls.
//!
//! # Invariants
//! - Same seed, same calls: same octets, same survivors.
//! - What was synced under a synced name survives every crash, unless a switch makes the disk lie.
//! - Directory changes survive in order: a later one never without an earlier one, as on a
//!   journaling file system.
#![forbid(unsafe_code)]

pub mod crash;
pub mod disk;
pub mod file;
pub mod image;
pub mod op;

pub use crash::{Crash, Survival};
pub use disk::{SimDisk, is_crash};
pub use file::{SimFile, SimLock};
pub use op::{Kind, Op};
