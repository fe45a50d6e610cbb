//! Probes on their way: who waits for which, and until when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use lessor_policy::Probe;
use lessor_types::{Mono, Unit};

use crate::{ExchangeId, ProbeId};

/// The longest that an address is probed: clients ask again after four seconds (RFC 2131 §4.1).
const WAIT_MAX: Duration = Duration::from_secs(4);

/// How many unanswered probes are remembered, in case that an answer is only late.
const SILENT_MAX: usize = 1024;

/// One address that is being probed.
#[derive(Clone, Debug)]
pub struct Probing {
    /// For whom.
    pub exchange: ExchangeId,
    /// What.
    pub probe: Probe,
    /// How many requests are still to be sent.
    left: u32,
    /// When the next one is due, or the end.
    due: Mono,
    /// When it ends in any case.
    end: Mono,
}

/// What is due.
#[derive(Clone, Debug)]
pub enum Due {
    /// Another request.
    Ask(ProbeId, Probe),
    /// The end: nobody answered.
    Silent(Probing),
}

/// The probes of a server, each of one parked exchange.
#[derive(Debug, Default)]
pub struct Probes {
    by_id: BTreeMap<ProbeId, Probing>,
    due: BTreeSet<(Mono, ProbeId)>,
    /// The last ones that nobody answered in time, oldest first.
    silent: VecDeque<(ProbeId, Probing)>,
    last: u64,
}

impl Probes {
    /// Begins a probe, whose first request goes out now.
    pub fn begin(&mut self, now: Mono, exchange: ExchangeId, probe: Probe) -> ProbeId {
        self.last += 1;
        let id = ProbeId(self.last);
        let each = probe.how.reply_timeout();
        let end = now.after(each.saturating_mul(probe.how.requests).min(WAIT_MAX));
        let due = now.after(each).min(end);
        let left = probe.how.requests.saturating_sub(1);
        self.due.insert((due, id));
        self.by_id.insert(id, Probing { exchange, probe, left, due, end });
        id
    }

    /// Ends a probe, if it has not ended.
    pub fn end(&mut self, id: ProbeId) -> Option<Probing> {
        let probing = self.by_id.remove(&id)?;
        self.due.remove(&(probing.due, id));
        Some(probing)
    }

    /// A probe that was answered after all, if it ended lately.
    pub fn answered_late(&mut self, id: ProbeId) -> Option<Probing> {
        let at = self.silent.iter().position(|(other, _)| *other == id)?;
        self.silent.remove(at).map(|(_, probing)| probing)
    }

    /// Ends all probes of a unit.
    pub fn end_all(&mut self, unit: Unit) -> Vec<Probing> {
        let of_unit = self.by_id.iter().filter(|(_, probing)| probing.probe.unit == unit);
        let ids: Vec<ProbeId> = of_unit.map(|(id, _)| *id).collect();
        ids.into_iter().filter_map(|id| self.end(id)).collect()
    }

    /// The next thing that is due.
    pub fn next_due(&mut self, now: Mono) -> Option<Due> {
        let (at, id) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, id));
        let mut probing = self.by_id.remove(&id)?;
        if probing.left == 0 || probing.end <= now {
            if self.silent.len() >= SILENT_MAX {
                self.silent.pop_front();
            }
            self.silent.push_back((id, probing.clone()));
            return Some(Due::Silent(probing));
        }
        probing.left -= 1;
        probing.due = now.after(probing.probe.how.reply_timeout()).min(probing.end);
        let probe = probing.probe.clone();
        self.due.insert((probing.due, id));
        self.by_id.insert(id, probing);
        Some(Due::Ask(id, probe))
    }

    /// When something is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Mono> {
        self.due.first().map(|(at, _)| *at)
    }
}
