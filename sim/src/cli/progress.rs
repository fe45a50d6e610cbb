//! One line on standard error that says how far a campaign is.

use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::campaign::{Plan, Progress};

/// How often the line is written at most.
const EVERY: Duration = Duration::from_secs(1);
/// How soon the line's thread notices that the campaign is over.
const LOOK: Duration = Duration::from_millis(20);

/// Where and how the line is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    shown: bool,
    /// Whether it is written over itself.
    over: bool,
}

impl Line {
    /// Shown on a terminal, or if `asked` for.
    pub(super) fn new(asked: bool) -> Self {
        let over = std::io::stderr().is_terminal();
        Self { shown: asked || over, over }
    }

    /// Shows the line until the campaign is over.
    pub(super) fn show(self, plan: &Plan, progress: &Progress) {
        let begin = Instant::now();
        let mut written = begin;
        let mut any = false;
        while !progress.over.load(Ordering::Acquire) {
            std::thread::sleep(LOOK);
            if self.shown && written.elapsed() >= EVERY {
                written = Instant::now();
                any = true;
                let end = if self.over { "\x1b[K\r" } else { "\n" };
                let text = line(plan, progress, begin.elapsed());
                let _ = write!(std::io::stderr(), "{text}{end}");
            }
        }
        if any && self.over {
            let _ = write!(std::io::stderr(), "\x1b[K");
        }
    }
}

/// The line: seeds done, failures, simulated hours a second, the time that is left.
fn line(plan: &Plan, progress: &Progress, gone: Duration) -> String {
    let done = progress.done.load(Ordering::Relaxed);
    let failed = progress.failed.load(Ordering::Relaxed);
    let hours = progress.lasted_ms.load(Ordering::Relaxed) / 3_600_000;
    let gone_ms = u64::try_from(gone.as_millis()).unwrap_or(u64::MAX).max(1);
    let budget = plan.until.map(|until| until.saturating_duration_since(Instant::now()));
    let by_seeds = (plan.seeds.saturating_sub(done).checked_mul(gone_ms))
        .and_then(|product| product.checked_div(done))
        .map(Duration::from_millis);
    let left = budget.into_iter().chain(by_seeds).min();
    let of = if plan.seeds == u64::MAX { String::new() } else { format!(" of {}", plan.seeds) };
    let mut text = format!(
        "{done}{of} seeds, {failed} failed, {} simulated h/s",
        hours.saturating_mul(1000) / gone_ms
    );
    if let Some(left) = left {
        let left = left.as_secs();
        text.push_str(&format!(", {}:{:02} left", left / 60, left % 60));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn the_line_says_how_far_and_how_long() {
        let progress = Progress::default();
        progress.done.store(250, Ordering::Relaxed);
        progress.failed.store(2, Ordering::Relaxed);
        progress.lasted_ms.store(7_200_000_000, Ordering::Relaxed);
        let told = line(&Plan::of(1000), &progress, Duration::from_secs(30));
        assert_eq!(told, "250 of 1000 seeds, 2 failed, 66 simulated h/s, 1:30 left");
    }

    #[test]
    fn nothing_is_foretold_before_the_first_seed() {
        let told = line(&Plan::of(1000), &Progress::default(), Duration::from_secs(1));
        assert_eq!(told, "0 of 1000 seeds, 0 failed, 0 simulated h/s");
    }
}
