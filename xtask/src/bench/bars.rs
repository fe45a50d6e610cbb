//! What was wanted of the server, beside what was found. A bar is told, never asserted: what a
//! machine measures is no property of the code alone.

use serde_json::{Value, json};

use super::figures::{Better, Figures, Ratio, Series};
use super::parts::{cpu, fill, million, rate, reload};
use super::subject::Subject;

/// A reload that takes less than this on Kea is no trouble to anybody.
const TROUBLE_MILLIS: f64 = 1000.0;

/// One bar and what was found.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Bar {
    pub(crate) text: String,
    pub(crate) limit: f64,
    pub(crate) reached_by: Better,
    pub(crate) found: Ratio,
}

impl Bar {
    pub(crate) fn is_reached(&self) -> bool {
        match self.reached_by {
            Better::Less => self.found.of_medians <= self.limit,
            Better::More => self.found.of_medians >= self.limit,
        }
    }

    /// What was wanted, as `at most 0.1`.
    pub(crate) fn wanted(&self) -> String {
        match self.reached_by {
            Better::Less => format!("at most {}", self.limit),
            Better::More => format!("at least {}", self.limit),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "text": self.text,
            "wanted": self.wanted(),
            "found": self.found.of_medians,
            "least": self.found.least,
            "greatest": self.found.greatest,
            "reached": self.is_reached(),
        })
    }
}

const KEA: [&str; 2] = [Subject::Kea.name(), Subject::KeaThreads.name()];

/// All bars for which there are figures.
pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    let ours = |part: &str, name: &str| figures.get(part, name, Subject::Lessor.name());
    let by_kea =
        |part: &str, name: &str| Ratio::of(ours(part, name)?, figures.best(part, name, &KEA)?);
    let slow_reload = figures
        .best(reload::PART, reload::TIME, &KEA)
        .is_some_and(|kea: &Series| kea.median() >= TROUBLE_MILLIS);
    let mut bars = Vec::new();
    let mut bar = |text: &str, reached_by, limit, found: Option<Ratio>| {
        if let Some(found) = found {
            bars.push(Bar { text: text.to_owned(), limit, reached_by, found });
        }
    };
    let less = Better::Less;
    let user = by_kea(cpu::PART, cpu::USER);
    bar("user CPU per exchange at equal rate, by Kea's", less, 0.1, user);
    let ceiling = figures.get(rate::PART, rate::SUSTAINED, Subject::Null.name());
    let sustained = ours(rate::PART, rate::SUSTAINED).zip(ceiling);
    let sustained = sustained.and_then(|(ours, null)| Ratio::of(ours, null));
    bar("sustained rate, by the null responder's", Better::More, 0.5, sustained);
    for (detail, start, memory) in million::BARS {
        let text = format!("a million leases ({detail}): start until the first answer, by Kea's");
        bar(&text, less, 0.2, by_kea(million::PART, start));
        let text = format!("a million leases ({detail}): resident memory, by Kea's");
        bar(&text, less, 0.25, by_kea(million::PART, memory));
    }
    let reload = by_kea(reload::PART, reload::TIME).filter(|_| slow_reload);
    bar("reload of 10,000 subnets, by Kea's (which needs seconds)", less, 0.1, reload);
    let ours_by_fill = |name: &str, full: &str, empty: &str| {
        let name = |fill: &str| fill::named(name, fill);
        Ratio::of(ours(fill::PART, &name(full))?, ours(fill::PART, &name(empty))?)
    };
    let cost = ours_by_fill(fill::CPU_FORGONE, "99.9 %", "0 %");
    bar("allocation: CPU at 99.9 % fill, by that at 0 %", less, 2.0, cost);
    let time = ours_by_fill(fill::OFFER_P50, "99.9 %", "0 %");
    bar("allocation: time to OFFER at 99.9 % fill, by that at 0 %", less, 2.0, time);
    let full = ours_by_fill(fill::CPU_ALONE, "100 %", "0 %");
    bar("CPU of a DISCOVER on a full pool, by one that is served", less, 1.0, full);
    bars
}

#[cfg(test)]
mod tests {
    use super::super::figures::Measure;
    use super::*;

    fn add(figures: &mut Figures, part: &str, name: &str, subject: Subject, sample: f64) {
        let better = if name == rate::SUSTAINED { Better::More } else { Better::Less };
        let (part, name, unit) = (part.to_owned(), name.to_owned(), String::new());
        figures.add(&Measure { part, name, unit, better }, subject.name(), sample);
    }

    #[test]
    fn ours_are_held_against_the_better_of_keas() {
        let mut figures = Figures::new("here");
        assert_eq!(judge(&figures), []);
        add(&mut figures, cpu::PART, cpu::USER, Subject::Lessor, 10.0);
        add(&mut figures, cpu::PART, cpu::USER, Subject::Kea, 95.0);
        add(&mut figures, cpu::PART, cpu::USER, Subject::KeaThreads, 200.0);
        add(&mut figures, rate::PART, rate::SUSTAINED, Subject::Lessor, 60.0);
        add(&mut figures, rate::PART, rate::SUSTAINED, Subject::Null, 100.0);
        let reached: Vec<_> = judge(&figures).iter().map(Bar::is_reached).collect();
        assert_eq!(reached, [false, true]);
    }

    #[test]
    fn a_reload_that_is_quick_on_kea_is_no_bar() {
        for (kea, bars) in [(900.0, 0), (3000.0, 1)] {
            let mut figures = Figures::new("here");
            add(&mut figures, reload::PART, reload::TIME, Subject::Lessor, 200.0);
            add(&mut figures, reload::PART, reload::TIME, Subject::Kea, kea);
            assert_eq!(judge(&figures).len(), bars);
        }
    }
}
