//! A small network of namespaces:
//!
//! ```text
//!   srv ─┐
//!   c1  ─┤ lan (a bridge, 10.77.0.0/16)
//!   c2  ─┤
//!   ld  ─┤
//!   rly ─┴─ far LAN (10.78.0.0/24) ── c3
//! ```
//!
//! Nothing outside is touched. A janitor of its own process group waits for the demo's end, however
//! that comes (Ctrl-C, a panic, kill -9), and then ends what runs in the namespaces and removes
//! them; if the demo could not say farewell, the demo's folder goes as well.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::command;

/// The places of the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Server,
    Lan,
    First,
    Second,
    Far,
    Relay,
    Load,
}

const PLACES: [Place; 7] =
    [Place::Server, Place::Lan, Place::First, Place::Second, Place::Far, Place::Relay, Place::Load];

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Server => "srv",
            Self::Lan => "lan",
            Self::First => "c1",
            Self::Second => "c2",
            Self::Far => "c3",
            Self::Relay => "rly",
            Self::Load => "ld",
        }
    }
}

/// The server's interface.
pub(super) const SERVER_LINK: &str = "lan0";
/// Every client's interface.
pub(super) const CLIENT_LINK: &str = "eth0";
/// The relay's interface on the server's LAN.
pub(super) const RELAY_UP: &str = "up0";
/// The relay's interface on the far LAN; dhcrelay sends its name as the circuit identifier.
pub(super) const RELAY_DOWN: &str = "far0";

/// The network while it stands.
pub(super) struct Network {
    prefix: String,
    janitor: Child,
}

impl Network {
    /// Makes the namespaces and joins them.
    pub(super) fn build(folder: &Path) -> Result<Self> {
        let prefix = format!("lessor-{}", std::process::id());
        let mut janitor = Command::new(std::env::current_exe().context("where is xtask?")?);
        janitor.args(["demo-part", "janitor"]).arg(folder);
        janitor.args(PLACES.map(|place| format!("{prefix}-{}", place.name())));
        // Ctrl-C goes to our process group; the janitor must outlive it.
        janitor.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null());
        let janitor = janitor.spawn().context("cannot start the janitor")?;
        let network = Self { prefix, janitor };
        network.lay()?;
        Ok(network)
    }

    fn lay(&self) -> Result<()> {
        for place in PLACES {
            command::capture(Command::new("ip").args(["netns", "add", &self.name(place)]))?;
            self.ip(place, "link set lo up")?;
        }
        self.ip(Place::Lan, "link add br0 type bridge")?;
        self.ip(Place::Lan, "link set br0 up")?;
        self.join(Place::Server, SERVER_LINK, "02:4c:00:00:00:01")?;
        self.join(Place::First, CLIENT_LINK, "02:4c:00:00:01:01")?;
        self.join(Place::Second, CLIENT_LINK, "02:4c:00:00:01:02")?;
        self.join(Place::Load, CLIENT_LINK, "02:4c:00:00:01:ff")?;
        self.join(Place::Relay, RELAY_UP, "02:4c:00:00:00:02")?;
        let far = self.name(Place::Far);
        self.ip(
            Place::Relay,
            &format!("link add {RELAY_DOWN} type veth peer name {CLIENT_LINK} netns {far}"),
        )?;
        self.ip(Place::Far, &format!("link set {CLIENT_LINK} address 02:4c:00:00:01:03 up"))?;
        self.ip(Place::Relay, &format!("link set {RELAY_DOWN} up"))?;

        self.ip(Place::Server, &format!("addr add 10.77.0.1/16 dev {SERVER_LINK}"))?;
        self.ip(Place::Relay, &format!("addr add 10.77.0.2/16 dev {RELAY_UP}"))?;
        self.ip(Place::Relay, &format!("addr add 10.78.0.1/24 dev {RELAY_DOWN}"))?;
        self.ip(Place::Server, "route add 10.78.0.0/24 via 10.77.0.2")?;
        // So that the simulated clients can broadcast before they have an address.
        self.ip(Place::Load, &format!("route add default dev {CLIENT_LINK}"))?;
        let mut forward = self.command(Place::Relay, "sh");
        command::capture(forward.args(["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]))?;
        Ok(())
    }

    /// Joins a place to the LAN.
    fn join(&self, place: Place, link: &str, hw: &str) -> Result<()> {
        let (lan, port) = (self.name(Place::Lan), place.name());
        self.ip(place, &format!("link add {link} type veth peer name {port} netns {lan}"))?;
        self.ip(Place::Lan, &format!("link set {port} master br0 up"))?;
        self.ip(place, &format!("link set {link} address {hw} up"))
    }

    fn name(&self, place: Place) -> String {
        format!("{}-{}", self.prefix, place.name())
    }

    pub(super) fn ip(&self, place: Place, arguments: &str) -> Result<()> {
        let mut ip = Command::new("ip");
        ip.args(["-n", &self.name(place)]).args(arguments.split(' '));
        command::capture(&mut ip).map(drop)
    }

    /// A program, to be run in a place. Its process is the program's own: `ip` becomes it.
    pub(super) fn command(&self, place: Place, program: &str) -> Command {
        let mut ip = Command::new("ip");
        ip.args(["netns", "exec", &self.name(place), program]);
        ip.stdin(Stdio::null());
        ip
    }

    /// One of our own processes in a place.
    pub(super) fn part(&self, place: Place, part: &str) -> Result<Command> {
        let own = std::env::current_exe().context("where is xtask?")?;
        let mut command = self.command(place, &own.to_string_lossy());
        command.args(["demo-part", part]);
        Ok(command)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The janitor begins when its input ends; an octet before that tells it that all is well.
        let farewell = self.janitor.stdin.take().map(|mut input| input.write_all(b"."));
        if !matches!(farewell, Some(Ok(()))) || !self.janitor.wait().is_ok_and(|s| s.success()) {
            eprintln!("the janitor failed: see `ip netns list` for {}-…", self.prefix);
        }
    }
}

/// Waits until the demo is gone, then ends what runs in these namespaces and removes them.
pub(super) fn janitor(folder: &str, namespaces: &[String]) {
    let mut farewell = Vec::new();
    // Whatever comes: the end of the input is the end of the demo.
    let _ = std::io::stdin().read_to_end(&mut farewell);
    for namespace in namespaces {
        let listed = command::capture(Command::new("ip").args(["netns", "pids", namespace]));
        for pid in listed.unwrap_or_default().split_whitespace() {
            // The shell's own `kill`: the program is in a package that need not be there.
            command::succeeds(Command::new("sh").args(["-c", "kill -9 \"$0\"", pid]));
        }
    }
    for namespace in namespaces {
        command::succeeds(Command::new("ip").args(["netns", "del", namespace]));
    }
    if farewell.is_empty() {
        let _ = std::fs::remove_dir_all(folder);
    }
}
