//! The command line.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

use crate::mix::Mix;
use crate::responder::Network;

/// DHCPv4 clients by the million, and the least server that can answer them.
#[derive(Debug, Parser)]
#[command(name = "lessor-load", disable_version_flag = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) part: Part,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// Be the clients, and say how they were served
    Drive(Drive),
    /// Be the clients, and find the highest rate at which next to nothing is lost
    Seek(Seek),
    /// Ask on and on, and say when answers come and when they change, until the input ends
    Watch(Watch),
    /// Be a server that decides and stores nothing, until ended
    Respond(Respond),
}

/// The clients.
#[derive(Debug, Args)]
pub(crate) struct Clients {
    /// The interface, which must have an address
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: String,

    /// Be relays, and send to this server; without it, clients on the link
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) server: Option<Ipv4Addr>,

    /// A relay's address, one of the interface's; may be repeated. Default: the interface's first
    #[arg(long, value_name = "ADDRESS", requires = "server")]
    pub(crate) giaddr: Vec<Ipv4Addr>,

    /// How many clients there are
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) clients: u32,

    /// The number of the first, from which its link-layer address is derived
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) first: u32,

    /// Clients send identifiers (option 61)
    #[arg(long)]
    pub(crate) client_id: bool,

    /// What is done, with weights: exchange, discover, forgo, renew, release
    #[arg(long, value_name = "DEED=N,..", default_value = "exchange")]
    pub(crate) mix: Mix,

    /// Have so many clients get leases before anything is measured
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) prime: u32,

    /// An answer that takes longer did not come
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: u32,

    /// Send a message again so often, each time after the timeout
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retries: u8,

    /// Write the figures here as well, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// Be the clients, and say how they were served.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("pace").args(["rate", "window"]))]
pub(crate) struct Drive {
    #[command(flatten)]
    pub(crate) clients: Clients,

    /// Open loop: begin so many deeds a second, answered or not
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,

    /// Closed loop: begin another deed when less than so many wait for answers
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) window: u32,

    /// Begin deeds for so long
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,

    /// Begin so many deeds at most
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) count: u64,

    /// Do not count what begins in the first so many of the seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) warm_up: u32,
}

/// Be the clients, and find the highest rate at which next to nothing is lost.
#[derive(Debug, Args)]
pub(crate) struct Seek {
    #[command(flatten)]
    pub(crate) clients: Clients,

    /// The first rate that is tried, in deeds a second
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) from: u32,

    /// How long each rate is held
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,

    /// How often a rate is tried before it counts as one that does not go well
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tries: u32,

    /// What may be lost, in deeds of a hundred thousand
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) lost: u32,
}

/// Ask on and on, and say when answers come and when they change, until the input ends.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The interface, which must have an address
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: String,

    /// The server, which sees DISCOVERs that come through a relay
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) server: Ipv4Addr,

    /// The number of the first client; each DISCOVER is from another one
    #[arg(long, value_name = "N", default_value_t = 0x7000_0000)]
    pub(crate) first: u32,

    /// The time between two DISCOVERs
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) every: u32,

    /// Write the figures here as well, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// Be a server that decides and stores nothing, until ended.
#[derive(Debug, Args)]
pub(crate) struct Respond {
    /// The interface, which must have an address
    #[arg(long, value_name = "NAME")]
    pub(crate) interface: String,

    /// Where clients' addresses are from
    #[arg(long, value_name = "ADDRESS/LENGTH", default_value = "10.0.0.0/8")]
    pub(crate) network: Network,

    /// Use UDP alone, as a server that only relays talk to
    #[arg(long)]
    pub(crate) udp: bool,
}
