//! What operators want of servers, and what they are told.
//!
//! What is answered at once is asked in a turn of its own, so that the answer can be compared with
//! all of the server's rows as they are then, and a snapshot's pages with those at its beginning.

use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_lease::{Lease, State};
use lessor_server::{Command, CommandId, Input, LeaseQuery, Origin, Reply, SnapshotId};
use lessor_types::{Secs, Unit, Wall};

use super::{Event, World};
use crate::check::liveness::SERVED_WITHIN;
use crate::check::{Broken, Invariant, Verdict};
use crate::coverage::Goal;
use crate::draw::{self, Kind, between};
use crate::schedule::{FaultKind, OpKind, Order, Schedule, Topology};
use crate::time::{MS, Ns, SEC};

/// After how long an order is tried again that a busy server could not take.
const AGAIN: Ns = 50 * MS;
/// Within what an answer must come. Rounds of reclaiming wait for each other.
const ANSWERED_WITHIN: Ns = 300 * SEC;

/// Commands that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Asked {
    last: u64,
    open: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    server: usize,
    life: u32,
    since: Ns,
    want: Want,
}

/// What somebody waits for.
#[derive(Debug)]
enum Want {
    Status,
    /// The rows that there are.
    Find(LeaseQuery),
    Snapshot(u32, u32, Ns),
    Page(Box<Walk>),
    /// Nothing is left that had lapsed by then.
    Reclaim(Wall),
    Done,
}

/// Somebody reads all leases.
#[derive(Debug)]
pub(super) struct Walk {
    id: u32,
    server: usize,
    life: u32,
    snapshot: SnapshotId,
    page: u32,
    pause: Ns,
    pages: u64,
    since: Ns,
    /// What there was when the snapshot began, and when the store had been opened so often.
    was: Vec<Arc<Lease>>,
    reopened: u64,
    read: Vec<Arc<Lease>>,
}

/// Whether an operator ever says that leases may be missing.
pub(super) fn may_hold_off(schedule: &Schedule) -> bool {
    let holds_off = |order: &Order| matches!(order, Order::HoldOff { .. });
    schedule
        .ops
        .iter()
        .any(|op| matches!(&op.kind, OpKind::Order { order, .. } if holds_off(order)))
}

fn wrong(what: String) -> Broken {
    Broken::new(Invariant::Commands, what)
}

