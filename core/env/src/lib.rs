//! The traits through which a shell reaches the world, and the plain implementation of one of them.
//!
//! # Map
//! - [`world`]: [`world::Env`], which everything here hangs from: tasks, threads, timers, listeners.
//! - [`clock`]: the two clocks.
//! - [`streams`]: connections, and where they are waited for.
//! - [`files`]: the directory and the files of a file store; [`files::OsFiles`] is the real one.
//!
//! # Does not
//! Decide anything. Simulated worlds implement the same traits elsewhere; packets come and go by a
//! trait of the shell, since they are known by the names that a configuration gives.
//!
//! # Invariants
//! Code generic over these traits can be run on a simulated disk, torn at any call, and in a
//! simulated network, cut at any moment.
#![forbid(unsafe_code)]

pub mod clock;
pub mod files;
pub mod streams;
pub mod world;

pub use clock::Clock;
pub use streams::{Listener, Place, Stream};
pub use world::{Env, Timer, Urgency};
