//! One schedule, from its beginning to its end.

use std::time::Duration;

use lessor_sim::draw::Kind;
use lessor_sim::time::Ns;
use lessor_sim_shell::{Act, Agenda, Cut, Ground, Host, operator, server, stations};
use turmoil::{Builder, Sim};

use crate::world::Turmoil;

/// How much time passes at once. All hosts run in each tick, whether they have something to do or
/// not, so this is what a run costs.
const TICK: Duration = Duration::from_millis(10);
/// How long turmoil's own network takes; what the schedule says comes on top.
const LATENCY: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(5)];
/// Datagrams that wait at a socket.
const DATAGRAMS_MAX: usize = 4096;

/// Plays a schedule, and returns how long it lasted, in milliseconds of simulated time.
pub(crate) fn play(ground: &Ground) -> u64 {
    let mut sim = build(ground);
    let mut agenda = Agenda::new(ground);
    let mut is_up = true;
    loop {
        let t = Ns::try_from(sim.elapsed().as_nanos()).unwrap_or(Ns::MAX);
        while let Some(act) = agenda.step(ground, t) {
            match act {
                Act::End => return t / 1_000_000,
                Act::HealAll => {
                    heal(&sim);
                    if !std::mem::replace(&mut is_up, true) {
                        sim.bounce(Host::Server.name());
                    }
                }
                Act::Crash(_) => {
                    is_up = false;
                    sim.crash(Host::Server.name());
                }
                Act::Rise => {
                    is_up = true;
                    sim.bounce(Host::Server.name());
                }
                Act::Cut(Cut::Hold(host)) => sim.hold(Host::Server.name(), host.name()),
                Act::Cut(Cut::Partition(host)) => sim.partition(Host::Server.name(), host.name()),
                Act::Mend(Cut::Hold(host)) => sim.release(Host::Server.name(), host.name()),
                Act::Mend(Cut::Partition(host)) => sim.repair(Host::Server.name(), host.name()),
                Act::Nothing | Act::Pause | Act::Resume => {}
            }
        }
        if let Err(why) = sim.step() {
            ground.field().panicked(format!("a host has ended: {why}"));
        }
        if ground.field().broken().is_some() {
            return t / 1_000_000;
        }
    }
}

fn heal(sim: &Sim<'_>) {
    for host in Host::ALL.into_iter().filter(|host| *host != Host::Server) {
        sim.release(Host::Server.name(), host.name());
        sim.repair(Host::Server.name(), host.name());
    }
}

fn build<'a>(ground: &Ground) -> Sim<'a> {
    let [least, most] = LATENCY;
    let mut sim = Builder::new()
        .rng_seed(ground.draw(Kind::Swarm, 20, 0).next_u64())
        .simulation_duration(Duration::from_secs(1 << 30))
        .tick_duration(TICK)
        .min_message_latency(least)
        .max_message_latency(most)
        .udp_capacity(DATAGRAMS_MAX)
        .enable_random_order()
        .build();
    for host in Host::ALL {
        let world = Turmoil::new(ground.clone());
        let ground = ground.clone();
        sim.host(host.name(), move || {
            let (world, ground) = (world.clone(), ground.clone());
            async move {
                match host {
                    Host::Server => {
                        let ending = server::serve(world, ground).await?;
                        Err(format!("the server stopped: {ending:?}").into())
                    }
                    Host::Clients(half) => Ok(stations::clients(world, ground, half).await?),
                    Host::Relay => Ok(stations::relay(world, ground).await?),
                    Host::Operator => {
                        operator::operate(world, ground).await;
                        Ok(())
                    }
                }
            }
        });
    }
    sim
}
