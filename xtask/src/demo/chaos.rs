//! Reloads under load, and a full disk, with the load generator of `benches`.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::account::Account;
use super::namespaces::{CLIENT_LINK, Network, Place, SERVER_LINK};
use super::proof::LeaseFile;
use super::server::{Server, configuration};
use crate::command;

/// An answer that takes longer did not come.
const TIMEOUT_MS: &str = "4000";
const RELOAD_EVERY: Duration = Duration::from_millis(500);
/// The size of the disk that gets full: room for the leases and for the log.
const DISK: &str = "size=4m";
const FULL_RATE: u32 = 500;

/// One more interface of the server, which comes and goes with the configurations.
const SPARE_LINK: &str = "spare0";

/// Reloads by signal and by command in turn, twice a second, while clients get leases: true if each
/// of them was answered, and each reload taken.
pub(super) fn reloads(
    folder: &Path,
    program: &Path,
    generator: &Path,
    (rate, seconds): (u32, u32),
) -> Result<bool> {
    let account = Account::begin();
    let network = Network::build(folder).context("cannot make the network")?;
    lay(&network)?;
    let variants = [false, true].map(|other| variant(folder, other));
    let mut server = Server::with(&network, program, folder, variants[0].clone())?;
    server.start()?;
    account.say(format!("the server serves; {rate} exchanges a second for {} s", seconds + 4));
    let figures = folder.join("reloads.json");
    let options = format!("--rate {rate} --seconds {} --clients 50000", seconds + 4);
    let load = Load::start(&network, generator, &options, &figures)?;
    thread::sleep(Duration::from_secs(2));
    let (begun, mut count) = (Instant::now(), 0_usize);
    while begun.elapsed() < Duration::from_secs(seconds.into()) {
        count += 1;
        let variant = &variants[count % 2];
        if count.is_multiple_of(3) {
            let reply = server.ask("config-set", variant)?;
            if reply["result"] != 0 {
                bail!("config-set: {reply}");
            }
        } else {
            super::write(&folder.join("server.conf"), &variant.to_string())?;
            server.hang_up()?;
        }
        thread::sleep(RELOAD_EVERY);
    }
    let figures = load.end(&figures)?;
    let log = server.log();
    let [applied, refused] = ["CONFIG_APPLIED", "CONFIG_REFUSED"].map(|id| log.matches(id).count());
    account.say(format!("{count} reloads were asked for: {applied} taken, {refused} refused"));
    let kind = &figures["kinds"]["exchange"];
    let dropped = figures["dropped"].as_u64().or_else(|| kind["dropped"].as_u64());
    account.say(format!("exchanges: {kind}"));
    let whole = dropped == Some(0) && refused == 0 && applied == count;
    account.say(if whole { "no exchange was dropped" } else { "NOT GOOD: see above" });
    Ok(whole)
}

