//! DHCP messages: bytes, views, values, and the one printer.
//!
//! # Map
//! - [`v4`]: DHCPv4 (RFC 2131, RFC 2132).
//! - [`name`]: domain names in their DNS wire form, as options carry them.
//! - [`svc`]: service parameters of DNS, as options carry them.
//!
//! # Does not
//! Decide anything, judge whether a message is welcome, read a clock or touch a socket.
//!
//! # Invariants
//! Any bytes can be viewed without a panic; a lawful message that fits its limit decodes to itself.
#![forbid(unsafe_code)]

pub mod name;
pub mod svc;
pub mod v4;
