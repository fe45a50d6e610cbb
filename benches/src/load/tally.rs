//! What is counted, and how it is told.

use serde_json::{Value, json};

use crate::histogram::Histogram;

/// What is measured apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Measure {
    /// DISCOVER to OFFER.
    Discover,
    /// First REQUEST to ACK.
    Request,
    /// DISCOVER to ACK.
    Exchange,
    /// DISCOVER to OFFER, by clients that want no more than that.
    Offer,
    /// REQUEST with a lease to ACK.
    Renew,
    /// RELEASE, to nothing.
    Release,
}

const MEASURES: [(Measure, &str); 6] = [
    (Measure::Discover, "discover"),
    (Measure::Request, "request"),
    (Measure::Exchange, "exchange"),
    (Measure::Offer, "offer"),
    (Measure::Renew, "renew"),
    (Measure::Release, "release"),
];

/// The percentiles that are told, in thousandths.
const QUANTILES: [(&str, u64); 4] = [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)];

/// The figures of one measure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// How often it began; a message sent again is not a beginning.
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    /// No answer came in time.
    pub(crate) dropped: u64,
    /// The answer was a NAK.
    pub(crate) refused: u64,
    /// Nanoseconds from the beginning that was scheduled to the answer.
    pub(crate) latency: Histogram,
}

/// All figures of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    rows: [Row; MEASURES.len()],
    pub(crate) odd: Odd,
    /// Nanoseconds from schedule to sending: large figures mean that the generator is the limit.
    pub(crate) slip: Histogram,
    /// Nanoseconds from the first counted beginning to the last counted answer, or to the end of
    /// beginnings if that is later.
    pub(crate) span: u64,
    /// Nanoseconds of processor time that the generator took.
    pub(crate) cpu: u64,
}

/// What should not be, and is counted rather than told one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Odd {
    /// Messages sent again.
    pub(crate) resent: u64,
    /// A second answer to what was answered.
    pub(crate) doubled: u64,
    /// An answer after its time.
    pub(crate) late: u64,
    /// An answer to nothing that was asked here.
    pub(crate) stray: u64,
    /// Deeds that no client could do: no lease to renew, nobody idle.
    pub(crate) starved: u64,
    /// Deeds that were due and not begun before the end.
    pub(crate) unstarted: u64,
    /// Messages that the kernel did not take.
    pub(crate) unsent: u64,
    /// Answers that the kernel had no room for, where it says so.
    pub(crate) kernel_drops: u64,
}

impl Odd {
    fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("resent", self.resent),
            ("doubled", self.doubled),
            ("late", self.late),
            ("stray", self.stray),
            ("starved", self.starved),
            ("unstarted", self.unstarted),
            ("unsent", self.unsent),
            ("kernel-drops", self.kernel_drops),
        ]
    }
}

impl Tally {
    /// The figures of one measure.
    pub(crate) fn row(&mut self, measure: Measure) -> &mut Row {
        // In the order of `MEASURES`, as a test shows.
        &mut self.rows[measure as usize]
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &Row)> {
        MEASURES.iter().map(|(_, name)| *name).zip(&self.rows).filter(|(_, row)| row.sent > 0)
    }

    /// Seconds of the run that is counted.
    pub(crate) fn seconds(&self) -> f64 {
        self.span as f64 / 1e9
    }

    /// So many per second of the run.
    fn rate(&self, count: u64) -> f64 {
        if self.span == 0 { 0.0 } else { count as f64 / self.seconds() }
    }

    /// The share of deeds that did not end as they should, or did not begin when they should.
    pub(crate) fn lost(&self) -> f64 {
        // What is in them is in the exchange as well.
        let parts = [Measure::Discover, Measure::Request];
        let whole = MEASURES.iter().filter(|(measure, _)| !parts.contains(measure));
        let rows = || whole.clone().filter_map(|(measure, _)| self.rows.get(*measure as usize));
        let lost: u64 = rows().map(|row| row.dropped + row.refused).sum();
        let odd = self.odd.unstarted + self.odd.starved;
        let all = rows().map(|row| row.sent).sum::<u64>() + odd;
        (lost + odd) as f64 / all.max(1) as f64
    }

