//! Fixtures for the benches: messages, pools at any fill, servers that hold them.
//!
//! # Map
//! - [`client`]: messages of a client with a number.
//! - [`full`]: a server whose pool is filled to a degree.
//!
//! # Does not
//! Time anything: that is criterion's, in `benches/`.
//!
//! # Invariants
//! Nothing is random: two runs measure the same work.
#![forbid(unsafe_code)]

pub mod client;
pub mod full;
