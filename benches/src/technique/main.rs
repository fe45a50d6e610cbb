//! Ways to get packets from the kernel and answers back to it, compared on a virtual cable.
//!
//! Each answers every packet with its own payload and does nothing else, so what is left is the
//! cost of the way. `docs/design/0002-socket-technique.md` has figures and what follows from them.
//!
//! # Map
//! - [`cable`]: two network namespaces, and threads inside them.
//! - [`load`]: who asks, and how long answers take.
//! - [`responder`]: the ways to answer.
//! - `ring`: packets in memory that is shared with the kernel (PACKET_RX_RING).
//! - `sys`: system calls; with `ring` the only unsafe code.
//!
//! # Does not
//! Measure a server: `lessor-load` does.
//!
//! # Invariants
//! - All ways run in turn, in another order each time, so that what else the machine does meets all.
//! - The processor's time is that of the thread that answers. A virtual cable hands a packet over in
//!   the time of who sends it: receiving by interrupt is not in it, and is the same for all ways.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to whoever starts it"
)]

mod cable;
mod load;
mod responder;
#[allow(unsafe_code, reason = "memory that the kernel writes to")]
mod ring;
#[allow(unsafe_code, reason = "system calls of many packets have no safe wrapper")]
mod sys;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;

use cable::Cable;
use load::{Heard, Load};
use responder::{Cost, Way};

/// Compare ways to receive and send packets. Needs root and iproute2.
#[derive(Debug, Parser)]
struct Options {
    /// How often each way runs
    #[arg(long, default_value_t = 5)]
    runs: usize,

    /// For how long, each time
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1500)]
    time: u64,

    /// Packets a second, for loads that do not wait for answers
    #[arg(long, value_delimiter = ',', default_value = "2000,20000")]
    rate: Vec<u32>,

    /// Packets that wait for answers, for loads that do
    #[arg(long, value_delimiter = ',', default_value = "16,256,2048")]
    window: Vec<u32>,

    /// Only ways whose name contains this
    #[arg(long, default_value = "")]
    only: String,
}

/// One way under one load, once.
#[derive(Clone, Copy)]
struct Run {
    cost: Cost,
    heard: Heard,
}

fn main() -> ExitCode {
    match compare(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("lessor-technique: {why}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<(), String> {
    let cable = Cable::lay()?;
    let ways: Vec<Way> =
        Way::all().into_iter().filter(|way| way.to_string().contains(&options.only)).collect();
    let rates = options.rate.iter().map(|rate| Load::Rate(*rate));
    let windows = options.window.iter().map(|window| Load::Window(*window));
    for load in rates.chain(windows) {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); ways.len()];
        for round in 0..options.runs {
            for step in 0..ways.len() {
                let at = (step + round) % ways.len();
                let time = Duration::from_millis(options.time);
                let run = run(&cable, ways[at], load, time)
                    .map_err(|why| format!("{} under {load}: {why}", ways[at]))?;
                runs[at].push(run);
            }
        }
        print(load, &ways, &runs);
    }
    Ok(())
}

fn run(cable: &Cable, way: Way, load: Load, time: Duration) -> Result<Run, String> {
    let (ready, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let answering =
            scope.spawn(|| cable.at_server(|| responder::answer(way, cable, &ready, &stop)));
        while !ready.load(Ordering::Acquire) && !answering.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let asking = scope.spawn(|| cable.at_client(|| load::ask(load, cable, time)));
        let heard = asking.join().map_err(|_| "the asking thread died".to_owned())?;
        stop.store(true, Ordering::Release);
        let cost = answering.join().map_err(|_| "the answering thread died".to_owned())?;
        let told = |why: std::io::Error| why.to_string();
        Ok(Run { cost: cost.map_err(told)?, heard: heard.map_err(told)? })
    })
}

fn print(load: Load, ways: &[Way], runs: &[Vec<Run>]) {
    println!("\n{load}");
    println!(
        "{:14} {:>9} {:>7} {:>7} {:>7} {:>14} {:>8} {:>8} {:>8} {:>7}",
        "way",
        "answers/s",
        "user",
        "system",
        "total",
        "least-most",
        "of first",
        "median",
        "p99",
        "turns"
    );
    let total = |run: &Run| per_packet(run.cost.user + run.cost.system, run);
    for (way, of_way) in ways.iter().zip(runs) {
        let median = |value: &dyn Fn(&Run) -> f64| middle(of_way.iter().map(value).collect());
        // The kernel tells the two apart by samples: of one run, they mean little.
        let mean = |value: &dyn Fn(&Run) -> f64| {
            of_way.iter().map(value).sum::<f64>() / of_way.len().max(1) as f64
        };
        let totals: Vec<f64> = of_way.iter().map(total).collect();
        let least = totals.iter().copied().fold(f64::INFINITY, f64::min);
        let most = totals.iter().copied().fold(0.0, f64::max);
        let ratios = of_way.iter().zip(&runs[0]).map(|(run, first)| total(run) / total(first));
        println!(
            "{:14} {:9.0} {:7.0} {:7.0} {:7.0} {:>14} {:8.2} {:8.0} {:8.0} {:7.1}",
            way.to_string(),
            median(&|run| run.heard.answered as f64 / run.heard.seconds),
            mean(&|run| per_packet(run.cost.user, run)),
            mean(&|run| per_packet(run.cost.system, run)),
            median(&total),
            format!("{least:.0}-{most:.0}"),
            middle(ratios.collect()),
            median(&|run| run.heard.median * 1e6),
            median(&|run| run.heard.p99 * 1e6),
            median(&|run| run.cost.packets as f64 / run.cost.turns.max(1) as f64),
        );
    }
    println!(
        "user, system, total: ns of processor per packet; median, p99: µs to the answer; turns: packets per turn"
    );
}

fn per_packet(nanos: u64, run: &Run) -> f64 {
    nanos as f64 / run.cost.packets.max(1) as f64
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