    /// The figures for a reader.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "{:9} {:>9} {:>9} {:>8} {:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
            "",
            "sent",
            "answered",
            "dropped",
            "refused",
            "per s",
            "mean µs",
            "p50",
            "p90",
            "p99",
            "p99.9",
            "max"
        );
        for (name, row) in self.rows() {
            let done = if name == "release" { row.sent } else { row.answered };
            text += &format!(
                "{name:9} {:9} {:9} {:8} {:8} {:9.0}",
                row.sent,
                row.answered,
                row.dropped,
                row.refused,
                self.rate(done)
            );
            let quantiles = QUANTILES.iter().map(|(_, mille)| row.latency.quantile(*mille));
            let mean = [row.latency.mean()].into_iter();
            for nanos in mean.chain(quantiles).chain([row.latency.max()]) {
                text += &format!(" {:8.0}", nanos as f64 / 1e3);
            }
            text.push('\n');
        }
        let slip = |mille| self.slip.quantile(mille) as f64 / 1e3;
        text += &format!(
            "{:.2} s, {:.2} s of them on the processor; sent behind schedule: p50 {:.0} µs, p99 {:.0} µs, max {:.0} µs\n",
            self.seconds(),
            self.cpu as f64 / 1e9,
            slip(500),
            slip(990),
            self.slip.max() as f64 / 1e3
        );
        let odd = self.odd.named().map(|(name, count)| format!("{name} {count}"));
        text += &format!("{}\n", odd.join(", "));
        text
    }

    /// The figures for a program. Times are in nanoseconds where the name does not say otherwise.
    pub(crate) fn json(&self) -> Value {
        let kinds: serde_json::Map<String, Value> = self
            .rows()
            .map(|(name, row)| {
                let figures = json!({
                    "sent": row.sent,
                    "answered": row.answered,
                    "dropped": row.dropped,
                    "refused": row.refused,
                    "answered-per-second": self.rate(row.answered),
                    "latency-ns": spread(&row.latency),
                });
                (name.to_owned(), figures)
            })
            .collect();
        let odd: serde_json::Map<String, Value> = self
            .odd
            .named()
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        json!({
            "seconds": self.seconds(),
            "generator-cpu-seconds": self.cpu as f64 / 1e9,
            "kinds": kinds,
            "odd": odd,
            "behind-schedule-ns": spread(&self.slip),
        })
    }
}

fn spread(histogram: &Histogram) -> Value {
    let mut spread: serde_json::Map<String, Value> = QUANTILES
        .iter()
        .map(|(name, mille)| ((*name).to_owned(), histogram.quantile(*mille).into()))
        .collect();
    spread.insert("mean".to_owned(), histogram.mean().into());
    spread.insert("max".to_owned(), histogram.max().into());
    Value::Object(spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measure_has_its_row() {
        let mut tally = Tally::default();
        for ((measure, _), sent) in MEASURES.iter().zip(1..) {
            tally.row(*measure).sent = sent;
        }
        let told = tally.json();
        for ((_, name), sent) in MEASURES.iter().zip(1_u64..) {
            assert_eq!(told["kinds"][*name]["sent"], sent, "{name}");
        }
    }

    #[test]
    fn what_is_lost_is_counted_once() {
        let mut tally = Tally::default();
        for (measure, sent, dropped) in [
            (Measure::Discover, 60, 2),
            (Measure::Request, 58, 1),
            (Measure::Exchange, 60, 3),
            (Measure::Offer, 10, 0),
            (Measure::Renew, 20, 1),
            (Measure::Release, 9, 0),
        ] {
            let row = tally.row(measure);
            (row.sent, row.dropped) = (sent, dropped);
        }
        tally.odd.unstarted = 1;
        assert_eq!(tally.lost(), 0.05);
    }

    #[test]
    fn what_was_not_done_is_not_told_and_rates_are_by_the_span() {
        let mut tally = Tally { span: 2_000_000_000, ..Tally::default() };
        let row = tally.row(Measure::Renew);
        (row.sent, row.answered, row.dropped) = (11, 10, 1);
        row.latency.record(5_000);
        let told = tally.json();
        assert_eq!(told["kinds"].as_object().map(serde_json::Map::len), Some(1));
        assert_eq!(told["kinds"]["renew"]["answered-per-second"], 5.0);
        assert_eq!(told["kinds"]["renew"]["latency-ns"]["p99.9"], 5_000);
        let table = tally.table();
        assert_eq!(table.lines().count(), 4, "{table}");
    }
}
