//! One server of the world, and somebody who sends it packets of his own making.
//!
//! Packets go over the simulated link, leases into the real lease file code on the simulated disk,
//! time passes as fast as one likes, and the invariants that need no client models are judged on
//! the way. Nothing goes wrong but what the visitor asks for.

use std::net::Ipv4Addr;
use std::time::Duration;

use lessor_types::{Datagram, Links, Transmit};

use crate::schedule::{Bounds, LanSpec, Schedule, StoreSpec, Topology, VERSION};
use crate::time::{ClockSpec, MS, Ns};
use crate::world::World;

/// How long the server has for an answer.
const MOMENT: Ns = 10 * MS;
/// Longer than any visit, in milliseconds.
const FOREVER_MS: u64 = 1_000_000_000;

/// A visit to the world.
pub struct Visit<'a> {
    world: World<'a>,
}

/// Lets `act` visit a world whose server begins with this configuration and these interfaces.
///
/// # Errors
/// A configuration that is not lawful.
pub fn visit<T>(
    config: &str,
    links: Links,
    act: impl FnOnce(&mut Visit<'_>) -> T,
) -> Result<T, String> {
    let schedule = Schedule {
        version: VERSION,
        seed: 1,
        topology: Topology::Single,
        drawn: Vec::new(),
        configs: vec![config.to_owned()],
        servers: vec![ClockSpec::default()],
        bounds: Bounds {
            inputs_per_turn: 64,
            batch_changes: 64,
            batches_in_flight: 4,
            parked: 256,
            surrenders: None,
        },
        lan: LanSpec { loss_ppm: 0, duplicate_ppm: 0, delay_us: 100 },
        store: StoreSpec { latency_us: 500, compact_every_ms: None, late_commits: false },
        clients: Vec::new(),
        ops: Vec::new(),
        faults: Vec::new(),
        safety_ms: FOREVER_MS,
        liveness_ms: FOREVER_MS,
        core: None,
        relays: Vec::new(),
    };
    let mut world = World::new(&schedule, None, false)?;
    world.begin_with_visitor(links);
    let mut visit = Visit { world };
    visit.pass(Duration::ZERO);
    Ok(act(&mut visit))
}

impl Visit<'_> {
    /// Sends the server a packet.
    pub fn send(&mut self, datagram: Datagram) {
        self.world.post_for_visitor(datagram);
    }

    /// What it has sent since this was last asked, and within a moment.
    ///
    /// # Errors
    /// The invariant that was broken.
    pub fn sent(&mut self) -> Result<Vec<Transmit>, String> {
        self.world.run_until(self.world.t + MOMENT);
        match &self.world.findings.broken {
            None => Ok(self.world.take_sent()),
            Some((_, broken)) => Err(format!("{:?}: {}", broken.invariant, broken.what)),
        }
    }

    /// Lets time pass until so much has passed since the beginning.
    pub fn pass(&mut self, since_the_beginning: Duration) {
        let until = Ns::try_from(since_the_beginning.as_nanos()).unwrap_or(Ns::MAX);
        self.world.run_until(until);
    }

    /// Gives the server another configuration.
    ///
    /// # Errors
    /// A configuration that is not lawful.
    pub fn configure(&mut self, config: &str) -> Result<(), String> {
        self.world.configure_for_visitor(config)?;
        self.world.run_until(self.world.t + MOMENT);
        Ok(())
    }

    /// The server's process is killed, or its machine loses power; it is started again on a lease
    /// file with `appended` at its end.
    pub fn crash(&mut self, power: bool, appended: &str) {
        self.world.crash_for_visitor(power, appended);
    }

    /// The server's wall clock jumps.
    pub fn jump(&mut self, by_ms: i64) {
        self.world.jump_for_visitor(by_ms);
    }

    /// From now on, a station uses an address of its own accord: it answers pings.
    pub fn settle(&mut self, addr: Ipv4Addr) {
        self.world.settle_for_visitor(addr);
    }

    /// The server's disk is full, or not any more.
    pub fn fill_disk(&mut self, is_full: bool) {
        self.world.fill_for_visitor(is_full);
    }

    /// The server's disk syncs nothing, or goes on with it.
    pub fn hold_syncs(&mut self, hold: bool) {
        self.world.hold_syncs_for_visitor(hold);
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use lessor_types::{HwAddr, Xid};
    use lessor_wire::v4::{Message, MessageType, Op, code};

    use super::*;
    use crate::plan;

    const CONFIG: &str = r#"{ "Dhcp4": { "interfaces-config": { "interfaces": [ "eth0" ] },
        "subnet4": [ { "id": 1, "subnet": "10.0.0.0/24",
                       "pools": [ { "pool": "10.0.0.10-10.0.0.19" } ] } ] } }"#;

    fn ask(visit: &mut Visit<'_>, kind: MessageType) -> Vec<Message> {
        let mut message = Message::new(Op::Request, Xid(1), HwAddr::ethernet([2, 0, 0, 0, 0, 1]));
        message.set_message_type(kind);
        if kind == MessageType::Request {
            message.options.insert(code::SERVER_ID, plan::server(0).octets());
            message.options.insert(code::REQUESTED_ADDRESS, [10, 0, 0, 10]);
        }
        visit.send(Datagram {
            link: plan::LINK,
            source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68)),
            dest: IpAddr::V4(Ipv4Addr::BROADCAST),
            payload: message.encode(576).octets,
        });
        let sent = visit.sent().expect("nothing is broken");
        sent.iter().map(|it| Message::decode(&it.payload).expect("lawful")).collect()
    }

    #[test]
    fn a_visitor_is_served_when_the_disk_has_synced() {
        let seen = visit(CONFIG, plan::links(0), |visit| {
            let offers = ask(visit, MessageType::Discover).len();
            visit.hold_syncs(true);
            let early = ask(visit, MessageType::Request).len();
            visit.hold_syncs(false);
            let late = visit.sent().expect("nothing is broken").len();
            visit.crash(true, "");
            let again = ask(visit, MessageType::Request);
            (offers, early, late, again.first().and_then(Message::message_type))
        });
        assert_eq!(seen, Ok((1, 0, 1, Some(MessageType::Ack))));
        assert!(visit("{", plan::links(0), |_| ()).is_err());
    }
}
