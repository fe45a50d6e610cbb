//! Offers to new clients from a pool of 65,536 addresses, of which a share is leased, with holes
//! anywhere.
//!
//! A client that was offered an address and says no more would keep it for a while, so that few
//! holes would soon be none: where there are few, clients say that they chose another server, and
//! the cost is that of both messages.

use std::net::Ipv4Addr;

use anyhow::Result;

use super::{Book, pair};
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::generator::Load;
use crate::bench::leases::{self, Detail};
use crate::bench::subject::{LIFETIME, Running, Shape, Subject};

pub(crate) const PART: &str = "fill";
pub(crate) const OFFER_P50: &str = "time to OFFER, p50";
const OFFER_P90: &str = "time to OFFER, p90";
pub(crate) const CPU_ALONE: &str = "CPU of a DISCOVER";
pub(crate) const CPU_FORGONE: &str = "CPU of a DISCOVER that is served, and of forgoing";

const SIZE: u32 = 65_536;
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 0);
const FILLS: [(&str, u32); 5] =
    [("0 %", 0), ("90 %", 900), ("99 %", 990), ("99.9 %", 999), ("100 %", 1000)];
/// DISCOVERs per second.
const RATE: u32 = 200;
/// The same where each may cost a tenth of a second.
const RATE_FULL_KEA: u32 = 5;

/// The name of a figure at a fill.
pub(crate) fn named(name: &str, fill: &str) -> String {
    format!("{name}, {fill} leased")
}

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    for (fill, permille) in FILLS {
        let leased = u32::try_from(u64::from(SIZE) * u64::from(permille) / 1000).unwrap_or(SIZE);
        let leased = leases::scattered(FIRST, SIZE, leased);
        leases::write(&bed.path(fill), leased.into_iter(), Detail::Plain)?;
    }
    figures.note(format!(
        "Part {PART}: {RATE} DISCOVERs/s; on Kea, {RATE_FULL_KEA}/s where the pool is full."
    ));
    let mut book = Book { part: PART, figures };
    for round in 1..=settings.pairs {
        for (fill, permille) in FILLS {
            for subject in pair(settings) {
                let line = one(bed, settings, subject, (fill, permille), &mut book)?;
                println!("{round}. {subject:16} {fill:>6} leased: {line}");
            }
        }
    }
    Ok(())
}

fn one(
    bed: &Bed,
    settings: &Settings,
    subject: Subject,
    (fill, permille): (&str, u32),
    book: &mut Book<'_>,
) -> Result<String> {
    let shape = Shape { pool: "10.1.0.0 - 10.1.255.255", others: 0, lifetime: LIFETIME };
    let pool_is_full = permille == 1000;
    let server = Running::start_with(bed, subject, shape, Some(fill))?;
    let name = subject.name();
    let seconds = (settings.seconds / 3).max(2);
    let mut line = String::new();
    for (deed, cpu) in [("discover", CPU_ALONE), ("forgo", CPU_FORGONE)] {
        // Served clients that say no more must not use up the holes.
        let fits = match deed {
            "discover" => permille == 0 || pool_is_full,
            _ => !pool_is_full,
        };
        if !fits {
            continue;
        }
        let rate = if pool_is_full && subject.is_kea() { RATE_FULL_KEA } else { RATE };
        let before = server.usage()?;
        let run = format!("--mix {deed} --rate {rate} --seconds {seconds} --timeout 500");
        let load = Load::drive(bed, &run)?;
        let spent = server.usage()?.since(&before);
        let micros = spent.total() / 1e3 / load.count("offer", "sent").max(1.0);
        book.less(name, &named(cpu, fill), "µs", micros);
        let answered = load.count("offer", "answered") / load.count("offer", "sent").max(1.0);
        line += &format!("{deed}: {micros:.1} µs of CPU, {:.1} % served; ", answered * 100.0);
        if deed == "forgo" {
            let (p50, p90) = (load.micros("offer", "p50"), load.micros("offer", "p90"));
            line += &format!("OFFER after {p50:.0} µs, p90 {p90:.0} µs; ");
            book.less(name, &named(OFFER_P50, fill), "µs", p50);
            book.less(name, &named(OFFER_P90, fill), "µs", p90);
            let share = named("DISCOVERs that were served", fill);
            book.more(name, &share, "%", answered * 100.0);
        }
    }
    server.stop()?;
    Ok(line)
}
