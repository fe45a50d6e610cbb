//! The exclusive store: a lease file whose every step takes its time.

use lessor_lease::{Lost, Memory, Outcome, StoreBatch, StoreFailure};
use lessor_server::Input;

use super::{DiskStep, Event, World};
use crate::check::Invariant;
use crate::coverage::Goal;
use crate::draw::{self, Kind, between, log_between};
use crate::history::What;
use crate::node::file::{Compacted, Done, NoteTaken, Opened};
use crate::planted::Bug;
use crate::schedule::FaultKind;
use crate::time::{MS, Ns, SEC, US};

impl World<'_> {
    /// Takes a batch from a server.
    pub(super) fn take_batch(&mut self, server: usize, batch: StoreBatch) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        let Some(file) = &mut node.file else {
            return self.send_batch(server, batch);
        };
        let count = batch.changes.len() as u64;
        let is_next = file.push(batch);
        self.history.note(self.t, None, What::Store(id, "takes a batch of", count));
        if is_next {
            self.disk_step(id, life, DiskStep::Append, 10 * US, 200 * US);
        }
    }

    fn disk_step(&mut self, id: u8, life: u32, step: DiskStep, low: Ns, high: Ns) {
        self.counts.disk += 1;
        let number = self.counts.disk;
        let mut rng = draw::draw(self.seed, Kind::Disk, u32::from(id), life, self.t);
        let wait = log_between(&mut rng, low.max(1), high);
        let name = (10, u32::from(id), number);
        self.push(self.t + wait, name, Event::Disk(id, life, step));
    }

    pub(super) fn on_disk(&mut self, server: usize, life: u32, step: DiskStep) {
        let alive = self.nodes.get(server);
        if !alive.is_some_and(|node| node.life == life && node.is_up()) {
            return;
        }
        match step {
            DiskStep::Append => self.on_append(server),
            DiskStep::Sync => self.on_sync(server),
            DiskStep::Reopen => self.on_reopen(server),
            DiskStep::Rotate => self.on_rotate(server),
            DiskStep::Compact => self.on_compact(server),
        }
    }

    fn on_append(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        let Some(file) = &mut node.file else {
            return;
        };
        let done = file.append();
        let early = file.report_early();
        let written = matches!(done, Done::Written);
        self.finish(server, done);
        if let Some((batch, outcomes)) = early {
            self.report(server, &batch, outcomes);
        }
        if written {
            self.history.note(self.t, None, What::Store(id, "appended", 0));
            let mut high = self.schedule.store.latency_us * US;
            let slow = self.active(|kind| match kind {
                FaultKind::DiskSlow { server, max_ms } if *server == id => Some(*max_ms),
                _ => None,
            });
            for (place, max_ms) in slow {
                high = high.max(max_ms * MS);
                self.effect(place);
            }
            let low = (high / 8).clamp(20 * US, SEC);
            self.disk_step(id, life, DiskStep::Sync, low, high);
        }
    }

    fn on_sync(&mut self, server: usize) {
        let held = self.visitor.as_ref().is_some_and(|visitor| visitor.holds_syncs);
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        if held {
            return self.disk_step(id, life, DiskStep::Sync, MS, 2 * MS);
        }
        let Some(file) = &mut node.file else {
            return;
        };
        let done = file.sync();
        self.history.note(self.t, None, What::Store(id, "synced", 0));
        self.finish(server, done);
        self.follow_order(server);
        let more = self.nodes.get(server).and_then(|node| node.file.as_ref());
        if more.is_some_and(|file| file.has_work()) {
            self.disk_step(id, life, DiskStep::Append, 10 * US, 200 * US);
        }
    }

    /// Does what a step of the store asks for.
    fn finish(&mut self, server: usize, done: Done) {
        match done {
            Done::Idle | Done::Written => {}
            Done::Settled(batch, outcomes) => {
                if let Some(Outcome::Refused(refusal)) = outcomes.first() {
                    self.disk_failed(server);
                    if *refusal == lessor_lease::Refusal::Full {
                        self.reach(Goal::DiskFull);
                    }
                }
                let is_done = outcomes.first() == Some(&Outcome::Done);
                for change in batch.changes.iter().filter(|_| is_done) {
                    self.judge_row(server, change);
                }
                self.report(server, &batch, outcomes);
            }
            Done::Lost(batch, outcomes, failure) => {
                self.report(server, &batch, outcomes);
                self.store_lost(server, failure);
            }
            Done::Closed(failure) => self.store_lost(server, failure),
            Done::Crashed => self.disk_crashed(server),
        }
    }

    fn report(&mut self, server: usize, batch: &StoreBatch, outcomes: Vec<Outcome>) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        node.inputs.push_back(Input::Stored { first: batch.first, outcomes });
        self.wake(server, self.t);
    }

    fn store_lost(&mut self, server: usize, failure: StoreFailure) {
        self.disk_failed(server);
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        node.inputs.push_back(Input::StoreLost(failure));
        self.note(None, What::Store(id, "is lost", 0));
        self.wake(server, self.t);
        if self.bug != Some(Bug::NeverReopened) {
            self.disk_step(id, life, DiskStep::Reopen, 50 * MS, 16 * SEC);
        }
    }

    fn on_reopen(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        let Some(file) = &mut node.file else {
            return;
        };
        match file.open() {
            Opened::Rows { rows, verdict, rot, .. } => {
                let count = rows.len() as u64;
                if rot.damaged {
                    node.inputs.push_back(Input::LeasesMissing(Lost::Damaged));
                }
                node.inputs.push_back(Input::StoreReopened(rows));
                node.reopened += 1;
                self.note(None, What::Store(id, "is open again with rows", count));
                self.judge(Invariant::RecoveredFold, verdict);
                self.note_rot(rot);
                self.reach(Goal::ReopenedAfterFailedSync);
                self.wake(server, self.t);
            }
            Opened::Crashed => {
                self.reach(Goal::RecoveryInterrupted);
                self.disk_crashed(server);
            }
            Opened::Failed => {
                self.disk_failed(server);
                self.disk_step(id, life, DiskStep::Reopen, SEC, 8 * SEC);
            }
        }
    }

    /// Keeps what a server wants to be remembered.
    pub(super) fn take_memory(&mut self, server: usize, memory: Memory) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let Some(file) = &mut node.file else {
            return;
        };
        let before = file.failures;
        let taken = file.remember(memory);
        let failed = file.failures > before;
        match taken {
            NoteTaken::Kept => {
                node.leap_open = false;
                node.noted_at = self.t;
            }
            NoteTaken::Failed if failed => self.disk_failed(server),
            NoteTaken::Failed => {}
            NoteTaken::Crashed => self.disk_crashed(server),
        }
    }

    /// A call to the disk failed: the faults that were meant to make it fail took effect.
    pub(super) fn disk_failed(&mut self, server: usize) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let id = node.id;
        let guilty = self.active(|kind| match kind {
            FaultKind::DiskFail { server, .. } | FaultKind::DiskFull { server, .. } => {
                (*server == id).then_some(())
            }
            _ => None,
        });
        for (place, ()) in guilty {
            self.effect(place);
        }
    }

    /// The disk has met the crash point that was set for it.
    fn disk_crashed(&mut self, server: usize) {
        let armed = self.nodes.get_mut(server).and_then(|node| node.armed.take());
        let Some(armed) = armed else {
            return;
        };
        self.effect(armed.place);
        self.crash(server, armed.power, armed.down_for);
    }

    // --- compaction ---

    pub(super) fn begin_compaction_timer(&mut self, server: usize) {
        let Some(node) = self.nodes.get(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        if let Some(every) = self.schedule.store.compact_every_ms
            && node.file.is_some()
            && !self.healed
        {
            self.disk_step(id, life, DiskStep::Rotate, every * MS / 2, every * MS);
        }
    }

    fn on_rotate(&mut self, server: usize) {
        if !self.healed && self.rotate(server).is_some() {
            self.begin_compaction_timer(server);
        }
    }

    /// Somebody wants a lease file compacted: the next time that it is not half written, which is
    /// when a batch is synced and nobody has been told yet.
    pub(super) fn order_compaction(&mut self, place: usize, server: u8) {
        if let Some(node) = self.nodes.get_mut(usize::from(server)) {
            node.ordered = Some(place);
        }
    }

    fn follow_order(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let waiting = node.ordered.is_some() && node.parked() > 0;
        if let Some(place) = node.ordered.take()
            && self.rotate(server) == Some(true)
        {
            self.effect(place);
            if waiting {
                self.reach(Goal::CompactedUnderLoad);
            }
        }
    }

    /// Begins a compaction if that can be: whether it did; none: the disk has crashed.
    fn rotate(&mut self, server: usize) -> Option<bool> {
        let node = self.nodes.get_mut(server)?;
        let (id, life) = (node.id, node.life);
        let file = node.file.as_mut()?;
        let (before, was_compacting) = (file.failures, file.is_compacting());
        let done = file.rotate();
        let (compacting, failed) = (file.is_compacting(), file.failures > before);
        if failed {
            self.disk_failed(server);
        }
        let crashed = matches!(done, Done::Crashed);
        self.finish(server, done);
        if crashed {
            return None;
        }
        if compacting && !was_compacting {
            self.history.note(self.t, None, What::Store(id, "begins to compact", 0));
            self.disk_step(id, life, DiskStep::Compact, MS, 60 * MS);
        }
        Some(compacting && !was_compacting)
    }

    fn on_compact(&mut self, server: usize) {
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let (id, life) = (node.id, node.life);
        let Some(file) = &mut node.file else {
            return;
        };
        let mut rng = draw::draw(self.seed, Kind::Disk, u32::from(id), 1 << 20, self.t);
        let rows = usize::try_from(between(&mut rng, 1, 40)).unwrap_or(1);
        match file.step(rows) {
            Compacted::Working => self.disk_step(id, life, DiskStep::Compact, MS, 60 * MS),
            Compacted::Finished => self.reach(Goal::Compacted),
            Compacted::Failed => self.disk_failed(server),
            Compacted::Crashed => {
                self.reach(Goal::CompactionInterrupted);
                self.disk_crashed(server);
            }
        }
    }
}
