//! Where the server tells how it is.

use std::net::{IpAddr, Ipv4Addr};

/// Where figures and health are told by HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metrics {
    /// The address to listen at.
    pub address: IpAddr,
    /// The TCP port; 0 means any.
    pub port: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 9547 }
    }
}
