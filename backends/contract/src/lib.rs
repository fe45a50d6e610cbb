//! The promise that every lease store keeps, as one suite of tests.
//!
//! A store's own tests implement [`Subject`] and call [`run`]. Cases assert: a broken promise is a
//! panic that names it.
//!
//! # Map
//! - [`subject`]: what a store shows of itself to be judged.
//! - [`log`]: what every store keeps: durability, last writer wins, every field.
//! - [`shared`]: what a store of several writers keeps besides: conditions and lookups.
//! - [`racing`]: two writers, every interleaving, and both at once.
//! - [`model`]: random histories with crashes, against a map.
//! - [`walk`]: one long random history of writes and questions, against a map.
//! - [`database`]: a store in a database, as a subject.
//! - [`outside`]: what others do to the tables of a database meanwhile.
//! - [`measure`]: what free units and batches cost a database, for benches.
//! - [`rows`]: the leases that the cases store.
//!
//! # Does not
//! Know any store, or cause faults: a subject brings its own way to crash.
//!
//! # Invariants
//! Every case begins with an empty subject and leaves nothing for the next.
#![forbid(unsafe_code)]

pub mod database;
pub mod log;
pub mod measure;
pub mod model;
pub mod outside;
pub mod racing;
pub mod rows;
pub mod shared;
pub mod subject;
pub mod walk;

pub use subject::{Kind, Subject};

/// Runs every case that a store of the subject's kind must pass, and everything random.
///
/// `make` gives an empty store each time.
///
/// # Panics
/// If the store breaks the contract.
pub fn run<S: Subject>(make: impl Fn() -> S) {
    run_cases(&make);
    if make().promises() == Kind::Shared {
        racing::run(&mut make());
        walk::run(make());
    }
    model::run(&make);
}

/// Runs every case, and nothing random: enough for a second form of a store that passed all.
///
/// # Panics
/// If the store breaks the contract.
pub fn run_cases<S: Subject>(make: &impl Fn() -> S) {
    for case in log::cases::<S>() {
        case(make());
    }
    if make().promises() == Kind::Shared {
        for case in shared::cases::<S>() {
            case(make());
        }
    }
}
