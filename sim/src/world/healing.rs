//! The end of what goes wrong.

use super::World;
use crate::coverage::Goal;
use crate::draw::{self, Kind};
use crate::history::What;
use crate::schedule::{Core, Order};
use crate::time::SEC;

/// After how long it is noticed that the partner stays silent, in milliseconds.
const SILENCE_MS: u64 = 10_000;

impl World<'_> {
    /// The faults are over, for good: all of the world is healed, or a core of it that can serve
    /// everybody, and the rest stays down.
    pub(super) fn on_heal(&mut self) {
        self.note(None, What::Phase("liveness"));
        for place in self.active.clone() {
            self.on_fault_over(place);
        }
        self.healed = true;
        self.lan.heal(self.schedule.core);
        self.squatted.clear();
        self.store.restore_rows();
        if let Some(lost) = self.lost_server() {
            self.crash(lost, true, SEC);
            if let Some(node) = self.nodes.get_mut(lost) {
                node.is_gone = true;
            }
        }
        if let Some(core) = self.schedule.core {
            self.leave_broken(core);
        }
        for server in 0..self.nodes.len() {
            let Some(node) = self.nodes.get_mut(server) else {
                continue;
            };
            node.paused_until = node.paused_until.min(self.t);
            let is_off = node.off.is_some();
            if !node.is_up() && !node.is_gone {
                self.start(server);
            } else {
                self.wake(server, self.t);
            }
            let mut rng =
                draw::draw(self.seed, Kind::Fault, 0, u32::try_from(server).unwrap_or(0), 5);
            if is_off && rng.chance_ppm(700_000) {
                self.on_order(u32::MAX, server, Order::Enable);
            }
        }
    }

    /// The server that stays down.
    fn lost_server(&self) -> Option<usize> {
        if let Some(core) = self.schedule.core {
            return core.dead.map(usize::from).filter(|dead| *dead < self.nodes.len());
        }
        let mut rng = draw::draw(self.seed, Kind::Fault, 0, 0, 3);
        let is_lost = self.nodes.len() > 1 && rng.chance_ppm(300_000);
        is_lost.then(|| usize::try_from(rng.below(self.nodes.len() as u64)).unwrap_or(0))
    }

    /// What is not in the core stays as broken as can be.
    fn leave_broken(&mut self, core: Core) {
        if core.alone && !self.alone {
            self.alone = true;
            self.partner_goes(SILENCE_MS);
            self.reach(Goal::AloneForEver);
        }
        if core.dead.is_some() || core.cut.is_some() {
            self.reach(Goal::LostServer);
        }
        if self.clients.iter().any(|client| !core.has(client.id) && !client.is_off()) {
            self.reach(Goal::CutOffForEver);
        }
    }
}
