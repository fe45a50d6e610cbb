//! Processor time and latency at one rate, which every subject must hold.

use anyhow::Result;

use super::Book;
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::generator::Load;
use crate::bench::process;
use crate::bench::subject::{Running, Shape, Subject};

pub(crate) const PART: &str = "cpu";
pub(crate) const USER: &str = "user CPU per exchange";
/// More than this and the figures are not those of a server that keeps up.
const LOST_PERCENT: f64 = 1.0;

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    figures.note(format!("Part {PART}: {} exchanges/s for all.", settings.rate));
    let mut book = Book { part: PART, figures };
    for round in 1..=settings.pairs {
        for subject in &settings.subjects {
            one(bed, settings, *subject, round, &mut book)?;
        }
    }
    Ok(())
}

fn one(
    bed: &Bed,
    settings: &Settings,
    subject: Subject,
    round: u32,
    book: &mut Book<'_>,
) -> Result<()> {
    let server = Running::start(bed, subject, Shape::WIDE)?;
    let rate = settings.rate;
    // The first exchanges pay for what is made once.
    Load::drive(bed, &format!("--rate {rate} --seconds 1 --first 2000000"))?;
    let (before, dropped) = (server.usage()?, process::receive_drops(server.pid())?);
    let load = Load::drive(bed, &format!("--rate {rate} --seconds {}", settings.seconds))?;
    let spent = server.usage()?.since(&before);
    let name = subject.name();
    let micros = |nanos: f64| nanos / 1e3 / load.count("exchange", "answered").max(1.0);
    let lost = load.lost_percent("exchange");
    println!(
        "{round}. {subject:16} user {:6.1} µs, system {:6.1} µs, p50 {:7.0} µs, p99 {:7.0} µs, \
         lost {lost:.2} %",
        micros(spent.user),
        micros(spent.system),
        load.micros("exchange", "p50"),
        load.micros("exchange", "p99"),
    );
    if lost > LOST_PERCENT {
        println!("{subject} did not hold {rate}/s: choose a lower --rate");
    }
    book.less(name, USER, "µs", micros(spent.user));
    book.less(name, "system CPU per exchange", "µs", micros(spent.system));
    book.less(name, "CPU per exchange", "µs", micros(spent.total()));
    for which in ["p50", "p90", "p99", "p99.9"] {
        let latency = format!("latency of an exchange, {which}");
        book.less(name, &latency, "µs", load.micros("exchange", which));
    }
    book.less(name, "lost", "%", lost);
    let dropped = process::receive_drops(server.pid())?.saturating_sub(dropped);
    book.less(name, "datagrams dropped by the kernel", "", dropped as f64);
    server.stop()
}
