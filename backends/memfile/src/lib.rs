//! Leases in Kea's CSV files, durable by group commit.
//!
//! # Map
//! - [`csv`]: rows and leases: headers of every version, columns, escapes, the user context.
//! - [`names`]: the files beside a lease file, and what each is for.
//! - [`lines`]: a file, line by line, through one buffer.
//! - [`journal`]: a lease file, row by row, with what is wrong in it.
//! - [`note`]: what a server notes beside its lease file for its next start.
//! - [`seals`]: checksums beside lease files, by which a flipped bit is noticed.
//! - [`recovery`]: what the files say together, made durable before anybody trusts it.
//! - [`store`]: the store itself: append, sync, commit, rotate.
//! - [`compaction`]: two files folded into one, beside the running store.
//! - [`error`]: why files could not be read or written.
//!
//! # Does not
//! Keep leases in memory (`lessor_lease::Table`), start threads, or look for a running `kea-lfc`:
//! the daemon reads Kea's pid file before it opens the store.
//!
//! # Invariants
//! - `Done` means: synced, under a name that is synced.
//! - `Refused` means: not in the file, not even after a power cut.
//! - A crash between any two calls loses no acknowledged row.
//! - No two journals begin alike, so a note tells whether the files are older than they were.
//! - A bit that the disk changed in a sealed run is put right; where more has changed, no row is
//!   believed, and the server is told that leases are missing.
//! - After a failed sync nothing is trusted before it is in a new file that did sync.
#![forbid(unsafe_code)]

pub mod compaction;
pub mod csv;
pub mod error;
pub mod journal;
pub mod lines;
pub mod names;
pub mod note;
pub mod recovery;
pub mod seals;
pub mod store;

pub use compaction::{Compaction, Progress, Stats};
pub use error::{CompactionError, IoFailure, OpenError, ReadError, RotateError, WriteFailed};
pub use journal::{Finding, Trouble};
pub use names::Names;
pub use note::{Boot, Noted};
pub use recovery::{Options, Recovered};
pub use seals::{Mended, sealed_runs};
pub use store::{Counters, Half, Memfile};
