//! perfdhcp and `lessor-load` on the same server at the same rates: whether they find the same.

use anyhow::Result;

use super::Book;
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::generator::{Load, Perfdhcp};
use crate::bench::subject::{Running, Shape, Subject};

pub(crate) const PART: &str = "agreement";
const RATES: [u32; 2] = [500, 1500];
const PERFDHCP: &str = "perfdhcp";
const LOAD: &str = "lessor-load";

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    figures.note(format!("Part {PART}: exchanges of new clients with Lessor, relayed."));
    let mut book = Book { part: PART, figures };
    let seconds = (settings.seconds / 2).max(2);
    for round in 1..=settings.pairs {
        for rate in RATES {
            let server = Running::start(bed, Subject::Lessor, Shape::WIDE)?;
            let theirs = Perfdhcp::drive(bed, rate, seconds)?;
            let load = Load::drive(bed, &format!("--rate {rate} --seconds {seconds}"))?;
            server.stop()?;
            let ours = Perfdhcp {
                rate: load.per_second("exchange"),
                dropped: load.count("exchange", "dropped"),
                offer: load.micros("discover", "mean"),
                ack: load.micros("request", "mean"),
            };
            for (name, found) in [(LOAD, ours), (PERFDHCP, theirs)] {
                println!(
                    "{round}. {name:11} at {rate}/s: {:6.1}/s, {} dropped, OFFER {:.0} µs, ACK {:.0} µs",
                    found.rate, found.dropped, found.offer, found.ack
                );
                let at = |what: &str| format!("{what}, {rate}/s wanted");
                book.more(name, &at("rate"), "exchanges/s", found.rate);
                book.less(name, &at("dropped"), "", found.dropped);
                book.less(name, &at("mean time to OFFER"), "µs", found.offer);
                book.less(name, &at("mean time to ACK"), "µs", found.ack);
            }
        }
    }
    Ok(())
}
