//! Everything that goes in and comes out, and the loop body that all shells share.

use std::collections::VecDeque;
use std::sync::Arc;

use lessor_lease::{
    Change, FetchError, Found, Lease, Lookup, Lost, Memory, Outcome, Rows, StoreBatch, StoreFailure,
};
use lessor_policy::Topology;
use lessor_types::{
    ClientId, Datagram, HwAddr, LinkId, Links, Mono, Now, Secs, Seq, Transmit, Unit,
};

use crate::recovery::{Backend, News};
use crate::{Event, Origin, Server, SnapshotId};

/// Names a question to a shared store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FetchId(pub u64);

/// Names a probe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProbeId(pub u64);

/// Names a command; the shell chooses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CommandId(pub u64);

/// What came of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Somebody answered.
    Answer,
    /// It is certain that nobody will.
    Nobody,
    /// It could not be sent.
    Unsent,
}

/// What can happen to a server. This is the whole list.
#[derive(Clone, Debug)]
pub enum Input {
    /// A packet arrived.
    Packet(Datagram),
    /// The time given by [`Server::next_deadline`] has come.
    Deadline,
    /// A batch is settled; outcomes in the order of its changes.
    Stored {
        /// The number of the batch's first change.
        first: Seq,
        /// What became of each change.
        outcomes: Vec<Outcome>,
    },
    /// A store lost its footing: nothing can be written until it is open again.
    StoreLost(StoreFailure),
    /// An exclusive store was opened again; these are all its rows.
    StoreReopened(Rows),
    /// Something became of a database that is used.
    Backend(Backend, News),
    /// Leases may be missing from what an exclusive store holds, and from its rows when it is opened
    /// again.
    LeasesMissing(Lost),
    /// A question is answered, in the order of its lookups.
    Fetched {
        /// The question.
        fetch: FetchId,
        /// The answers.
        result: Result<Vec<Found>, FetchError>,
    },
    /// Something came of a probe. Silence is not reported: the server knows how long it waits.
    Probed {
        /// The probe.
        probe: ProbeId,
        /// What.
        heard: Heard,
    },
    /// The partner answers.
    Peer(PeerFrame),
    /// Contact with the partner begins (a new session) or ends.
    Contact(bool),
    /// An operator asks.
    Command(CommandId, Command),
    /// A new configuration takes effect.
    Config(Arc<Topology>),
    /// The interfaces changed.
    Links(Arc<Links>),
    /// Finish what is in work, begin nothing.
    Stop,
}

/// What a server can cause. This is the whole list.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a packet.
    Send(Transmit),
    /// Write a batch. Batches of an exclusive store are written in order. Each is answered with
    /// [`Input::Stored`] in bounded time, if need be with [`Outcome::Unknown`] for every change;
    /// an exclusive store that says so is opened again and read before it takes another.
    Store(StoreBatch),
    /// Ask a shared store. Order does not matter.
    Fetch {
        /// Names the answer.
        fetch: FetchId,
        /// What to look up.
        lookups: Vec<Lookup>,
    },
    /// Try to connect to a database. What comes of it is told by [`Input::Backend`], in bounded time;
    /// and so is its loss, whenever that is noticed, if it was connected to.
    Connect(Backend),
    /// End, with a failure: the configuration wants that where a database does not come back.
    Exit,
    /// Ask once whether somebody uses an address (an ICMP echo request, RFC 792). Whoever answers,
    /// to any of the requests under one name, is reported by [`Input::Probed`].
    Probe {
        /// Names what comes of it.
        probe: ProbeId,
        /// The address.
        unit: Unit,
        /// The interface to ask on; none: wherever the address is routed.
        link: Option<LinkId>,
    },
    /// Tell the partner.
    Peer(PeerUpdate),
    /// Answer a command.
    Reply(CommandId, Reply),
    /// Keep this for the next life, durably and soon; it takes the place of what was to be kept
    /// before. Nothing waits for it.
    Remember(Box<Memory>),
    /// Something happened.
    Event(Event),
}

