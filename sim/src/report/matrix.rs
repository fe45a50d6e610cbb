//! How far a campaign got: kind of fault by topology, goals, invariants, and what servers said.

use std::fmt;

use super::{Effects, Summary};

/// The width of a number's column: two of up to seven digits and what stands between them.
const CELL: usize = 17;

/// A summary, to be shown by what it covers.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a>(&'a Summary);

impl Summary {
    /// The summary by what it covers.
    #[must_use]
    pub const fn matrix(&self) -> Matrix<'_> {
        Matrix(self)
    }
}

fn cell(effects: Option<&Effects>) -> String {
    match effects {
        // A kind that a topology can't have, or that these seeds never drew.
        None | Some(Effects { injected: 0, .. }) => "-".to_owned(),
        Some(effects) => format!("{} of {}", effects.took_effect, effects.injected),
    }
}

impl fmt::Display for Matrix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(summary) = self;
        summary.figures(f)?;
        write!(f, "\n{:<20}", "took effect of")?;
        for topology in summary.by_topology.keys() {
            write!(f, " {topology:>CELL$}")?;
        }
        writeln!(f, " {:>CELL$}", "all")?;
        for (kind, all) in &summary.coverage {
            write!(f, "{kind:<20}")?;
            for effects in summary.by_topology.values() {
                write!(f, " {:>CELL$}", cell(effects.get(kind)))?;
            }
            let idle = if all.injected > 0 && all.took_effect == 0 { "  NONE" } else { "" };
            writeln!(f, " {:>CELL$}{idle}", cell(Some(all)))?;
        }
        writeln!(f, "\n{:<24} {:>12}", "invariant", "judged")?;
        for (name, verdicts) in &summary.verdicts {
            let never = if verdicts.judged == 0 { "  NEVER" } else { "" };
            writeln!(f, "{name:<24} {:>12}{never}", verdicts.judged)?;
        }
        summary.goals(f)?;
        writeln!(f, "\n{:<40} {:>12}", "servers said", "times")?;
        for (id, count) in &summary.said {
            writeln!(f, "{id:<40} {count:>12}")?;
        }
        if !summary.unsaid.is_empty() {
            writeln!(f, "\nreasons for silence that no server had:")?;
            for id in &summary.unsaid {
                writeln!(f, "  {id}")?;
            }
        }
        let missed = summary.missed.len();
        match missed {
            0 => writeln!(f, "\nno goal was missed"),
            _ => writeln!(f, "\n{missed} goals were MISSED: {}", summary.missed.join("; ")),
        }
    }
}
