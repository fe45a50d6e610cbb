//! One schedule, from its beginning to its end.

use std::time::Duration;

use lessor_sim::draw::Kind;
use lessor_sim::time::Ns;
use lessor_sim_shell::{Agenda, Cut, Ground, Host, Machines, World};
use turmoil::{Builder, Sim};

use crate::engine::Turmoil;

/// How much time passes at once. All hosts run in each tick, whether they have something to do or
/// not, so this is what a run costs.
const TICK: Duration = Duration::from_millis(10);
/// How long turmoil's own network takes; what the schedule says comes on top.
const LATENCY: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(5)];
/// Datagrams that wait at a socket.
const DATAGRAMS_MAX: usize = 4096;

/// Plays a schedule, and returns how long it lasted, in milliseconds of simulated time.
pub(crate) fn play(ground: &Ground) -> u64 {
    let mut hosts = Hosts(build(ground));
    let mut agenda = Agenda::new(ground);
    loop {
        let t = Ns::try_from(hosts.0.elapsed().as_nanos()).unwrap_or(Ns::MAX);
        if let Some(lasted) = agenda.act(ground, t, &mut hosts) {
            return lasted;
        }
        if let Err(why) = hosts.0.step() {
            ground.field().panicked(format!("a host has ended: {why}"));
        }
    }
}

struct Hosts<'a>(Sim<'a>);

impl Machines for Hosts<'_> {
    fn crash(&mut self, _: bool) {
        self.0.crash(Host::Server.name());
    }

    fn rise(&mut self) {
        self.0.bounce(Host::Server.name());
    }

    fn cut(&mut self, cut: Cut) {
        match cut {
            Cut::Hold(host) => self.0.hold(Host::Server.name(), host.name()),
            Cut::Partition(host) => self.0.partition(Host::Server.name(), host.name()),
        }
    }

    fn mend(&mut self, cut: Cut) {
        match cut {
            Cut::Hold(host) => self.0.release(Host::Server.name(), host.name()),
            Cut::Partition(host) => self.0.repair(Host::Server.name(), host.name()),
        }
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
        let world = World::new(Turmoil::default(), ground.clone(), host);
        sim.host(host.name(), move || {
            let world = world.clone();
            async move { Ok(world.live().await?) }
        });
    }
    sim
}