/// Lease changes for the partner, to be acknowledged one by one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerUpdate {
    /// The session it belongs to; acknowledgements of other sessions count for nothing.
    pub session: u64,
    /// The number of the first change in the partner's lane.
    pub first: Seq,
    /// The changes.
    pub changes: Vec<Change>,
}

/// What the partner says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PeerFrame {
    /// It has dealt with an update.
    Settled {
        /// The update's session.
        session: u64,
        /// The update's first number.
        first: Seq,
        /// What became of each change.
        outcomes: Vec<PeerOutcome>,
    },
}

/// What the partner did with a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeerOutcome {
    /// It has the change on stable storage.
    Acked,
    /// It does not agree.
    Rejected,
}

/// What an operator can ask of the machine itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// Some leases, by unit, after the given one.
    Leases {
        /// Which.
        query: LeaseQuery,
        /// The last unit of the page before.
        after: Option<Unit>,
        /// How many at most; fewer are given where that would hold clients up.
        limit: u32,
    },
    /// Keep all leases as they are now, to be read in steps.
    Snapshot,
    /// A snapshot has been read.
    EndSnapshot(SnapshotId),
    /// Reclaim all lapsed leases, whatever the configuration limits a round to.
    Reclaim {
        /// Whether their rows go too.
        remove: bool,
    },
    /// Serve nobody from now on.
    Disable {
        /// Who wants it.
        origin: Origin,
        /// For how long; until it is taken back where nothing is given.
        period: Option<Secs>,
    },
    /// Take that back.
    Enable {
        /// Who wanted it.
        origin: Origin,
    },
    /// Leases may be missing: give no address to anybody who does not use it already.
    BeginHoldOff {
        /// For how long; for as long as the longest lease may last where nothing is given.
        period: Option<Secs>,
    },
    /// None are missing.
    EndHoldOff,
    /// How the server is.
    Status,
}

/// Which leases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LeaseQuery {
    /// All of a snapshot.
    All(SnapshotId),
    /// The one of this unit.
    Unit(Unit),
    /// Those whose holder has this link-layer address.
    HwAddr(HwAddr),
    /// Those whose holder has this identifier.
    ClientId(ClientId),
}

/// What the machine answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// To [`Command::Leases`]. None are left if there are none.
    Leases(Vec<Arc<Lease>>),
    /// To [`Command::Leases`] where the snapshot has ended: the store was read anew meanwhile.
    Outdated,
    /// To what only a server that keeps its leases to itself can do.
    NotHere,
    /// To what asks for leases where the store that has them does not answer.
    StoreUnavailable,
    /// To [`Command::Snapshot`].
    Snapshot(SnapshotId),
    /// To [`Command::Reclaim`]: whether no lapsed lease is left.
    Reclaimed(bool),
    /// To what only has to be done.
    Done,
    /// To [`Command::Status`].
    Status(Box<crate::server::Status>),
}

/// Where outputs go. Implementations put them in queues: they may not block, wait or fail.
pub trait Ports {
    /// Takes one output.
    fn put(&mut self, output: Output);
}

/// One turn: a bounded number of inputs, one sealing of batches, all outputs.
///
/// Every shell calls this. A shell keeps the order of inputs of one source, and never makes up,
/// merges or silently drops one. Returns when the next turn is due without input; if inputs are
/// left over, it is due at once.
pub fn turn(
    server: &mut Server,
    now: Now,
    inputs: &mut VecDeque<Input>,
    ports: &mut impl Ports,
) -> Option<Mono> {
    server.handle(now, Input::Deadline);
    for _ in 0..server.limits().inputs_per_turn_max {
        let Some(input) = inputs.pop_front() else {
            break;
        };
        server.handle(now, input);
    }
    if inputs.is_empty() {
        server.heard_all();
    }
    server.seal();
    while let Some(output) = server.poll_output() {
        ports.put(output);
    }
    if inputs.is_empty() { server.next_deadline() } else { Some(now.mono) }
}
