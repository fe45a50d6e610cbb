//! Real clients and a real relay, each with files of its own.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::namespaces::{CLIENT_LINK, Network, Place, RELAY_DOWN, RELAY_UP};
use super::proof::Acknowledged;
use crate::command;

/// What dhclient calls at every step. It configures the interface as a client would, and notes what
/// the server acknowledged.
const DHCLIENT_SCRIPT: &str = r#"#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
case "$reason" in
PREINIT)
    ip link set "$interface" up ;;
BOUND|RENEW|REBIND|REBOOT)
    ip addr flush dev "$interface"
    ip addr add "$new_ip_address/$new_subnet_mask" dev "$interface"
    ip route replace default via "${new_routers%% *}"
    echo "$new_ip_address $new_dhcp_lease_time" >> "@SEEN@" ;;
EXPIRE|FAIL|RELEASE|STOP)
    ip addr flush dev "$interface" ;;
esac
exit 0
"#;

/// The same for udhcpc, which names things differently.
const UDHCPC_SCRIPT: &str = r#"#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
case "$1" in
deconfig)
    ip link set "$interface" up
    ip addr flush dev "$interface" ;;
bound|renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/$mask" dev "$interface"
    ip route replace default via "${router%% *}"
    echo "$ip $lease" >> "@SEEN@" ;;
esac
exit 0
"#;

/// A program that asks for a lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Program {
    Dhclient,
    Udhcpc,
}

/// One client in a place of its own.
pub(super) struct Client<'n> {
    network: &'n Network,
    pub(super) program: Program,
    place: Place,
    /// Its link-layer address, as the lease file writes it.
    pub(super) hw: &'static str,
    /// Where its files are, but for their endings.
    stem: PathBuf,
}

impl<'n> Client<'n> {
    pub(super) fn new(
        network: &'n Network,
        folder: &Path,
        program: Program,
        place: Place,
    ) -> Result<Self> {
        let (name, hw) = match place {
            Place::First => ("c1", "02:4c:00:00:01:01"),
            Place::Second => ("c2", "02:4c:00:00:01:02"),
            Place::Far => ("c3", "02:4c:00:00:01:03"),
            _ => bail!("no client lives in {place:?}"),
        };
        let client = Self { network, program, place, hw, stem: folder.join(name) };
        let text = match program {
            Program::Dhclient => DHCLIENT_SCRIPT,
            Program::Udhcpc => UDHCPC_SCRIPT,
        };
        let script = client.file("script");
        super::write(&script, &text.replace("@SEEN@", &client.file("seen").to_string_lossy()))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700))?;
        let request = "request subnet-mask, routers, dhcp-lease-time;\n";
        super::write(&client.file("conf"), &format!("timeout 20;\nretry 5;\n{request}"))?;
        Ok(client)
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.stem.with_extension(ending)
    }

    /// Gets a lease and says what was acknowledged.
    pub(super) fn get_lease(&self) -> Result<Acknowledged> {
        // A client counts its lifetime from when it asked (RFC 2131 §4.4.1).
        let asked = super::proof::now_secs();
        match self.program {
            Program::Dhclient => self.dhclient(&["-1", "-v"])?,
            Program::Udhcpc => {
                let mut udhcpc = self.network.command(self.place, "udhcpc");
                udhcpc.args(["-n", "-q", "-f", "-t", "6", "-T", "1", "-i", CLIENT_LINK, "-s"]);
                command::capture(udhcpc.arg(self.file("script")))?;
            }
        }
        let seen = fs::read_to_string(self.file("seen")).unwrap_or_default();
        let last = seen.lines().last().context("the client noted no acknowledgement")?;
        let (addr, lifetime) = last.split_once(' ').context("half an acknowledgement")?;
        let addr: Ipv4Addr = addr.parse().with_context(|| format!("address `{addr}`"))?;
        let lifetime = lifetime.parse().with_context(|| format!("lifetime `{lifetime}`"))?;
        Ok(Acknowledged { hw: self.hw.to_owned(), addr, lifetime, asked })
    }

    /// Gives the lease back (dhclient only), which the server does not acknowledge.
    pub(super) fn release(&self) -> Result<()> {
        self.dhclient(&["-r", "-v"])
    }

    fn dhclient(&self, arguments: &[&str]) -> Result<()> {
        let mut dhclient = self.network.command(self.place, "dhclient");
        dhclient.args(["-4", "-cf"]).arg(self.file("conf"));
        dhclient.arg("-lf").arg(self.file("leases"));
        dhclient.arg("-pf").arg(self.file("pid"));
        dhclient.arg("-sf").arg(self.file("script"));
        dhclient.args(arguments).arg(CLIENT_LINK);
        // It goes on in the background with our pipes open, so its words go to a file.
        let path = self.file("log");
        let log = File::create(&path)?;
        dhclient.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        command::run(&mut dhclient).map_err(|error| {
            let printed = fs::read_to_string(&path).unwrap_or_default();
            error.context(command::tail(&printed, 20))
        })
    }
}

/// dhcrelay between the far LAN and the server.
pub(super) struct Relay {
    child: Child,
}

impl Relay {
    /// Starts dhcrelay with option 82 and waits until it listens.
    pub(super) fn start(network: &Network, folder: &Path) -> Result<Self> {
        let path = folder.join("relay.log");
        let log = File::create(&path)?;
        let mut relay = network.command(Place::Relay, "dhcrelay");
        relay.args(["-4", "-d", "-a", "--no-pid", "-id", RELAY_DOWN, "-iu", RELAY_UP, "10.77.0.1"]);
        relay.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        let mut child = relay.spawn().context("cannot start dhcrelay")?;
        let begun = Instant::now();
        loop {
            let printed = fs::read_to_string(&path).unwrap_or_default();
            if printed.contains("Socket/fallback") {
                return Ok(Self { child });
            }
            if let Some(status) = child.try_wait()? {
                let line = command::line(&relay);
                bail!("`{line}` ended: {status}\n{}", command::tail(&printed, 20));
            }
            if begun.elapsed() > Duration::from_secs(5) {
                bail!("dhcrelay does not listen:\n{}", command::tail(&printed, 20));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
