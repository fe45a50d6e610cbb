//! The generators, and what they found.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::bed::{Bed, CLIENT_LINK, SERVER, Side};
use crate::{command, packages};

/// What `lessor-load` measured.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Load {
    figures: Value,
}

impl Load {
    /// Has clients do something at a rate.
    pub(crate) fn drive(bed: &Bed, arguments: &str) -> Result<Self> {
        Self::run(bed, "drive", arguments).map(|figures| Self { figures })
    }

    /// Finds the highest rate at which at most one exchange of a thousand is lost.
    pub(crate) fn seek(bed: &Bed, arguments: &str) -> Result<(f64, Self)> {
        let told = Self::run(bed, "seek", arguments)?;
        let rate = told["found"]["sustained-per-second"].as_f64();
        let figures = told["found"]["figures"].clone();
        Ok((rate.context("no rate in the figures of seek")?, Self { figures }))
    }

    fn run(bed: &Bed, part: &str, arguments: &str) -> Result<Value> {
        let mut load = bed.command(Side::Clients, &bed.load);
        load.args([part, "--interface", CLIENT_LINK, "--server", SERVER]);
        load.args(arguments.split_whitespace());
        let file = bed.path("load.json");
        load.arg("--json").arg(&file);
        command::capture(&mut load)?;
        let text = fs::read_to_string(&file).context("the generator's figures")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// A count of one kind of deed: `sent`, `answered`, `dropped`.
    pub(crate) fn count(&self, kind: &str, what: &str) -> f64 {
        self.figures["kinds"][kind][what].as_f64().unwrap_or(0.0)
    }

    /// Answered deeds of a kind per second.
    pub(crate) fn per_second(&self, kind: &str) -> f64 {
        self.count(kind, "answered-per-second")
    }

    /// Latency in microseconds: `p50`, `p90`, `p99`, `p99.9`, `mean`, `max`.
    pub(crate) fn micros(&self, kind: &str, which: &str) -> f64 {
        let nanos = &self.figures["kinds"][kind]["latency-ns"][which];
        nanos.as_f64().unwrap_or(f64::NAN) / 1e3
    }

    /// How many deeds the generator did not begin when they were due.
    pub(crate) fn unstarted(&self) -> f64 {
        self.figures["odd"]["unstarted"].as_f64().unwrap_or(0.0)
    }

    /// The share of deeds that were not answered as they should be, or not begun, in per cent.
    pub(crate) fn lost_percent(&self, kind: &str) -> f64 {
        let unstarted = self.unstarted();
        let lost = self.count(kind, "dropped") + self.count(kind, "refused") + unstarted;
        100.0 * lost / (self.count(kind, "sent") + unstarted).max(1.0)
    }
}

/// What perfdhcp measured.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Perfdhcp {
    /// Exchanges per second.
    pub(crate) rate: f64,
    pub(crate) dropped: f64,
    /// Microseconds from DISCOVER to OFFER.
    pub(crate) offer: f64,
    /// Microseconds from REQUEST to ACK.
    pub(crate) ack: f64,
}

impl Perfdhcp {
    /// Has it do exchanges of new clients, so many a second, for so many seconds.
    pub(crate) fn drive(bed: &Bed, rate: u32, seconds: u32) -> Result<Self> {
        let path = packages::find(packages::PERFDHCP.program).unwrap_or_default();
        let mut perfdhcp = bed.command(Side::Clients, Path::new(&path));
        perfdhcp.args(["-4", "-g", "single", "-W", "1000000", "-R", "500000", "-l", CLIENT_LINK]);
        perfdhcp.arg("-r").arg(rate.to_string()).arg("-p").arg(seconds.to_string()).arg(SERVER);
        // It exits with 3 where something was dropped; its figures say so as well.
        let output = perfdhcp.output().context("cannot start perfdhcp")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Self::read(&text).with_context(|| format!("perfdhcp: {}", command::tail(&text, 40)))
    }

    fn read(text: &str) -> Result<Self> {
        let (_, offers) = text.split_once("DISCOVER-OFFER").context("no DISCOVER-OFFER")?;
        let (offers, acks) = offers.split_once("REQUEST-ACK").context("no REQUEST-ACK")?;
        Ok(Self {
            rate: after(text, "Rate: ")?,
            dropped: after(offers, "drops: ")? + after(acks, "drops: ")?,
            offer: after(offers, "avg delay: ")? * 1e3,
            ack: after(acks, "avg delay: ")? * 1e3,
        })
    }
}

fn after(text: &str, name: &str) -> Result<f64> {
    let (_, value) = text.split_once(name).with_context(|| format!("no `{name}`"))?;
    let number = value.split_whitespace().next().unwrap_or_default();
    number.parse().with_context(|| format!("`{name}` is followed by `{number}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perfdhcps_figures_are_read_by_their_section() {
        let text = "\
***Rate statistics***
Rate: 499.477 4-way exchanges/second, expected rate: 500

***Statistics for: DISCOVER-OFFER***
sent packets: 999
drops: 2
avg delay: 0.224 ms

***Statistics for: REQUEST-ACK***
drops: 1
avg delay: 0.263 ms
";
        let read = Perfdhcp::read(text).expect("what perfdhcp prints");
        assert_eq!(read, Perfdhcp { rate: 499.477, dropped: 3.0, offer: 224.0, ack: 263.0 });
        assert!(Perfdhcp::read("Rate: fast").is_err());
    }
}
