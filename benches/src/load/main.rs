//! The load generator, and the null responder that shows how far it and the sockets can go.
//!
//! # Map
//! - [`options`]: the command line.
//! - [`drive`]: the loop that sends, reads and counts.
//! - [`pace`], [`mix`]: when the next deed begins, and what it is.
//! - [`identity`], [`crowd`]: who the clients are, and what they hold.
//! - [`message`]: what they send.
//! - [`flights`]: what waits for answers.
//! - [`histogram`], [`tally`]: figures.
//! - [`responder`]: answers without a server.
//! - [`wire`]: the sockets, which are those of the server (`lessor-net`).
//!
//! # Does not
//! Make namespaces, start servers or judge figures.
//!
//! # Invariants
//! - One thread: what it costs is easily told from what the server costs.
//! - Latency counts from the moment that a message was to be sent, so that a generator or server
//!   that falls behind does not look the better for it.
//!
//! # Exit codes
//! 0: done, however the figures are; 1: it could not be done; 2: the command line is wrong.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to whoever starts it"
)]

mod crowd;
mod drive;
mod flights;
mod histogram;
mod identity;
mod message;
mod mix;
mod options;
mod pace;
mod responder;
mod tally;
mod wire;

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use lessor_net::SocketType;
use lessor_wire::v4::{CLIENT_PORT, SERVER_PORT};

use crowd::Crowd;
use drive::{Driver, Phase, Way};
use flights::Flights;
use message::Drafts;
use mix::{Deed, Mix};
use options::{Drive, Options, Part, Respond};
use pace::Pace;
use tally::Tally;
use wire::Wire;

const NANOS: u64 = 1_000_000_000;
/// How many clients ask at once for the leases that are there before anything is measured.
const PRIMING_WINDOW: usize = 128;
/// Those must not go missing for a lost packet.
const PRIMING_RETRIES: u8 = 4;

fn main() -> ExitCode {
    let done = match &Options::parse().part {
        Part::Drive(options) => drive(options),
        Part::Respond(options) => respond(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("lessor-load: {why}");
            ExitCode::FAILURE
        }
    }
}

fn respond(options: &Respond) -> Result<(), String> {
    let socket_type = if options.udp { SocketType::Udp } else { SocketType::Raw };
    let mut wire = Wire::open(&options.interface, SERVER_PORT, socket_type)?;
    println!("answering on {} as {}", wire.link().name, wire.addr());
    responder::respond(&mut wire, options.network)
}

fn drive(options: &Drive) -> Result<(), String> {
    let mut driver = driver(options)?;
    if options.prime > 0 {
        prime(&mut driver, options)?;
    }
    driver.run(Phase {
        pace: match options.rate {
            Some(rate) => Pace::Open { rate },
            None => Pace::Closed { window: options.window as usize },
        },
        mix: options.mix.clone(),
        last: u64::from(options.seconds) * NANOS,
        deeds: options.count,
        uncounted: Some(u64::from(options.warm_up) * NANOS),
        retries: options.retries,
    })?;
    let mut tally = driver.tally;
    tally.odd.unsent = driver.wire.unsent();
    tally.odd.kernel_drops = driver.wire.counters().kernel_drops;
    print!("{}", tally.table());
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", tally.json());
        std::fs::write(path, text).map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(())
}

fn driver(options: &Drive) -> Result<Driver, String> {
    let interface = &options.interface;
    let (wire, way) = match options.server {
        None => (Wire::open(interface, CLIENT_PORT, SocketType::Raw)?, Way::Link),
        Some(server) => {
            // RFC 2131 §4.1: relays are answered at the servers' port.
            let wire = Wire::open(interface, SERVER_PORT, SocketType::Udp)?;
            let giaddrs = match &options.giaddr[..] {
                [] => vec![wire.addr()],
                some => some.to_vec(),
            };
            (wire, Way::Relayed { giaddrs, server })
        }
    };
    // Answers to an earlier run must not look like answers to this one.
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Driver {
        wire,
        way,
        drafts: Drafts::new(options.client_id),
        crowd: Crowd::new(options.clients),
        flights: Flights::new(clock.subsec_nanos()),
        tally: Tally::default(),
        first: options.first,
        timeout: u64::from(options.timeout) * 1_000_000,
        epoch: Instant::now(),
    })
}

fn prime(driver: &mut Driver, options: &Drive) -> Result<(), String> {
    let wanted = options.prime.min(options.clients);
    driver.run(Phase {
        pace: Pace::Closed { window: PRIMING_WINDOW },
        mix: Mix::only(Deed::Exchange),
        last: u64::MAX,
        deeds: wanted.into(),
        uncounted: None,
        retries: PRIMING_RETRIES,
    })?;
    let bound = driver.crowd.bound();
    if bound < wanted as usize {
        return Err(format!("only {bound} of {wanted} clients got leases to begin with"));
    }
    driver.tally = Tally::default();
    Ok(())
}