impl World<'_> {
    pub(super) fn on_order(&mut self, id: u32, server: usize, order: Order) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server).filter(|node| node.is_up()) else {
            return;
        };
        if node.paused_until > t || !node.inputs.is_empty() {
            let at = node.paused_until.max(t + AGAIN);
            let event = Event::Order(id, node.id, order);
            let name = (18, id, t);
            return self.push(at, name, event);
        }
        match order {
            Order::Status => self.command(server, Command::Status, Want::Status),
            Order::Walk { page, pause_ms } => {
                let want = Want::Snapshot(id, page, pause_ms * MS);
                self.command(server, Command::Snapshot, want);
            }
            Order::Find { client } => self.find_leases(id, server, client),
            Order::Reclaim { remove } => {
                let wall = node.wall(t);
                self.command(server, Command::Reclaim { remove }, Want::Reclaim(wall));
            }
            Order::Disable { secs } => {
                // The server's clock may be a little fast.
                let length = secs.map(|secs| u64::from(secs) * SEC);
                let until = length.map_or(Ns::MAX, |length| t + length - length / 5000);
                let since = node.off.map_or(t, |(since, _)| since);
                node.off = Some((since, until));
                let command = Command::Disable { origin: Origin::USER, period: secs.map(Secs) };
                self.command(server, command, Want::Done);
            }
            Order::Enable => {
                if node.off.take().is_some() {
                    node.on_since = t;
                }
                self.command(server, Command::Enable { origin: Origin::USER }, Want::Done);
            }
            Order::HoldOff { secs } => {
                let command = Command::BeginHoldOff { period: Some(Secs(secs)) };
                self.command(server, command, Want::Done);
            }
            Order::EndHoldOff => self.command(server, Command::EndHoldOff, Want::Done),
            Order::Stop { grace_ms, down_ms } => {
                if node.stopping.is_none() {
                    node.stopping = Some(t);
                    node.inputs.push_back(Input::Stop);
                    let (number, life) = (node.id, node.life);
                    let event = Event::Stopped(number, life, down_ms * MS);
                    self.push(t + grace_ms * MS, (19, id, 0), event);
                    self.take_turn(server);
                }
            }
        }
    }

    /// A server has had its time to stop.
    pub(super) fn on_stopped(&mut self, server: u8, life: u32, down_for: Ns) {
        let server = usize::from(server);
        if self.nodes.get(server).is_some_and(|node| node.life == life) {
            self.crash(server, false, down_for);
        }
    }

    fn find_leases(&mut self, id: u32, server: usize, client: u16) {
        let Some(client) = self.clients.get(usize::from(client)) else {
            return;
        };
        let mut queries = vec![LeaseQuery::HwAddr(client.who.hw)];
        queries.extend(client.who.client_id.clone().map(LeaseQuery::ClientId));
        queries.extend(client.uses().map(|addr| LeaseQuery::Unit(addr.into())));
        let mut rng = draw::draw(self.seed, Kind::Page, id, 0, 0);
        let at = usize::try_from(rng.below(queries.len() as u64)).unwrap_or(0);
        let query = queries.swap_remove(at);
        let command = Command::Leases { query: query.clone(), after: None, limit: u32::MAX };
        self.command(server, command, Want::Find(query));
    }

    /// Gives a command to a server that has nothing else to do.
    fn command(&mut self, server: usize, command: Command, want: Want) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server).filter(|node| node.is_up()) else {
            return;
        };
        self.asked.last += 1;
        let id = self.asked.last;
        node.inputs.push_back(Input::Command(CommandId(id), command));
        self.asked.open.insert(id, Open { server, life: node.life, since: t, want });
        self.take_turn(server);
    }

    /// The next page of what somebody reads.
    pub(super) fn on_page(&mut self, walk: Walk) {
        if self.nodes.get(walk.server).is_none_or(|node| node.life != walk.life) {
            return;
        }
        let command = Command::Leases {
            query: LeaseQuery::All(walk.snapshot),
            after: walk.read.last().map(|row| row.unit),
            limit: walk.page,
        };
        self.command(walk.server, command, Want::Page(Box::new(walk)));
    }

    pub(super) fn on_reply(&mut self, server: usize, id: CommandId, reply: Reply) {
        let Some(open) = self.asked.open.remove(&id.0).filter(|open| open.server == server) else {
            // The partner's tests ask on their own account.
            return;
        };
        let verdict = self.weigh(server, open.want, reply);
        self.judge(Invariant::Commands, verdict);
    }

    fn rows_of(&self, server: usize) -> Vec<Arc<Lease>> {
        let server = self.nodes.get(server).and_then(|node| node.server.as_ref());
        server.map(|server| server.rows().collect()).unwrap_or_default()
    }

    /// Whether an answer is right.
    fn weigh(&mut self, server: usize, want: Want, reply: Reply) -> Verdict {
        let is_shared = self.schedule.topology == Topology::Shared;
        let Some(node) = self.nodes.get(server) else {
            return Ok(());
        };
        match (want, reply) {
            (Want::Done, Reply::NotHere) if is_shared => Ok(()),
            // The store is asked, and may not answer.
            (Want::Find(_) | Want::Page(_), Reply::StoreUnavailable) if is_shared => Ok(()),
            (Want::Done, Reply::Done) => Ok(()),
            (Want::Status, Reply::Status(status)) => {
                let rows = self.rows_of(server).len();
                let may_be_off = node.off.is_some();
                let must_be_off = node.off.is_some_and(|(_, until)| until == Ns::MAX);
                let is_off = !status.disabled_by.is_empty();
                if status.leases != rows || (is_off && !may_be_off) || (must_be_off && !is_off) {
                    let what = format!("{rows} rows and switched off {:?}: {status:?}", node.off);
                    return Err(wrong(what));
                }
                Ok(())
            }
            (Want::Find(query), Reply::Leases(found)) => {
                let is_asked = |row: &Arc<Lease>| match &query {
                    LeaseQuery::All(_) => true,
                    LeaseQuery::Unit(unit) => row.unit == *unit,
                    LeaseQuery::HwAddr(hw) => row.holder.hw == *hw,
                    LeaseQuery::ClientId(id) => row.holder.client_id.as_ref() == Some(id),
                };
                let is_right = if is_shared {
                    // It has changed meanwhile, perhaps, or a replica has answered.
                    found.iter().all(is_asked)
                } else {
                    let rows = self.rows_of(server).into_iter().filter(is_asked).collect();
                    sorted(found) == sorted(rows)
                };
                if is_right {
                    return Ok(());
                }
                Err(wrong(format!("{query:?} does not find what is there")))
            }
            (Want::Snapshot(id, page, pause), Reply::Snapshot(snapshot)) => {
                let (life, reopened) = (node.life, node.reopened);
                let was = sorted(self.rows_of(server));
                let (pages, since, read) = (0, self.t, Vec::new());
                self.turn_page(Walk {
                    id,
                    server,
                    life,
                    snapshot,
                    page,
                    pause,
                    pages,
                    since,
                    was,
                    reopened,
                    read,
                });
                Ok(())
            }
            (Want::Page(walk), Reply::Outdated) => {
                if node.reopened == walk.reopened {
                    return Err(wrong("a snapshot has ended of itself".to_owned()));
                }
                self.reach(Goal::WalkOutdated);
                Ok(())
            }
            (Want::Page(walk), Reply::Leases(rows)) => self.read_page(*walk, rows),
            (Want::Reclaim(wall), Reply::Reclaimed(true)) => {
                self.reach(Goal::ReclaimedByOrder);
                self.nothing_lapsed(server, wall)
            }
            (Want::Reclaim(_), Reply::Reclaimed(false)) => Ok(()),
            (want, reply) => Err(wrong(format!("{want:?} is answered by {reply:?}"))),
        }
    }

    fn turn_page(&mut self, mut walk: Walk) {
        walk.pages += 1;
        let mut rng = draw::draw(self.seed, Kind::Page, walk.id, walk.life, walk.pages);
        let at = self.t + between(&mut rng, 0, walk.pause);
        self.push(at, (20, walk.id, walk.pages), Event::Page(Box::new(walk)));
    }

    /// All pages together are the leases as they were when the snapshot began.
    fn read_page(&mut self, mut walk: Walk, rows: Vec<Arc<Lease>>) -> Verdict {
        if rows.len() > usize::try_from(walk.page).unwrap_or(usize::MAX) {
            return Err(wrong(format!("{} leases on a page of {}", rows.len(), walk.page)));
        }
        if !rows.is_empty() {
            walk.read.extend(rows);
            self.turn_page(walk);
            return Ok(());
        }
        if self.schedule.topology == Topology::Shared {
            return self.all_were_read(&walk);
        }
        if walk.read != walk.was {
            let other = walk.read.iter().zip(&walk.was).find(|(read, was)| read != was);
            let what = format!(
                "pages of {} leases of which there were {}, first other {other:?}",
                walk.read.len(),
                walk.was.len(),
            );
            return Err(wrong(what));
        }
        if sorted(self.rows_of(walk.server)) != walk.was {
            self.reach(Goal::WalkedThrough);
        }
        let end = Input::Command(CommandId(0), Command::EndSnapshot(walk.snapshot));
        self.deliver(self.t, walk.server, end);
        Ok(())
    }

    /// A walk through a store that others write too shows each row as it is by then: those that did
    /// not change all the while, and none twice.
    fn all_were_read(&self, walk: &Walk) -> Verdict {
        let units: Vec<Unit> = walk.read.iter().map(|row| row.unit).collect();
        if !units.is_sorted_by(|one, next| one < next) {
            return Err(wrong("rows come twice, or not in order".to_owned()));
        }
        let misleads = |kind: &FaultKind| {
            matches!(
                kind,
                FaultKind::StoreStale { .. }
                    | FaultKind::StoreBadRow { .. }
                    | FaultKind::StoreFailover { .. }
            )
        };
        if self.schedule.faults.iter().any(|fault| misleads(&fault.kind)) {
            return Ok(());
        }
        let rested = |row: &Arc<Lease>| {
            let changed = row.unit.v4().and_then(|addr| self.changed.get(&addr));
            changed.is_none_or(|at| *at < walk.since)
        };
        let missed = self.store.rows().find(|row| rested(row) && !walk.read.contains(row));
        match missed {
            Some(row) => Err(wrong(format!("a walk over all leases leaves {row} out"))),
            None => Ok(()),
        }
    }

    /// After a round that left nothing, nothing is left. What is on its way is not looked into.
    fn nothing_lapsed(&self, server: usize, wall: Wall) -> Verdict {
        let Some(node) = self.nodes.get(server).filter(|node| !node.has_leapt) else {
            return Ok(());
        };
        if node.file.is_none() || !node.server.as_ref().is_some_and(|it| it.is_idle()) {
            return Ok(());
        }
        let rows = self.rows_of(server);
        let is_over = |row: &&Arc<Lease>| {
            !matches!(row.state, State::Reclaimed | State::Released) && row.is_reusable(wall)
        };
        let left = rows.iter().find(is_over);
        match left {
            Some(row) => Err(wrong(format!("all is reclaimed, they say, and there is {row}"))),
            None => Ok(()),
        }
    }

    /// A server says that somebody's order to serve nobody is over.
    pub(super) fn on_enabled(&mut self, server: usize) {
        let t = self.t;
        let Some(node) = self.nodes.get_mut(server) else {
            return;
        };
        let Some((_, until)) = node.off.take() else {
            return;
        };
        node.on_since = t;
        let verdict = if t < until {
            Err(wrong("a server serves clients again before it is told to".to_owned()))
        } else {
            Ok(())
        };
        self.judge(Invariant::Commands, verdict);
    }

    /// Whether clients that a server can hear have been served for long.
    pub(super) fn is_served(&self) -> bool {
        let cut = self.schedule.core.and_then(|core| core.cut);
        let served = |on_since: Ns| on_since + SERVED_WITHIN <= self.t || on_since == 0;
        self.nodes
            .iter()
            .any(|it| it.is_up() && Some(it.id) != cut && it.off.is_none() && served(it.on_since))
    }

    /// Every command is answered.
    pub(super) fn judge_unanswered(&mut self) {
        let nodes = &self.nodes;
        let life = |open: &Open| nodes.get(open.server).map(|node| node.life);
        self.asked.open.retain(|_, open| life(open) == Some(open.life));
        let late = self.asked.open.values().find(|open| {
            let rested = nodes.get(open.server).map_or(0, |node| node.paused_until);
            open.since.max(rested) + ANSWERED_WITHIN < self.t
        });
        let verdict = match late {
            Some(open) => Err(wrong(format!("no answer yet: {open:?}"))),
            None => Ok(()),
        };
        self.judge(Invariant::Commands, verdict);
    }
}

fn sorted(mut rows: Vec<Arc<Lease>>) -> Vec<Arc<Lease>> {
    rows.sort_by_key(|row| -> Unit { row.unit });
    rows
}
