//! One schedule, from its beginning to its end.

use std::time::Duration;

use lessor_sim::draw::Kind;
use lessor_sim::schedule::DiskCall;
use lessor_sim_shell::{Agenda, Cut, Ground, Host, Machines, World};
use lessor_types::Seed;
use madsim::net::NetSim;
use madsim::runtime::{Handle, NodeHandle, Runtime};
use madsim::time::sleep;

use crate::disk;
use crate::engine::{Madsim, address, true_time};

/// How often it is looked whether the run may end early.
const GLANCE: Duration = Duration::from_millis(200);

/// Plays a schedule, and returns how long it lasted, in milliseconds of simulated time.
pub(crate) fn play(ground: &Ground) -> u64 {
    disk::insert(Seed(ground.draw(Kind::Disk, 1, 0).next_u64()));
    let seed = ground.draw(Kind::Swarm, 21, 0).next_u64();
    let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
    runtime.block_on(direct(ground.clone()))
}

async fn direct(ground: Ground) -> u64 {
    let handle = Handle::current();
    let nodes = Host::ALL.into_iter().map(|host| (host, begin(&handle, &ground, host)));
    let mut nodes = Nodes { nodes: nodes.collect(), handle };
    let mut agenda = Agenda::new(&ground);
    loop {
        let t = true_time();
        if let Some(lasted) = agenda.act(&ground, t, &mut nodes) {
            return lasted;
        }
        let wait = agenda.next().map_or(GLANCE, |at| Duration::from_nanos(at.saturating_sub(t)));
        sleep(wait.min(GLANCE)).await;
    }
}

struct Nodes {
    handle: Handle,
    nodes: Vec<(Host, NodeHandle)>,
}

impl Nodes {
    fn node(&self, host: Host) -> Option<&NodeHandle> {
        self.nodes.iter().find(|(other, _)| *other == host).map(|(_, node)| node)
    }

    /// There is but one way to cut a link: datagrams are lost, and streams stand still.
    fn clog(&self, cut: Cut, clogged: bool) {
        let (Cut::Hold(host) | Cut::Partition(host)) = cut;
        let (Some(server), Some(other)) = (self.node(Host::Server), self.node(host)) else {
            return;
        };
        let net = NetSim::current();
        for (from, to) in [(server, other), (other, server)] {
            if clogged {
                net.clog_link(from.id(), to.id());
            } else {
                net.unclog_link(from.id(), to.id());
            }
        }
    }
}

impl Machines for Nodes {
    fn crash(&mut self, power: bool) {
        if let Some(server) = self.node(Host::Server) {
            self.handle.kill(server.id());
        }
        disk::crash(power);
    }

    fn rise(&mut self) {
        if let Some(server) = self.node(Host::Server) {
            self.handle.restart(server.id());
        }
    }

    fn cut(&mut self, cut: Cut) {
        self.clog(cut, true);
    }

    fn mend(&mut self, cut: Cut) {
        self.clog(cut, false);
    }

    fn disk_fails(&mut self, call: DiskCall) -> bool {
        disk::fail_next(call);
        true
    }

    fn disk_fills(&mut self, room: Option<u64>) -> bool {
        disk::fill(room);
        true
    }
}

fn begin(handle: &Handle, ground: &Ground, host: Host) -> NodeHandle {
    let world = World::new(Madsim, ground.clone(), host);
    let node = handle.create_node().name(host.name()).ip(address(host));
    node.init(move || {
        let world = world.clone();
        async move {
            let ground = world.ground.clone();
            if let Err(why) = world.live().await {
                ground.field().panicked(format!("{} has ended: {why}", host.name()));
            }
        }
    })
    .build()
}
