//! Start and memory with a million leases in the lease file.

use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::{Book, pair};
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::leases::{self, Detail};
use crate::bench::subject::{Running, Shape};

pub(crate) const PART: &str = "million";
const START_PLAIN: &str = "start until the first answer, MAC only";
const START_FULL: &str = "start until the first answer, client-id and host name";
const MEMORY_PLAIN: &str = "resident memory, MAC only";
const MEMORY_FULL: &str = "resident memory, client-id and host name";
/// What leases have, and the names of the start's and the memory's figures.
pub(crate) const BARS: [(&str, &str, &str); 2] =
    [("MAC only", START_PLAIN, MEMORY_PLAIN), ("client-id and host name", START_FULL, MEMORY_FULL)];

const LEASES: u32 = 1_000_000;
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 0);
/// What is built in the background is there after this.
const SETTLING: Duration = Duration::from_secs(1);
const MEGABYTE: f64 = 1e6;

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    let details = [Detail::Plain, Detail::Full];
    for (detail, (what, ..)) in details.into_iter().zip(BARS) {
        let addresses = (0..LEASES).map(|n| Ipv4Addr::from(u32::from(FIRST) + n));
        let octets = leases::write(&bed.path(what), addresses, detail)?;
        figures.note(format!(
            "Part {PART}, {what}: a lease file of {:.1} octets per lease.",
            octets as f64 / f64::from(LEASES)
        ));
    }
    let mut book = Book { part: PART, figures };
    for round in 1..=settings.pairs {
        for (what, start, memory) in BARS {
            for subject in pair(settings) {
                let server = Running::start_with(bed, subject, Shape::WIDE, Some(what))?;
                thread::sleep(SETTLING);
                let used = server.memory()?;
                let name = subject.name();
                let seconds = server.started.as_secs_f64();
                println!(
                    "{round}. {subject:16} {what}: {seconds:6.2} s, {:4.0} MB, at most {:4.0} MB",
                    used.now as f64 / MEGABYTE,
                    used.peak as f64 / MEGABYTE
                );
                book.less(name, start, "s", seconds);
                book.less(name, memory, "MB", used.now as f64 / MEGABYTE);
                let peak = format!("at the most, {what}");
                book.less(name, &peak, "MB", used.peak as f64 / MEGABYTE);
                server.stop()?;
            }
        }
    }
    Ok(())
}
