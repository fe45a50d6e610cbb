//! One outcome for each packet (I14), bounds (I12), and silence where nothing is wrong (I17).

use lessor_server::{Event, Level, Server};

use super::{Broken, Invariant, Verdict};
use crate::time::Ns;

/// Rounds of reclaiming that may be parked: none begins while one is.
const SWEEPS_MAX: usize = 1;
/// Addresses on their way to probation that are certainly too many.
const QUARANTINES_MAX: usize = 100;
/// Outputs of one turn that are certainly too many.
const OUTPUTS_MAX: usize = 20_000;
/// Turns in a row at one moment that are certainly too many.
const SPINS_MAX: u32 = 2_000;

/// The books of one life of one server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Books {
    packets: u64,
    ended: u64,
    parked_max: usize,
    last_turn: Ns,
    spins: u32,
}

impl Books {
    /// The configuration in effect allows so many parked exchanges. (What is parked stays parked
    /// when the limit goes down.)
    pub(crate) fn allow(&mut self, parked: u32) {
        let parked = usize::try_from(parked).unwrap_or(usize::MAX);
        self.parked_max = self.parked_max.max(parked);
    }

    /// Packets were handed over.
    pub(crate) const fn took(&mut self, packets: u64) {
        self.packets += packets;
    }

    /// I17: something happened in a server.
    pub(crate) fn event(&mut self, event: &Event, may_err: bool) -> Verdict {
        if matches!(event, Event::Ended { .. }) {
            self.ended += 1;
        }
        if event.level() >= Level::Error && !may_err {
            let what = format!("{} {event}, and no fault was injected", event.id());
            return Err(Broken::new(Invariant::NoError, what));
        }
        Ok(())
    }

    /// I12 and I14: a turn is over.
    pub(crate) fn turned(&mut self, t: Ns, server: &Server, outputs: usize) -> Verdict {
        self.spins = if self.last_turn == t { self.spins + 1 } else { 0 };
        self.last_turn = t;
        let bounded = |what: String| Err(Broken::new(Invariant::Bounded, what));
        if self.spins > SPINS_MAX {
            return bounded(format!("{SPINS_MAX} turns at one moment"));
        }
        if outputs > OUTPUTS_MAX {
            return bounded(format!("{outputs} outputs in one turn"));
        }
        let (mut clients, mut sweeps, mut quarantines) = (0, 0, 0);
        for exchange in server.parked() {
            if exchange.client.is_some() {
                clients += 1;
            } else if exchange.stage == "quarantining" {
                quarantines += 1;
            } else {
                sweeps += 1;
            }
        }
        if clients > self.parked_max || sweeps > SWEEPS_MAX || quarantines > QUARANTINES_MAX {
            let max = self.parked_max;
            let what = format!("{clients} clients parked where {max} may be, and {sweeps} rounds");
            return bounded(what);
        }
        if self.packets != self.ended + clients as u64 {
            let what =
                format!("{} packets, {} ended and {clients} parked", self.packets, self.ended);
            return Err(Broken::new(Invariant::OneOutcome, what));
        }
        Ok(())
    }
}
