//! Our server in the simulated world: on a simulated link, with the lease file code of the daemon on
//! a simulated disk that loses what was not synced.

use std::time::Duration;

use lessor_conformance::{Act, Need, Packet, Reply, Scenario, StoreMood, Subject, Verdict, play};
use lessor_sim::visit::{Visit, visit};

use crate::datagrams::{datagram, links, reply};

/// How many moments an answer may take: about three seconds.
const MOMENTS_MAX: usize = 300;

/// Plays a scenario in a world of its own.
pub(crate) fn play_in_world(scenario: &Scenario) -> Verdict {
    let act = |visit: &mut Visit<'_>| play(scenario, &mut InWorld { visit });
    visit(&scenario.config, links(), act)
        .unwrap_or_else(|why| Verdict::Fails(format!("does not start: {}", one_line(&why))))
}

struct InWorld<'v, 'w> {
    visit: &'v mut Visit<'w>,
}

impl Subject for InWorld<'_, '_> {
    fn can(&self, _need: Need) -> bool {
        true
    }

    fn start(&mut self, _config: &str) -> Result<(), String> {
        // The world begins with the scenario's configuration.
        Ok(())
    }

    fn send(&mut self, packet: &Packet) -> Result<(), String> {
        self.visit.send(datagram(packet));
        Ok(())
    }

    fn replies(&mut self, count: usize) -> Result<Vec<Reply>, String> {
        let mut sent = self.visit.sent()?;
        // An answer may wait for what only time brings, such as that nobody answers a ping.
        for _ in 0..MOMENTS_MAX {
            if sent.len() >= count {
                break;
            }
            sent.extend(self.visit.sent()?);
        }
        Ok(sent.iter().map(reply).collect())
    }

    fn wait_until(&mut self, elapsed: Duration) -> Result<(), String> {
        self.visit.pass(elapsed);
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Reload(config) => {
                let refused = |why: String| format!("the configuration is refused: {why}");
                return self.visit.configure(config).map_err(|why| refused(one_line(&why)));
            }
            // The world can do worse than kill a process.
            Act::Kill => self.visit.crash(true, ""),
            Act::Restart => self.visit.crash(false, ""),
            Act::KillAndAppend(text) => self.visit.crash(true, text),
            Act::Wall(seconds) => self.visit.jump(seconds * 1000),
            Act::Store(StoreMood::Works) => {
                self.visit.fill_disk(false);
                self.visit.hold_syncs(false);
            }
            Act::Store(StoreMood::Waits) => self.visit.hold_syncs(true),
            Act::Store(StoreMood::Fails) => self.visit.fill_disk(true),
            Act::Station(addr) => self.visit.settle(*addr),
        }
        Ok(())
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
