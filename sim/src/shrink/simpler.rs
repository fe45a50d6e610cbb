//! What can be made plainer once nothing more can be taken out.

use super::Search;
use crate::schedule::{FaultKind, OpKind, Order, Schedule};
use crate::time::ClockSpec;

/// Faults are not made shorter than this.
const SHORTEST_MS: u64 = 100;

impl Search<'_> {
    /// Simplifications, one by one.
    pub(super) fn simplify(&mut self) {
        for change in SIMPLER {
            self.with(change);
        }
        self.shorten();
        self.calm_clients();
        self.without_idle_clients();
    }

    /// Faults that last half as long, and again.
    fn shorten(&mut self) {
        for place in 0..self.small.faults.len() {
            let length = |it: &Schedule| it.faults.get(place).map(|fault| fault.for_ms);
            while let Some(for_ms) = length(&self.small) {
                let shorter = for_ms / 2;
                let shortened = shorter >= SHORTEST_MS
                    && self.with(|candidate| {
                        if let Some(fault) = candidate.faults.get_mut(place) {
                            fault.for_ms = shorter;
                        }
                    });
                if !shortened {
                    break;
                }
            }
        }
    }

    /// Clients without habits: all of them at once, or one by one.
    fn calm_clients(&mut self) {
        if self.with(|it| it.clients.iter_mut().for_each(calm)) {
            return;
        }
        for place in 0..self.small.clients.len() {
            self.with(|it| it.clients.get_mut(place).into_iter().for_each(calm));
        }
    }

    /// Drops clients that are made to do nothing: those behind the last that is, and then any, for
    /// which the others get new numbers. That changes their draws, so it need not work.
    fn without_idle_clients(&mut self) {
        let used = |it: &Schedule| it.ops.iter().filter_map(|op| op.kind.client()).max();
        self.with(|it| it.clients.truncate(used(it).map_or(0, |last| usize::from(last) + 1)));
        let mut place = self.small.clients.len();
        while place > 0 {
            place -= 1;
            let Ok(client) = u16::try_from(place) else {
                continue;
            };
            let idle = self.small.ops.iter().all(|op| op.kind.client() != Some(client));
            if idle {
                self.with(|it| {
                    it.clients.remove(place);
                    for op in &mut it.ops {
                        renumber(&mut op.kind, client);
                    }
                });
            }
        }
    }
}

/// Simplifications of all of the schedule.
const SIMPLER: [fn(&mut Schedule); 13] = [
    drop_configs,
    |it| it.lan.loss_ppm = 0,
    |it| it.lan.duplicate_ppm = 0,
    |it| it.lan.delay_us = it.lan.delay_us.min(1000),
    |it| it.store.compact_every_ms = None,
    |it| it.store.late_commits = false,
    |it| it.store.latency_us = it.store.latency_us.min(1000),
    |it| it.bounds.inputs_per_turn = 256,
    |it| it.bounds.batch_changes = 1024,
    |it| it.bounds.surrenders = None,
    |it| it.servers.iter_mut().for_each(|clock| *clock = ClockSpec::default()),
    |it| it.faults.iter_mut().for_each(|fault| fault.at_ms -= fault.at_ms % 1000),
    |it| it.ops.iter_mut().for_each(|op| op.at_ms -= op.at_ms % 1000),
];

fn calm(client: &mut crate::schedule::ClientSpec) {
    client.rate_ppm = 0;
    client.patience_ms = 0;
    client.wanted = None;
    client.probes = false;
    client.keeps_on_silence = false;
    client.ignores_t1 = false;
    client.ignores_t2 = false;
    client.eager = false;
    client.new_xid = false;
    client.named = false;
}

/// Drops configurations that never take effect.
fn drop_configs(schedule: &mut Schedule) {
    let mut used = vec![0];
    for fault in &schedule.faults {
        if let FaultKind::Reconfigure { config } = fault.kind {
            used.push(config);
        }
    }
    used.sort_unstable();
    used.dedup();
    let kept = used.iter().filter_map(|place| schedule.configs.get(*place).cloned()).collect();
    schedule.configs = kept;
    for fault in &mut schedule.faults {
        if let FaultKind::Reconfigure { config } = &mut fault.kind {
            *config = used.iter().position(|place| place == config).unwrap_or(0);
        }
    }
}

/// The number of a client when a lower one is gone.
fn renumber(kind: &mut OpKind, gone: u16) {
    match kind {
        OpKind::On { client }
        | OpKind::Off { client }
        | OpKind::Forget { client }
        | OpKind::Reboot { client }
        | OpKind::Release { client, .. }
        | OpKind::Inform { client }
        | OpKind::Move { client } => {
            if *client > gone {
                *client -= 1;
            }
        }
        OpKind::Order { order: Order::Find { client }, .. } => {
            if *client > gone {
                *client -= 1;
            }
        }
        OpKind::Hostile { .. } | OpKind::Order { .. } => {}
    }
}
