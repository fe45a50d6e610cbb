//! A server process in a network namespace.
//!
//! - `network`: the namespaces, the links, and the far ends of these, where clients and relays are.
//! - `frame`: Ethernet frames, ARP, IPv4, UDP and ICMP.
//! - `process`: the process and its log.
//! - `build`: our daemon's program.

mod build;
mod frame;
mod network;
mod process;

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::script::with_members;
use crate::subject::{Act, Need, Packet, Reply, Subject};
pub use build::daemon;
pub use network::Network;
use process::Process;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long nothing must come, where nothing is expected.
const SILENCE: Duration = Duration::from_millis(300);
/// How long nothing more must come after what was expected.
const AFTERWARDS: Duration = Duration::from_millis(40);
/// The time between two looks at the links.
const PACE: Duration = Duration::from_micros(500);
/// The station that uses an address for itself.
const SQUATTER: [u8; 6] = [2, 0, 0, 0, 0xee, 1];

/// A server's program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Program {
    /// Our daemon, by its path.
    Lessor(PathBuf),
    /// Kea's DHCPv4 server, by its path.
    Kea(PathBuf),
}

impl Program {
    /// What the log says when a new configuration is in effect, and when it is refused.
    const fn reloaded(&self) -> [&'static str; 2] {
        match self {
            Self::Lessor(_) => ["CONFIG_APPLIED", "CONFIG_REFUSED"],
            Self::Kea(_) => ["DHCP4_CONFIG_COMPLETE", "DHCP4_DYNAMIC_RECONFIGURATION_FAIL"],
        }
    }
}

/// A server process, with a network and a folder of its own.
#[derive(Debug)]
pub struct Live {
    program: Program,
    folder: TempDir,
    /// Ends before the network does.
    process: Option<Process>,
    network: Network,
    began: Instant,
    replies: Vec<Reply>,
}

impl Live {
    /// A place for the program; it is not started yet.
    ///
    /// # Errors
    /// Why this machine or user cannot make one.
    pub fn new(program: Program) -> Result<Self, String> {
        Ok(Self {
            program,
            folder: tempfile::tempdir().map_err(|why| format!("a folder: {why}"))?,
            process: None,
            network: Network::new()?,
            began: Instant::now(),
            replies: Vec::new(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, config: &str) -> Result<(), String> {
        let leases = self.path("leases.csv");
        let database = format!(
            r#""lease-database": {{ "type": "memfile", "name": "{}", "lfc-interval": 0 }},"#,
            leases.display()
        );
        let text = with_members(config, &database)?;
        fs::write(self.path("server.conf"), text).map_err(|why| format!("the folder: {why}"))
    }

    fn serve(&mut self) -> Result<(), String> {
        let path = match &self.program {
            Program::Lessor(path) | Program::Kea(path) => path,
        };
        let mut command = Command::new(path);
        command.arg("-c").arg(self.path("server.conf"));
        for name in ["KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR"] {
            command.env(name, self.folder.path());
        }
        let mut process = Process::start(self.network.at_server(&command))?;
        if process.wait_for(&["DHCP4_STARTED"]).is_err() {
            return Err(process.last_words());
        }
        self.process = Some(process);
        Ok(())
    }

    fn process(&mut self) -> Result<&mut Process, String> {
        self.process.as_mut().ok_or_else(|| "the server does not run".to_owned())
    }

    fn stop(&mut self, signal: &str) -> Result<(), String> {
        let mut process = self.process.take().ok_or("the server does not run")?;
        process.signal(signal)?;
        process.wait()
    }

    fn listen(&mut self) -> Result<(), String> {
        let new = self.network.receive()?;
        self.replies.extend(new);
        thread::sleep(PACE);
        Ok(())
    }
}

impl Subject for Live {
    fn can(&self, need: Need) -> bool {
        need == Need::File
    }

    fn start(&mut self, config: &str) -> Result<(), String> {
        self.configure(config)?;
        self.serve()?;
        self.began = Instant::now();
        Ok(())
    }

    fn send(&mut self, packet: &Packet) -> Result<(), String> {
        self.network.send(packet)
    }

    fn replies(&mut self, count: usize) -> Result<Vec<Reply>, String> {
        let begun = Instant::now();
        while self.replies.len() < count && begun.elapsed() < PATIENCE {
            self.listen()?;
            if let Some(end) = self.process.as_mut().and_then(Process::has_ended) {
                return Err(end);
            }
        }
        let calm = if count == 0 { SILENCE } else { AFTERWARDS };
        let calm_since = Instant::now();
        while calm_since.elapsed() < calm {
            self.listen()?;
        }
        Ok(std::mem::take(&mut self.replies))
    }

    fn wait_until(&mut self, elapsed: Duration) -> Result<(), String> {
        while self.began.elapsed() < elapsed {
            self.listen()?;
        }
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Reload(config) => {
                self.configure(config)?;
                let words = self.program.reloaded();
                let process = self.process()?;
                process.signal("HUP")?;
                match process.wait_for(&words)? {
                    0 => Ok(()),
                    _ => Err(format!("the configuration is refused: {}", process.last_words())),
                }
            }
            Act::Kill => self.stop("KILL").and_then(|()| self.serve()),
            Act::Restart => self.stop("TERM").and_then(|()| self.serve()),
            Act::KillAndAppend(text) => {
                self.stop("KILL")?;
                let file = OpenOptions::new().append(true).open(self.path("leases.csv"));
                file.and_then(|mut file| file.write_all(text.as_bytes()))
                    .map_err(|why| format!("the lease file: {why}"))?;
                self.serve()
            }
            Act::Station(addr) => {
                let link = place_of(*addr);
                self.network.settle(link, *addr, SQUATTER);
                Ok(())
            }
            Act::Wall(_) | Act::Store(_) => Err("nobody can do that here".to_owned()),
        }
    }
}

/// The link that an address lies on.
fn place_of(addr: Ipv4Addr) -> usize {
    let near = |(_, us, len): &(&str, Ipv4Addr, u8)| {
        let mask = u32::MAX << (32 - u32::from(*len));
        u32::from(*us) & mask == u32::from(addr) & mask
    };
    crate::subject::LINKS.iter().position(near).unwrap_or(0)
}
