//! The summary for people.

use std::fmt;

use super::{Failure, Summary};

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.figures(f)?;
        writeln!(f, "\n{:<24} {:>12} {:>8}", "invariant", "judged", "broken")?;
        for (name, verdicts) in &self.verdicts {
            writeln!(f, "{name:<24} {:>12} {:>8}", verdicts.judged, verdicts.broken)?;
        }
        writeln!(f, "\n{:<24} {:>12} {:>8}", "fault", "took effect", "injected")?;
        for (name, effects) in &self.coverage {
            writeln!(f, "{name:<24} {:>12} {:>8}", effects.took_effect, effects.injected)?;
        }
        self.goals(f)?;
        for failure in &self.failures {
            write!(f, "\n{failure}")?;
        }
        let verdict = match (self.failures.len(), self.missed.len()) {
            (0, 0) => "no invariant was broken".to_owned(),
            (0, missed) => format!("no invariant was broken, but {missed} goals were missed"),
            (failed, _) => format!("{failed} SEEDS FAILED"),
        };
        writeln!(f, "\n{verdict}")
    }
}

impl Summary {
    /// How much was run, and how fast.
    pub(super) fn figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topologies: Vec<String> =
            self.topologies.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let blank = if self.options.is_empty() { "" } else { " " };
        writeln!(
            f,
            "{} seeds from {:#x}{blank}{} ({}){}",
            self.seeds,
            self.from,
            self.options,
            topologies.join(", "),
            self.commit.as_ref().map(|commit| format!(", built from {commit}")).unwrap_or_default()
        )?;
        let cpu = match (self.sim_hours_per_cpu_s, self.cpu_s) {
            (Some(hours), Some(cpu_s)) => {
                format!("; {hours:.0} per second of processor time, of which it took {cpu_s:.1} s")
            }
            _ => String::new(),
        };
        writeln!(
            f,
            "{:.0} simulated hours in {:.1} s with {} threads: {:.0} h/s{cpu}",
            self.sim_hours, self.wall_s, self.jobs, self.sim_hours_per_s
        )?;
        writeln!(
            f,
            "{} events, {} client packets ({:.0}/s), {:.0} effective faults/s, hash {}",
            self.events,
            self.client_packets,
            self.client_packets_per_s,
            self.faults_per_s,
            self.hash
        )
    }

    /// What has to happen now and then.
    pub(super) fn goals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<52} {:>8}", "sometimes", "times")?;
        for (name, count) in &self.goals {
            let mark = if self.missed.contains(name) { "  MISSED" } else { "" };
            writeln!(f, "{name:<52} {count:>8}{mark}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "FAILED seed {:#x} ({}) at {:.3} s: {}\n  {}",
            self.seed, self.topology, self.at_s, self.invariant, self.what
        )?;
        for line in &self.slice {
            writeln!(f, "  {line}")?;
        }
        if let Some(path) = &self.schedule {
            writeln!(f, "  its schedule is kept in {path}")?;
        }
        writeln!(f, "  {}", self.replay)
    }
}
