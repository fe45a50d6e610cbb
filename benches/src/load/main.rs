//! The load generator, and the null responder that shows how far it and the sockets can go.
//!
//! # Map
//! - [`options`]: the command line.
//! - [`drive`]: the loop that sends, reads and counts.
//! - [`pace`], [`mix`]: when the next deed begins, and what it is.
//! - [`seek`]: the highest rate that goes well.
//! - [`watch`]: when a server answers, and when it falls silent.
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
mod seek;
mod tally;
mod watch;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser as _;
use lessor_net::SocketType;
use lessor_wire::v4::{CLIENT_PORT, SERVER_PORT};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crowd::Crowd;
use drive::{Driver, Phase, Way};
use flights::Flights;
use message::Drafts;
use mix::{Deed, Mix};
use options::{Clients, Drive, Options, Part, Respond, Seek, Watch};
use pace::Pace;
use seek::Search;
use tally::Tally;
use wire::Wire;

const NANOS: u64 = 1_000_000_000;
/// How many clients ask at once for the leases that are there before anything is measured.
const PRIMING_WINDOW: usize = 128;
/// Those must not go missing for a lost packet.
const PRIMING_RETRIES: u8 = 4;
/// What a server that was asked too much may still have in its buffers is gone after this.
const BETWEEN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let done = match &Options::parse().part {
        Part::Drive(options) => drive(options),
        Part::Seek(options) => seek(options),
        Part::Watch(options) => watch(options),
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
    let clients = &options.clients;
    let mut driver = primed(clients)?;
    let tally = measure(
        &mut driver,
        Phase {
            pace: match options.rate {
                Some(rate) => Pace::Open { rate },
                None => Pace::Closed { window: options.window as usize },
            },
            mix: clients.mix.clone(),
            last: u64::from(options.seconds) * NANOS,
            deeds: options.count,
            uncounted: Some(u64::from(options.warm_up) * NANOS),
            retries: clients.retries,
        },
    )?;
    print!("{}", tally.table());
    write(clients.json.as_deref(), &tally.json())
}

fn seek(options: &Seek) -> Result<(), String> {
    let clients = &options.clients;
    let mut driver = primed(clients)?;
    let mut search = Search::new(options.from);
    let (mut tries, mut best) = (Vec::new(), Tally::default());
    let mut left = options.tries;
    while let Some(rate) = search.next() {
        let tally = measure(
            &mut driver,
            Phase {
                pace: Pace::Open { rate },
                mix: clients.mix.clone(),
                last: u64::from(options.seconds) * NANOS,
                deeds: u64::MAX,
                uncounted: Some(0),
                retries: clients.retries,
            },
        )?;
        let lost = tally.lost();
        let well = lost <= f64::from(options.lost) / 1e5;
        let why = match tally.odd.unstarted {
            0 => String::new(),
            some => format!(", {some} not begun: the generator was the limit"),
        };
        println!("{rate:9} per s: lost {:.3} %{why}", lost * 100.0);
        tries.push(json!({ "rate": rate, "lost": lost, "figures": tally.json() }));
        left -= 1;
        if well || left == 0 {
            search.tried(rate, well);
            left = options.tries;
        }
        if well {
            best = tally;
        }
        std::thread::sleep(BETWEEN);
    }
    println!("sustained: {} per s\n{}", search.good(), best.table());
    let found = json!({ "sustained-per-second": search.good(), "figures": best.json() });
    write(clients.json.as_deref(), &json!({ "found": found, "tries": tries }))
}

fn watch(options: &Watch) -> Result<(), String> {
    let wire = Wire::open(&options.interface, SERVER_PORT, SocketType::Udp)?;
    let every = Duration::from_micros(options.every.into());
    let seen = watch::watch(wire, options.server, options.first, every)?;
    println!("{seen}");
    write(options.json.as_deref(), &seen.json())
}

/// Runs a phase by itself, and counts what it counts.
fn measure(driver: &mut Driver, phase: Phase) -> Result<Tally, String> {
    driver.tally = Tally::default();
    let before = (driver.wire.unsent(), driver.wire.counters().kernel_drops, processor_time());
    driver.run(phase)?;
    let mut tally = std::mem::take(&mut driver.tally);
    tally.odd.unsent = driver.wire.unsent() - before.0;
    tally.odd.kernel_drops = driver.wire.counters().kernel_drops - before.1;
    tally.cpu = processor_time().saturating_sub(before.2);
    Ok(tally)
}

/// Nanoseconds that this process has had of the processor.
fn processor_time() -> u64 {
    let time = Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn write(path: Option<&Path>, figures: &Value) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, format!("{figures:#}\n"))
        .map_err(|why| format!("{}: {why}", path.display()))
}

/// All that a run needs, its first leases among it.
fn primed(options: &Clients) -> Result<Driver, String> {
    let mut driver = driver(options)?;
    if options.prime > 0 {
        prime(&mut driver, options)?;
    }
    Ok(driver)
}

fn driver(options: &Clients) -> Result<Driver, String> {
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

fn prime(driver: &mut Driver, options: &Clients) -> Result<(), String> {
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
    Ok(())
}
