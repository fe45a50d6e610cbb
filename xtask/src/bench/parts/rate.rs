//! The highest rate at which at most one exchange of a thousand is lost, and what it costs.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::Book;
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::generator::Load;
use crate::bench::process;
use crate::bench::subject::{Running, Shape, Subject};

pub(crate) const PART: &str = "rate";
pub(crate) const SUSTAINED: &str = "sustained rate";
/// Where the first search begins.
const FIRST_RATE: f64 = 2000.0;
/// What may be lost of a rate that is held.
const LOST_PERCENT: f64 = 0.1;
/// What is tried next when a rate is not held: near to it if little was lost, at least half of it
/// if much was.
const STEP: f64 = 0.93;
const STRIDE: f64 = 0.5;
const STEPS: u32 = 12;
/// A server that is asked too much answers less than it could.
const BEYOND_ANSWERED: f64 = 1.1;

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    let mut book = Book { part: PART, figures };
    let mut found: BTreeMap<Subject, f64> = BTreeMap::new();
    for round in 1..=settings.pairs {
        for subject in &settings.subjects {
            // Near the rate of last time a search is short.
            let from = found.get(subject).map_or(FIRST_RATE, |rate| (rate * 0.8).max(100.0));
            let rate = one(bed, settings, *subject, from, &mut book)?;
            println!("{round}. {subject:16} {rate:8.0} exchanges/s");
            found.insert(*subject, rate);
        }
    }
    Ok(())
}

fn one(
    bed: &Bed,
    settings: &Settings,
    subject: Subject,
    from: f64,
    book: &mut Book<'_>,
) -> Result<f64> {
    let server = Running::start(bed, subject, Shape::WIDE)?;
    let held = (settings.seconds / 4).max(2);
    // In so short a time much can wait in buffers; what is answered late is as good as lost.
    let search =
        format!("--from {from:.0} --seconds {held} --tries 2 --timeout 300 --clients 700000");
    let (mut rate, _) = Load::seek(bed, &search)?;
    let name = subject.name();
    for _ in 0..STEPS {
        if rate < 1.0 {
            break;
        }
        let Some(answered) = hold(bed, settings, &server, rate, book)? else {
            book.more(name, SUSTAINED, "exchanges/s", rate);
            server.stop()?;
            return Ok(rate);
        };
        rate = (answered * BEYOND_ANSWERED).clamp(rate * STRIDE, rate * STEP).floor();
    }
    bail!("{subject} held no rate down to {rate:.0} exchanges/s")
}

/// Tries a rate for longer. If it is held, notes what it cost; if not, returns how many exchanges a
/// second were answered.
fn hold(
    bed: &Bed,
    settings: &Settings,
    server: &Running<'_>,
    rate: f64,
    book: &mut Book<'_>,
) -> Result<Option<f64>> {
    let (before, dropped) = (server.usage()?, process::receive_drops(server.pid())?);
    let seconds = settings.seconds;
    let run = format!("--rate {rate:.0} --seconds {seconds} --clients 340000 --first 1000000");
    let load = Load::drive(bed, &run)?;
    let spent = server.usage()?.since(&before);
    let lost = load.lost_percent("exchange");
    if lost > LOST_PERCENT {
        let limit = if load.unstarted() > 0.0 { "; the generator was a limit" } else { "" };
        let subject = server.subject;
        println!("   {subject:16} {rate:8.0} exchanges/s are not held: {lost:.2} % lost{limit}");
        return Ok(Some(load.per_second("exchange")));
    }
    let name = server.subject.name();
    let exchanges = load.count("exchange", "answered").max(1.0);
    let micros = |nanos: f64| nanos / 1e3 / exchanges;
    book.less(name, "user CPU per exchange at that rate", "µs", micros(spent.user));
    book.less(name, "system CPU per exchange at that rate", "µs", micros(spent.system));
    book.less(name, "CPU per exchange at that rate", "µs", micros(spent.total()));
    book.less(name, "latency at that rate, p50", "µs", load.micros("exchange", "p50"));
    book.less(name, "latency at that rate, p99", "µs", load.micros("exchange", "p99"));
    book.less(name, "lost at that rate", "%", lost);
    let dropped = process::receive_drops(server.pid())?.saturating_sub(dropped);
    book.less(name, "datagrams dropped by the kernel at that rate", "", dropped as f64);
    Ok(None)
}
