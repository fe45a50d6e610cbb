//! The traits through which a shell reaches the world, and their plain implementations.
//!
//! # Map
//! - [`files`]: the directory and the files of a file store; [`files::OsFiles`] is the real one.
//!
//! # Does not
//! Decide anything. Simulated worlds implement the same traits elsewhere.
//!
//! # Invariants
//! Code generic over these traits can be run on a simulated disk, torn at any call.
#![forbid(unsafe_code)]

pub mod files;
