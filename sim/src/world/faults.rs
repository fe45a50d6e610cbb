//! What goes wrong.

use crate::check::{Broken, Invariant};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between};
use crate::history::What;
use crate::node::file::FileStore;
use crate::node::{Armed, ArmedTurn, Node};
use crate::plan::{self, read_config};
use crate::schedule::{FaultKind, Flaw};
use crate::time::{MS, Ns, SEC};

use super::{Event, World};

impl World<'_> {
    pub(super) fn on_fault(&mut self, place: usize) {
        let Some(fault) = self.schedule.faults.get(place).filter(|_| !self.healed) else {
            return;
        };
        let kind = fault.kind;
        self.note(None, What::Fault(fault.id, &kind, true));
        if let Some(count) = self.coverage.injected.get_mut(kind.index()) {
            *count += 1;
        }
        self.active.push(place);
        let length = fault.for_ms * MS;
        match kind {
            FaultKind::Loss { .. }
            | FaultKind::Duplicate { .. }
            | FaultKind::Delay { .. }
            | FaultKind::Partition { .. }
            | FaultKind::RelayLoss { .. }
            | FaultKind::RelayDuplicate { .. }
            | FaultKind::Corrupt { .. }
            | FaultKind::Reorder { .. }
            | FaultKind::Clog { .. }
            | FaultKind::Swizzle { .. } => self.lan.begin(place, fault),
            FaultKind::Squat { addr } => {
                self.squatted.insert(addr, place);
            }
            FaultKind::Pause { server } => {
                if let Some(node) = self.nodes.get_mut(usize::from(server)) {
                    node.paused_until = self.t + length;
                    self.effect(place);
                }
            }
            FaultKind::Crash { server, power } => self.strike_down(place, server, power, length),
            FaultKind::CrashAtDisk { server, calls, power } => {
                self.arm(place, server, calls, power)
            }
            FaultKind::ClockJump { server, by_ms } => self.jump(place, server, by_ms),
            FaultKind::Reconfigure { config } => self.reconfigure(place, config),
            FaultKind::DiskFail { server, call } => {
                if let Some(node) = self.nodes.get_mut(usize::from(server))
                    && let Some(file) = &node.file
                {
                    node.may_err = true;
                    file.fail_next(call);
                }
            }
            FaultKind::DiskFull { server, room } => self.fill(server, Some(room)),
            FaultKind::PartnerGone { detect_ms } => self.partner_goes(detect_ms),
            FaultKind::Restore { server } => {
                // A copy of what has rotted would be as rotten, and nothing would tell.
                let node = self.nodes.get_mut(usize::from(server)).filter(|node| node.is_up());
                if let Some(file) = node.and_then(|node| node.file.as_mut()) {
                    file.back_up();
                }
            }
            FaultKind::ClockLost { server } => self.lose_clock(place, server),
            FaultKind::Rot { server, further } => self.rot(place, server, further, length),
            FaultKind::CrashInTurn { server, outputs, power } => {
                self.arm_turn(place, server, outputs, power);
            }
            FaultKind::BadConfig { flaw } => self.misconfigure(place, flaw),
            FaultKind::Compact { server } => self.order_compaction(place, server),
            FaultKind::StoreFailover { commits } => self.fail_over(place, commits),
            FaultKind::StoreReadOnly { .. } => {
                self.nodes.iter_mut().for_each(|node| node.may_err = true);
            }
            FaultKind::StoreBadRow { addr } => self.spoil(place, addr),
            FaultKind::DiskSlow { .. }
            | FaultKind::StoreOutage
            | FaultKind::StoreCutBefore { .. }
            | FaultKind::StoreCutAfter { .. }
            | FaultKind::StoreRetry { .. }
            | FaultKind::StoreSlow { .. }
            | FaultKind::StoreBusy { .. }
            | FaultKind::StoreStale { .. }
            | FaultKind::StorePool { .. }
            | FaultKind::StoreHang
            | FaultKind::PartnerSlow { .. }
            | FaultKind::PartnerRejects { .. } => {}
        }
    }

    pub(super) fn on_fault_over(&mut self, place: usize) {
        let Some(at) = self.active.iter().position(|other| *other == place) else {
            return;
        };
        self.active.remove(at);
        let Some(fault) = self.schedule.faults.get(place) else {
            return;
        };
        self.note(None, What::Fault(fault.id, &fault.kind, false));
        match fault.kind {
            FaultKind::Squat { addr } => {
                self.squatted.remove(&addr);
            }
            FaultKind::DiskFull { server, .. } => self.fill(server, None),
            FaultKind::CrashAtDisk { server, .. } => {
                let node = self.nodes.get_mut(usize::from(server));
                if let Some(node) = node
                    && node.armed.is_some_and(|armed| armed.place == place)
                {
                    node.armed = None;
                    if let Some(file) = &node.file {
                        file.crash_at(None);
                    }
                }
            }
            FaultKind::CrashInTurn { server, .. } => {
                if let Some(node) = self.nodes.get_mut(usize::from(server)) {
                    node.armed_turn = node.armed_turn.take().filter(|armed| armed.place != place);
                }
            }
            FaultKind::Compact { server } => {
                if let Some(node) = self.nodes.get_mut(usize::from(server)) {
                    node.ordered = node.ordered.filter(|ordered| *ordered != place);
                }
            }
            FaultKind::StoreBadRow { addr } => self.store.restore_row(addr.into()),
            FaultKind::PartnerGone { .. } => self.partner_returns(),
            FaultKind::Restore { server } => self.restore(place, server),
            FaultKind::ClockLost { server } => self.set_clock(server),
            _ => self.lan.end(place),
        }
    }

    /// Takes a server down at once.
    ///
    /// Not the machine while a leap forward is noted nowhere: then nothing but the wall clock is
    /// left to a server that starts.
    fn strike_down(&mut self, place: usize, server: u8, power: bool, down_for: Ns) {
        let server = usize::from(server);
        let able = self.nodes.get(server);
        if able.is_some_and(|node| node.is_up() && !(power && node.leap_open)) {
            self.effect(place);
            self.crash(server, power, down_for);
        }
    }

    /// The lease files of yesterday take the place of today's.
    fn restore(&mut self, place: usize, server: u8) {
        let (t, longest) = (self.t, self.longest);
        let server = usize::from(server);
        let able = |node: &Node| {
            let known = node.file.as_ref().is_some_and(FileStore::can_restore);
            node.is_up() && node.armed.is_none() && known
        };
        if !self.nodes.get(server).is_some_and(able) {
            return;
        }
        self.effect(place);
        self.crash(server, false, SEC);
        if let Some(node) = self.nodes.get_mut(server) {
            node.has_leapt = true;
            node.restored_until = t + longest + longest / 1000 + 10 * SEC;
            if let Some(file) = &mut node.file {
                file.restore();
            }
        }
    }

    /// The medium changes what was written. One bit costs nothing; more cost the rows around them.
    fn rot(&mut self, place: usize, server: u8, further: bool, down_for: Ns) {
        let Some(fault) = self.schedule.faults.get(place) else {
            return;
        };
        let mut rng = draw::draw(self.seed, Kind::Fault, fault.id, 0, 1);
        let (t, longest) = (self.t, self.longest);
        let server = usize::from(server);
        let able = |node: &Node| node.is_up() && node.armed.is_none();
        if !self.nodes.get(server).is_some_and(able) {
            return;
        }
        self.crash(server, false, down_for);
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        if !node.file.as_mut().is_some_and(|file| file.rot(&mut rng, further)) {
            return;
        }
        if further {
            node.may_err = true;
            node.has_leapt = true;
            node.restored_until = t + longest + longest / 1000 + 10 * SEC;
        }
        self.effect(place);
    }

    /// A machine without a battery for its clock loses its power.
    fn lose_clock(&mut self, place: usize, server: u8) {
        let t = self.t;
        self.strike_down(place, server, true, 2 * SEC);
        if let Some(node) = self.nodes.get_mut(usize::from(server))
            && !node.is_up()
            && node.powered_off
            && node.clock_lost.is_none()
        {
            node.has_leapt = true;
            node.clock_lost = Some(node.clock.lose(t));
        }
    }

    /// A time service has found its clock.
    fn set_clock(&mut self, server: u8) {
        let (t, longest) = (self.t, self.longest);
        if let Some(node) = self.nodes.get_mut(usize::from(server))
            && let Some(by_ms) = node.clock_lost.take()
        {
            node.clock.jump(by_ms);
            node.leap_open = true;
            node.leapt_until = t + longest + longest / 1000 + 10 * SEC;
        }
    }

    /// Sets a crash point on a server's disk. (The same exception.)
    fn arm(&mut self, place: usize, server: u8, calls: u64, power: bool) {
        let Some(fault) = self.schedule.faults.get(place) else {
            return;
        };
        let mut rng = draw::draw(self.seed, Kind::Fault, fault.id, 0, 1);
        let down_for = between(&mut rng, 50 * MS, 20 * SEC);
        let Some(node) = self.nodes.get_mut(usize::from(server)) else {
            return;
        };
        if power && node.leap_open {
            return;
        }
        if let Some(file) = &node.file {
            file.crash_at(Some(calls));
            node.armed = Some(Armed { place, power, down_for });
        }
    }

    /// Lets a server go down between two outputs of a turn.
    fn arm_turn(&mut self, place: usize, server: u8, outputs: u64, power: bool) {
        let Some(fault) = self.schedule.faults.get(place) else {
            return;
        };
        let mut rng = draw::draw(self.seed, Kind::Fault, fault.id, 0, 4);
        let down_for = between(&mut rng, 50 * MS, 20 * SEC);
        if let Some(node) = self.nodes.get_mut(usize::from(server)) {
            node.armed_turn = Some(ArmedTurn { place, power, down_for, outputs });
        }
    }

    /// An operator loads a configuration that is not lawful: it is refused, and everything goes on.
    fn misconfigure(&mut self, place: usize, flaw: Flaw) {
        let Some(text) = self.schedule.configs.get(self.config) else {
            return;
        };
        let flawed = plan::flawed(text, flaw);
        match read_config(&flawed) {
            Err(_) => {
                self.effect(place);
                if self.nodes.iter().any(|node| node.parked() > 0) {
                    self.reach(Goal::BadConfigWhileWaiting);
                }
            }
            Ok(_) => {
                let what = format!("a configuration with a flaw was taken: {flaw:?}");
                let verdict = Err(Broken::new(Invariant::Conformance, what));
                self.judge(Invariant::Conformance, verdict);
            }
        }
    }

    /// Lets a server's wall clock jump, whether the process runs or not: but not forward while the
    /// machine is down, or may go down any moment, or has noted nothing since its start.
    pub(super) fn jump(&mut self, place: usize, server: u8, by_ms: i64) {
        let (t, longest) = (self.t, self.longest);
        let Some(node) = self.nodes.get_mut(usize::from(server)) else {
            return;
        };
        let is_doomed = node.armed.is_some_and(|armed| armed.power);
        let knows_boot = node.file.as_ref().is_none_or(FileStore::knows_boot);
        if node.powered_off || (by_ms > 0 && (is_doomed || !knows_boot)) {
            return;
        }
        node.clock.jump(by_ms);
        node.has_leapt = true;
        if by_ms > 0 {
            node.leap_open = true;
            node.leapt_until = t + longest + longest / 1000 + 10 * SEC;
        }
        self.effect(place);
        // The server's timers are its monotonic clock's, so nothing wakes it for this.
    }

    fn reconfigure(&mut self, place: usize, config: usize) {
        if config == self.config || config >= self.configs.len() {
            return;
        }
        self.config = config;
        self.effect(place);
        let Some(fault) = self.schedule.faults.get(place) else {
            return;
        };
        for server in (0_u8..).take(self.nodes.len()) {
            let id = u32::from(server);
            let mut rng = draw::draw(self.seed, Kind::Fault, fault.id, id, 2);
            let wait = between(&mut rng, 0, SEC);
            let name = (16, fault.id, u64::from(server));
            self.push(self.t + wait, name, Event::Configure(server, config));
        }
    }

    pub(super) fn fill(&mut self, server: u8, room: Option<u64>) {
        if let Some(node) = self.nodes.get_mut(usize::from(server))
            && let Some(file) = &node.file
        {
            file.set_room(room);
            node.may_err = true;
        }
    }
}
