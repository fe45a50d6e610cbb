//! What a process has used, as the kernel tells it.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};

/// The kernel's clock for `/proc/PID/stat`, on every architecture that Debian has.
const TICK_NANOS: u64 = 10_000_000;

/// Processor time so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Usage {
    user_ticks: u64,
    system_ticks: u64,
    /// Nanoseconds of all threads that are there.
    exact: u64,
    threads: BTreeSet<String>,
}

/// Processor time between two moments, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Spent {
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Usage {
    /// What the process used until now.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let stat = read(&format!("/proc/{pid}/stat"))?;
        let [user_ticks, system_ticks] = ticks(&stat).context("/proc/PID/stat is unfamiliar")?;
        let mut usage = Self { user_ticks, system_ticks, ..Self::default() };
        for thread in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
            let told = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let nanos = told.split(' ').next().and_then(|first| first.parse::<u64>().ok());
            usage.exact += nanos.unwrap_or(0);
            usage.threads.insert(thread.file_name().to_string_lossy().into_owned());
        }
        Ok(usage)
    }

    /// What was used since an earlier moment.
    ///
    /// The sum is the scheduler's, to the nanosecond, unless a thread ended meanwhile; how it
    /// divides into user and system is what the kernel found at its ticks.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let system = self.system_ticks.saturating_sub(earlier.system_ticks);
        let ticks = user + system;
        let exact = self.exact.saturating_sub(earlier.exact);
        let whole = self.threads.is_superset(&earlier.threads) && exact > 0;
        let total = if whole { exact } else { ticks * TICK_NANOS } as f64;
        let share = if ticks == 0 { 0.5 } else { user as f64 / ticks as f64 };
        Spent { user: total * share, system: total * (1.0 - share) }
    }
}

impl Spent {
    pub(crate) fn total(self) -> f64 {
        self.user + self.system
    }
}

/// User and system time of all threads, those that ended among them (proc(5), fields 14 and 15).
fn ticks(stat: &str) -> Option<[u64; 2]> {
    // The second field is a name in parentheses, which may hold anything.
    let (_, after) = stat.rsplit_once(") ")?;
    let mut fields = after.split(' ').skip(11);
    Some([fields.next()?.parse().ok()?, fields.next()?.parse().ok()?])
}

/// Resident memory in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

impl Memory {
    /// What the process has.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let status = read(&format!("/proc/{pid}/status"))?;
        let kilobytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let of = |name| kilobytes(name).with_context(|| format!("no {name} of process {pid}"));
        Ok(Self { now: of("VmRSS:")? * 1024, peak: of("VmHWM:")? * 1024 })
    }
}

/// Datagrams that the kernel had no room for, in the network namespace of the process.
pub(crate) fn receive_drops(pid: u32) -> Result<u64> {
    udp_counter(&read(&format!("/proc/{pid}/net/snmp"))?, "RcvbufErrors")
        .context("the kernel does not count RcvbufErrors")
}

fn udp_counter(snmp: &str, name: &str) -> Option<u64> {
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let at = lines.next()?.split(' ').position(|column| column == name)?;
    lines.next()?.split(' ').nth(at)?.parse().ok()
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name() {
        let stat = "77 (a) b) S 1 77 77 0 -1 4 5 6 7 8 21 34 0 0 20 0 3 0 99 1 2";
        assert_eq!(ticks(stat), Some([21, 34]));
        assert_eq!(ticks("77"), None);
    }

    #[test]
    fn counters_are_found_by_their_column() {
        let snmp = "Ip: A\nIp: 1\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 5 6 7\n";
        assert_eq!(udp_counter(snmp, "RcvbufErrors"), Some(7));
        assert_eq!(udp_counter(snmp, "InErrors"), None);
    }

    #[test]
    fn the_sum_is_exact_and_divided_as_the_ticks_are() {
        let threads = BTreeSet::from(["1".to_owned()]);
        let before = Usage { user_ticks: 1, system_ticks: 1, exact: 5, threads: threads.clone() };
        let after = Usage { user_ticks: 4, system_ticks: 2, exact: 45, threads };
        assert_eq!(after.since(&before), Spent { user: 30.0, system: 10.0 });
        let other = Usage { threads: BTreeSet::from(["2".to_owned()]), ..after };
        assert_eq!(other.since(&before).total(), 4.0 * TICK_NANOS as f64);
    }

    #[test]
    fn we_are_a_process_and_use_something() {
        let own = std::process::id();
        let before = Usage::of(own).expect("our own");
        let memory = Memory::of(own).expect("our own");
        assert!(0 < memory.now && memory.now <= memory.peak);
        let after = Usage::of(own).expect("our own");
        assert!(after.since(&before).total() >= 0.0);
        receive_drops(own).expect("Linux counts them");
    }
}
