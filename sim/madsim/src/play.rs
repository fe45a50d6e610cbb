//! One schedule, from its beginning to its end.

use std::time::Duration;

use lessor_sim::draw::Kind;
use lessor_sim_shell::{Act, Agenda, Cut, Ground, Host, operator, server, stations};
use lessor_types::Seed;
use madsim::net::NetSim;
use madsim::runtime::{Handle, NodeHandle, Runtime};
use madsim::time::sleep;

use crate::disk;
use crate::world::{Madsim, address, true_time};

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
    let nodes: Vec<(Host, NodeHandle)> =
        Host::ALL.into_iter().map(|host| (host, begin(&handle, &ground, host))).collect();
    let id = |host: Host| nodes.iter().find(|(other, _)| *other == host).map(|(_, node)| node.id());
    let Some(server) = id(Host::Server) else {
        return 0;
    };
    let net = NetSim::current();
    let set = |cut: Cut, on: bool| {
        let (Cut::Hold(host) | Cut::Partition(host)) = cut;
        if let Some(other) = id(host) {
            for (from, to) in [(server, other), (other, server)] {
                if on {
                    net.clog_link(from, to);
                } else {
                    net.unclog_link(from, to);
                }
            }
        }
    };
    let mut agenda = Agenda::new(&ground);
    let mut is_up = true;
    loop {
        let t = true_time();
        while let Some(act) = agenda.step(&ground, t) {
            match act {
                Act::Nothing => {}
                Act::Crash(power) => {
                    is_up = false;
                    handle.kill(server);
                    disk::crash(power);
                }
                Act::Rise => {
                    is_up = true;
                    handle.restart(server);
                }
                Act::Cut(cut) => set(cut, true),
                Act::Mend(cut) => set(cut, false),
                Act::Pause => handle.pause(server),
                Act::Resume => handle.resume(server),
                Act::HealAll => {
                    for host in Host::ALL {
                        set(Cut::Hold(host), false);
                    }
                    if !std::mem::replace(&mut is_up, true) {
                        handle.restart(server);
                    }
                    handle.resume(server);
                }
                Act::End => return t / 1_000_000,
            }
        }
        if ground.field().broken().is_some() {
            return t / 1_000_000;
        }
        let wait = agenda.next().map_or(GLANCE, |at| Duration::from_nanos(at.saturating_sub(t)));
        sleep(wait.min(GLANCE)).await;
    }
}

fn begin(handle: &Handle, ground: &Ground, host: Host) -> NodeHandle {
    let world = Madsim::new(ground.clone());
    let ground = ground.clone();
    let node = handle.create_node().name(host.name()).ip(address(host));
    node.init(move || {
        let (world, ground) = (world.clone(), ground.clone());
        async move {
            let ended = match host {
                Host::Server => {
                    let ending = server::serve(world, ground.clone()).await;
                    ending.map(|ending| format!("{ending:?}"))
                }
                Host::Clients(half) => {
                    let ended = stations::clients(world, ground.clone(), half).await;
                    ended.map_err(|why| why.to_string()).map(|()| String::new())
                }
                Host::Relay => {
                    let ended = stations::relay(world, ground.clone()).await;
                    ended.map_err(|why| why.to_string()).map(|()| String::new())
                }
                Host::Operator => {
                    operator::operate(world, ground).await;
                    return;
                }
            };
            let (Ok(what) | Err(what)) = ended;
            ground.field().panicked(format!("{} has ended: {what}", host.name()));
        }
    })
    .build()
}
