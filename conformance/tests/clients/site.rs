//! A server on a LAN, a client beside it, and a relay with another client behind it:
//!
//! ```text
//!   server (lan0, a bridge, 10.0.0.1/24) ── near client
//!                                        └─ relay 10.0.0.7 | 10.2.0.1/24 ── far client
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lessor_conformance::live::daemon;
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where somebody is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Server,
    Near,
    Relay,
    Far,
}

const PLACES: [Place; 4] = [Place::Server, Place::Near, Place::Relay, Place::Far];

/// The network, the server in it and a folder for everybody's files; gone when dropped.
pub(crate) struct Site {
    prefix: String,
    pub(crate) folder: TempDir,
    running: Vec<Child>,
}

impl Site {
    /// Makes the network and starts the server, whose `Dhcp4` holds `more`.
    pub(crate) fn new(name: &str, more: &str) -> Result<Self, String> {
        let prefix = format!("lessor-r{}-{name}", std::process::id());
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let mut site = Self { prefix, folder, running: Vec::new() };
        site.lay()?;
        let config = format!(
            r#"{{ "Dhcp4": {{
                "interfaces-config": {{ "interfaces": [ "lan0" ] }},
                "lease-database": {{ "type": "memfile", "name": "{}" }},
                {more} }} }}"#,
            site.path("leases.csv").display()
        );
        fs::write(site.path("lessor.conf"), config).map_err(|why| why.to_string())?;
        let log = site.path("lessor.log");
        let mut serve = site.command(Place::Server, &daemon()?.to_string_lossy());
        serve.arg("-c").arg(site.path("lessor.conf"));
        serve.env("KEA_PIDFILE_DIR", site.folder.path());
        site.start(serve, "lessor.log")?;
        wait_for("the server", || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("DHCP4_STARTED"))
        });
        Ok(site)
    }

    fn lay(&self) -> Result<(), String> {
        for place in PLACES {
            ip(&format!("netns add {}", self.name(place)))?;
            self.ip(place, "link set lo up")?;
        }
        self.ip(Place::Server, "link add lan0 type bridge")?;
        self.ip(Place::Server, "addr add 10.0.0.1/24 dev lan0")?;
        self.ip(Place::Server, "link set lan0 up")?;
        for (place, link, hw) in [(Place::Near, "eth0", 0x0a), (Place::Relay, "up0", 0x0b)] {
            let peer = format!("port{hw}");
            let there = self.name(Place::Server);
            self.ip(
                place,
                &format!("link add {link} address 02:4c:00:00:01:{hw:02x} type veth peer name {peer} netns {there}"),
            )?;
            self.ip(Place::Server, &format!("link set {peer} master lan0 up"))?;
            self.ip(place, &format!("link set {link} up"))?;
        }
        let far = self.name(Place::Far);
        self.ip(Place::Relay, &format!("link add down0 type veth peer name eth0 netns {far}"))?;
        self.ip(Place::Far, "link set eth0 address 02:4c:00:00:01:0c up")?;
        self.ip(Place::Relay, "link set down0 up")?;
        self.ip(Place::Relay, "addr add 10.0.0.7/24 dev up0")?;
        self.ip(Place::Relay, "addr add 10.2.0.1/24 dev down0")?;
        self.ip(Place::Server, "route add 10.2.0.0/24 via 10.0.0.7")
    }

    fn name(&self, place: Place) -> String {
        format!("{}-{}", self.prefix, format!("{place:?}").to_lowercase())
    }

    /// Somebody on the LAN uses an address of his own accord.
    pub(crate) fn squat(&self, addr: Ipv4Addr) -> Result<(), String> {
        self.ip(Place::Relay, &format!("addr add {addr}/24 dev up0"))
    }

    /// Waits until the lease file says that an address is in this state, by Kea's number.
    pub(crate) fn wait_for_state(&self, addr: Ipv4Addr, state: &str) -> bool {
        wait_for_it(|| self.row(addr).is_some_and(|row| row.split(',').nth(9) == Some(state)))
    }

    /// The last that the lease file says of an address.
    pub(crate) fn row(&self, addr: Ipv4Addr) -> Option<String> {
        let rows = fs::read_to_string(self.path("leases.csv")).ok()?;
        rows.lines().rfind(|row| row.starts_with(&format!("{addr},"))).map(str::to_owned)
    }

    fn ip(&self, place: Place, arguments: &str) -> Result<(), String> {
        ip(&format!("-n {} {arguments}", self.name(place)))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program in its place. Its process is the program's own: `ip` becomes it.
    pub(crate) fn command(&self, place: Place, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(place), program]);
        command
    }

    /// Starts a program that is ended with the site; its output goes to a file.
    pub(crate) fn start(&mut self, mut command: Command, log: &str) -> Result<(), String> {
        let out = fs::File::create(self.path(log)).map_err(|why| why.to_string())?;
        let err = out.try_clone().map_err(|why| why.to_string())?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        self.running.push(command.spawn().map_err(|why| why.to_string())?);
        Ok(())
    }

    /// A relay that serves the far client.
    pub(crate) fn relay(&mut self, upstream: &[&str]) -> Result<(), String> {
        let mut relay = self.command(Place::Relay, "dhcrelay");
        relay.args(["-4", "-d", "-a", "-id", "down0"]).args(upstream).arg("10.0.0.1");
        self.start(relay, "dhcrelay.log")?;
        let log = self.path("dhcrelay.log");
        wait_for("dhcrelay", || {
            fs::read_to_string(&log).is_ok_and(|text| text.contains("Sending on   Socket"))
        });
        Ok(())
    }

    /// What dhclient tells its script when it has a lease; `conf` goes into its configuration.
    pub(crate) fn dhclient(&mut self, place: Place, conf: &str) -> Result<Told, String> {
        self.dhclient_until("BOUND", place, conf)
    }

    /// The same for another reason to call the script. The client uses the address that it got.
    pub(crate) fn dhclient_until(
        &mut self,
        reason: &str,
        place: Place,
        conf: &str,
    ) -> Result<Told, String> {
        let seen = self.path(&format!("dhclient-{place:?}"));
        let script = self.script(&format!(
            "#!/bin/sh\n\
             [ \"$reason\" = BOUND ] && ip addr add \"$new_ip_address/24\" dev \"$interface\"\n\
             [ \"$reason\" = {reason} ] && env > {0}.new && mv {0}.new {0}\n\
             exit 0\n",
            seen.display()
        ))?;
        let _ = fs::remove_file(&seen);
        fs::write(self.path("dhclient.conf"), conf).map_err(|why| why.to_string())?;
        let _ = fs::remove_file(self.path("dhclient.leases"));
        let client = self.dhclient_command(place, &["-d", "-1"], &script);
        self.start(client, "dhclient.log")?;
        let logs = ["dhclient.log", "dhcrelay.log", "lessor.log"].map(|log| self.path(log));
        // It notes the lease only when the script is through, and needs the note to release it.
        let noted = || {
            let noted = fs::read_to_string(self.path("dhclient.leases"));
            noted.is_ok_and(|leases| leases.ends_with("}\n"))
        };
        if !wait_for_it(|| seen.exists() && noted()) {
            let logs = logs.map(|log| fs::read_to_string(log).unwrap_or_default());
            return Err(logs.join("\n"));
        }
        if let Some(mut client) = self.running.pop() {
            let _ = client.kill();
            let _ = client.wait();
        }
        Told::read(&seen)
    }

    /// Lets dhclient give back what it got last.
    pub(crate) fn dhclient_releases(&self, place: Place) -> Result<(), String> {
        let mut client = self.dhclient_command(place, &["-r"], &self.path("script"));
        let output = client.output().map_err(|why| why.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn dhclient_command(&self, place: Place, how: &[&str], script: &Path) -> Command {
        let mut client = self.command(place, "dhclient");
        client.args(how).arg("-sf").arg(script);
        client.arg("-cf").arg(self.path("dhclient.conf"));
        client.arg("-lf").arg(self.path("dhclient.leases"));
        client.arg("-pf").arg(self.path("dhclient.pid")).arg("eth0");
        client
    }

    /// What udhcpc tells its script when it has a lease.
    pub(crate) fn udhcpc(&mut self, place: Place, arguments: &[&str]) -> Result<Told, String> {
        let seen = self.path(&format!("udhcpc-{place:?}"));
        let script = self.script(&format!(
            "#!/bin/sh\ncase \"$1\" in bound|renew) env > {};; esac\n",
            seen.display()
        ))?;
        let mut client = self.command(place, "udhcpc");
        client.args(["-n", "-q", "-f", "-t", "6", "-T", "1", "-i", "eth0", "-s"]).arg(script);
        let output = client.args(arguments).output().map_err(|why| why.to_string())?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Told::read(&seen)
    }

    fn script(&self, text: &str) -> Result<PathBuf, String> {
        let path = self.path("script");
        fs::write(&path, text).map_err(|why| why.to_string())?;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, mode).map_err(|why| why.to_string())?;
        Ok(path)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        for place in PLACES {
            let _ = ip(&format!("netns del {}", self.name(place)));
        }
    }
}

/// The environment of a client's script.
#[derive(Debug)]
pub(crate) struct Told(BTreeMap<String, String>);

impl Told {
    fn read(path: &PathBuf) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(Self(pairs.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect()))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn addr(&self, key: &str) -> Ipv4Addr {
        let text = self.get(key).unwrap_or_else(|| panic!("no {key} in {:?}", self.0));
        text.parse().unwrap_or_else(|_| panic!("{key}={text}"))
    }

    /// The names that speak of something.
    pub(crate) fn named(&self, what: &str) -> Vec<&String> {
        self.0.keys().filter(|key| key.contains(what)).collect()
    }
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    assert!(wait_for_it(is_there), "{what} is late");
}

/// Whether something comes in time.
fn wait_for_it(is_there: impl Fn() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    while !is_there() {
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|why| format!("ip: {why}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