/// Fills the disk of the lease file while clients get leases, and makes room again: true if nothing
/// that is acknowledged is missing, nobody got a lease meanwhile, and all was well again by itself.
pub(super) fn full_disk(folder: &Path, program: &Path, generator: &Path) -> Result<bool> {
    let account = Account::begin();
    fs::create_dir_all(folder)?;
    let _disk = Disk::mount(folder)?;
    let network = Network::build(folder).context("cannot make the network")?;
    lay(&network)?;
    let mut server = Server::with(&network, program, folder, variant(folder, false))?;
    server.start()?;
    account.say("lease file and log on a disk of 4 MB; clients come, and it is filled up");
    let figures = folder.with_extension("json");
    let options = format!("--rate {FULL_RATE} --seconds 20 --clients 50000");
    let load = Load::start(&network, generator, &options, &figures)?;
    let ballast = folder.join("ballast");
    thread::sleep(Duration::from_secs(4));
    let written = fs::write(&ballast, vec![0; 4 << 20]);
    account.say(format!(
        "the disk is filled up: {}",
        written.err().map_or_else(String::new, |why| why.to_string())
    ));
    thread::sleep(Duration::from_secs(5));
    let status = |server: &Server<'_>| -> Result<Value> {
        Ok(server.ask("status-get", &json!({}))?["arguments"]["lessor"].clone())
    };
    let amid = status(&server)?;
    let stuck = LeaseFile::read(&server.lease_file())?.leases.len();
    fs::remove_file(&ballast)?;
    account.say(format!("there is room again; {stuck} leases are in the file"));
    let figures = load.end(&figures)?;
    account.say(format!("exchanges: {}", figures["kinds"]["exchange"]));
    let served = server.leases()?.len();
    server.kill()?;
    let kept = LeaseFile::read(&server.lease_file())?.leases.len();
    account
        .say(format!("after it: {kept} leases in the file, {served} in the server before kill -9"));
    let counters = &amid["counters"];
    account.say(format!(
        "while it was full: {} exchanges without an answer, store open: {}",
        counters["DHCP4_STORE_REFUSED"], amid["store-open"]
    ));
    let log = server.log();
    let is_of_store = |line: &&str| line.contains(" JOURNAL_") || line.contains(" STORE_");
    let lines: Vec<&str> = log.lines().filter(is_of_store).collect();
    account.show(lines.iter().take(12));
    let told = lines.iter().filter(|line| line.contains("JOURNAL_WRITE_FAILED")).count();
    account.say(format!("the log says so {told} times"));
    let refused = counters["DHCP4_STORE_REFUSED"].as_u64().unwrap_or(0);
    let whole = kept == served && refused > 0 && kept > stuck && told > 0;
    account.say(if whole { "a full disk costs answers, and no lease" } else { "NOT GOOD" });
    Ok(whole)
}

fn lay(network: &Network) -> Result<()> {
    network.ip(Place::Load, &format!("addr add 10.77.0.9/16 dev {CLIENT_LINK}"))?;
    network.ip(Place::Server, &format!("link add {SPARE_LINK} type veth peer name spare1"))?;
    network.ip(Place::Server, "link set spare1 up")?;
    network.ip(Place::Server, &format!("addr add 10.79.0.1/24 dev {SPARE_LINK}"))?;
    network.ip(Place::Server, &format!("link set {SPARE_LINK} up"))
}

/// Two configurations that give the same leases, and differ in interfaces, sockets and subnets.
fn variant(folder: &Path, other: bool) -> Value {
    let mut value = configuration(folder);
    let dhcp4 = &mut value["Dhcp4"];
    dhcp4["subnet4"][0]["pools"] = json!([{ "pool": "10.77.1.0 - 10.77.255.250" }]);
    if other {
        dhcp4["interfaces-config"]["interfaces"] = json!([SERVER_LINK, SPARE_LINK]);
        dhcp4["subnet4"][1]["subnet"] = json!("10.80.0.0/24");
        dhcp4["subnet4"][1]["pools"] = json!([{ "pool": "10.80.0.10 - 10.80.0.99" }]);
        dhcp4["subnet4"][1]["option-data"] = json!([]);
        dhcp4["control-sockets"][0]["socket-type"] = json!("unix");
        dhcp4["option-data"] = json!([{ "name": "domain-name-servers", "data": "10.77.0.2" }]);
    }
    value
}

/// The load generator while it runs.
struct Load(Child);

impl Load {
    fn start(network: &Network, generator: &Path, options: &str, json: &Path) -> Result<Self> {
        let mut command = network.command(Place::Load, &generator.to_string_lossy());
        command.args(["drive", "--interface", CLIENT_LINK, "--timeout", TIMEOUT_MS]);
        command.args(options.split(' ')).arg("--json").arg(json).stdout(Stdio::null());
        Ok(Self(command.spawn().context("cannot start the load generator")?))
    }

    fn end(mut self, json: &Path) -> Result<Value> {
        let status = self.0.wait()?;
        if !status.success() {
            bail!("the load generator failed: {status}");
        }
        Ok(serde_json::from_str(&fs::read_to_string(json)?)?)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A small disk in memory.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path) -> Result<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(at);
        command::capture(&mut mount).context("cannot mount a disk in memory")?;
        Ok(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        command::succeeds(Command::new("umount").args(["-l"]).arg(self.0));
    }
}
