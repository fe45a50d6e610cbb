//! Lifetimes, timers and the reuse of leases, each inherited by itself.

use lessor_types::Secs;

use super::section::{Chain, Found, ppm, whole};
use crate::diagnostic::{Diagnostic, Diagnostics, Level};
use crate::json::Value;
use crate::model::{Lifetime, Tee};

/// The lifetimes that hold in the innermost map of `chain`.
pub(super) fn read_lifetime(chain: Chain<'_>, out: &mut Diagnostics) -> Lifetime {
    let secs = |key| chain.find(key, |value| whole(value).map(Secs));
    let default = secs("valid-lifetime");
    let value = default.map_or_else(|| Lifetime::default().default, |found| found.value);
    let by_default = if default.is_some() { "" } else { " by default" };
    let mut bound = |key, is_lawful: fn(Secs, Secs) -> bool, relation| {
        let bound = secs(key)?;
        if is_lawful(bound.value, value) {
            return Some(bound.value);
        }
        let clash = Clash {
            level: Level::Error,
            told: format!(
                "{key} {} is {relation} valid-lifetime, which is {value}{by_default}",
                bound.value
            ),
            hint: "min-valid-lifetime <= valid-lifetime <= max-valid-lifetime",
        };
        clash.tell(chain, (key, Some(bound)), ("valid-lifetime", default), out);
        None
    };
    let min = bound("min-valid-lifetime", |min, value| min <= value, "above");
    let max = bound("max-valid-lifetime", |max, value| max >= value, "below");
    Lifetime { default: value, min: min.unwrap_or(value), max: max.unwrap_or(value) }
}

/// When clients of the innermost map of `chain` renew and rebind.
pub(super) fn read_tee(chain: Chain<'_>, out: &mut Diagnostics) -> Tee {
    const HINT: &str = "a client renews before it rebinds";
    let default = Tee::default();
    let secs = |key| chain.find(key, |value| whole(value).map(Secs));
    let (renew, rebind) = (secs("renew-timer"), secs("rebind-timer"));
    if let (Some(t1), Some(t2)) = (renew, rebind)
        && t1.value > t2.value
    {
        let clash = Clash {
            level: Level::Warning,
            told: format!("renew-timer {} is above rebind-timer {}", t1.value, t2.value),
            hint: HINT,
        };
        clash.tell(chain, ("renew-timer", renew), ("rebind-timer", rebind), out);
    }
    let calculate = chain.find("calculate-tee-times", Value::as_bool);
    let (t1, t2) = (chain.find("t1-percent", ppm), chain.find("t2-percent", ppm));
    let tee = Tee {
        renew: renew.map(|found| found.value),
        rebind: rebind.map(|found| found.value),
        calculate: calculate.map_or(default.calculate, |found| found.value),
        t1_ppm: t1.map_or(default.t1_ppm, |found| found.value),
        t2_ppm: t2.map_or(default.t2_ppm, |found| found.value),
    };
    if tee.calculate && tee.t1_ppm >= tee.t2_ppm {
        let clash = Clash {
            level: Level::Error,
            told: "t1-percent is not below t2-percent".to_owned(),
            hint: HINT,
        };
        clash.tell(chain, ("t1-percent", t1), ("t2-percent", t2), out);
    }
    tee
}

/// Two settings that do not go together.
struct Clash {
    level: Level,
    told: String,
    hint: &'static str,
}

impl Clash {
    /// Tells it of the setting that is further in, since that one met what was there. If neither
    /// is in the innermost map, it was told where they are.
    fn tell<T>(
        self,
        chain: Chain<'_>,
        one: (&str, Option<Found<T>>),
        two: (&str, Option<Found<T>>),
        out: &mut Diagnostics,
    ) {
        let depth = |found: &Option<Found<T>>| found.as_ref().map_or(usize::MAX, |it| it.depth);
        let (main, other) = if depth(&one.1) <= depth(&two.1) { (one, two) } else { (two, one) };
        let (Some(found), Some(section)) = (main.1, chain.0.first()) else {
            return;
        };
        if found.depth > 0 {
            return;
        }
        let path = section.path.key(main.0);
        let finding = Diagnostic::new(self.level, found.span, path, self.told).hint(self.hint);
        out.push(match other.1 {
            Some(elsewhere) => finding.related(elsewhere.span, other.0),
            None => finding,
        });
    }
}
