//! The server under the demo: its configuration, its process, its commands.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::namespaces::{Network, Place, SERVER_LINK};
use crate::command;

/// Lifetime of all leases.
pub(super) const LIFETIME_SECS: u32 = 600;
const READY: &str = "DHCP4_STARTED";
const READY_WAIT: Duration = Duration::from_secs(15);
const COMMAND_WAIT: Duration = Duration::from_secs(10);
/// How many leases one page of `lease4-get-page` has.
const PAGE: usize = 256;

/// The server, running or killed.
pub(super) struct Server<'n> {
    network: &'n Network,
    program: PathBuf,
    folder: PathBuf,
    child: Option<Child>,
}

impl<'n> Server<'n> {
    /// Writes the configuration; starts nothing yet.
    pub(super) fn new(network: &'n Network, program: &Path, folder: &Path) -> Result<Self> {
        Self::with(network, program, folder, configuration(folder))
    }

    /// As [`Server::new`], with another configuration.
    pub(super) fn with(
        network: &'n Network,
        program: &Path,
        folder: &Path,
        mut configuration: Value,
    ) -> Result<Self> {
        // Kea has its lease commands in a library, which the demo loads when it runs with Kea.
        if let Some(library) = kea_library(program) {
            configuration["Dhcp4"]["hooks-libraries"] = json!([{ "library": library }]);
        }
        let text = serde_json::to_string_pretty(&configuration)?;
        super::write(&folder.join("server.conf"), &text)?;
        Ok(Self { network, program: program.to_owned(), folder: folder.to_owned(), child: None })
    }

    pub(super) fn lease_file(&self) -> PathBuf {
        self.folder.join("leases4.csv")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// All that the server has printed.
    pub(super) fn log(&self) -> String {
        let octets = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// Starts the server and waits until it says that it serves.
    ///
    /// Returns its process and how long that took.
    pub(super) fn start(&mut self) -> Result<(u32, Duration)> {
        let begun = Instant::now();
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let before = self.log().len();
        let mut server = self.network.command(Place::Server, &self.program.to_string_lossy());
        server.arg("-c").arg(self.folder.join("server.conf"));
        // Kea puts its lock and process files there; to us they mean nothing.
        for variable in ["KEA_LOCKFILE_DIR", "KEA_PIDFILE_DIR"] {
            server.env(variable, &self.folder);
        }
        server.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        let child = self.child.insert(server.spawn().context("cannot start the server")?);
        let pid = child.id();
        loop {
            let ended = child.try_wait()?;
            let log = fs::read(self.folder.join("server.log")).unwrap_or_default();
            let log = String::from_utf8_lossy(log.get(before..).unwrap_or_default()).into_owned();
            if log.contains(READY) {
                return Ok((pid, begun.elapsed()));
            }
            if let Some(status) = ended {
                let line = command::line(&server);
                bail!("`{line}` ended: {status}\n{}", command::tail(&log, 20));
            }
            if begun.elapsed() > READY_WAIT {
                let waited = READY_WAIT.as_secs();
                bail!("no {READY} within {waited} s; the log:\n{}", command::tail(&log, 20));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends the server as a crash would: SIGKILL, no farewell.
    pub(super) fn kill(&mut self) -> Result<u32> {
        let mut child = self.child.take().context("the server does not run")?;
        if let Some(status) = child.try_wait()? {
            bail!("the server had ended: {status}\n{}", command::tail(&self.log(), 20));
        }
        child.kill().context("cannot kill the server")?;
        child.wait().context("cannot wait for the server")?;
        Ok(child.id())
    }

    /// Every lease that the server has, by `lease4-get-page`.
    pub(super) fn leases(&self) -> Result<Vec<Value>> {
        let mut leases = Vec::new();
        let mut from = "start".to_owned();
        loop {
            let arguments = json!({ "from": from, "limit": PAGE });
            let reply = self.ask("lease4-get-page", &arguments)?;
            let page = reply["arguments"]["leases"].as_array().cloned().unwrap_or_default();
            // Result 3 is Kea's "nothing found", which the page after the last one is.
            let result = reply["result"].as_i64();
            if !matches!(result, Some(0 | 3)) {
                bail!("lease4-get-page: {}", reply["text"].as_str().unwrap_or("no text"));
            }
            let Some(last) = page.last().and_then(|lease| lease["ip-address"].as_str()) else {
                return Ok(leases);
            };
            last.clone_into(&mut from);
            leases.extend(page);
        }
    }

    /// Has the server read its configuration file again.
    pub(super) fn hang_up(&self) -> Result<()> {
        let pid = self.child.as_ref().context("the server does not run")?.id();
        let kill = ["-c", "kill -HUP \"$0\"", &pid.to_string()];
        command::capture(std::process::Command::new("sh").args(kill)).map(drop)
    }

    pub(super) fn ask(&self, name: &str, arguments: &Value) -> Result<Value> {
        let path = self.folder.join("control.sock");
        let exchange = || -> Result<Value> {
            let mut stream = UnixStream::connect(&path)?;
            stream.set_read_timeout(Some(COMMAND_WAIT))?;
            let command = json!({ "command": name, "arguments": arguments });
            stream.write_all(command.to_string().as_bytes())?;
            stream.shutdown(std::net::Shutdown::Write)?;
            let mut reply = String::new();
            stream.read_to_string(&mut reply)?;
            Ok(serde_json::from_str(&reply)?)
        };
        exchange().with_context(|| format!("command {name} over {}", path.display()))
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a user of Kea would write; only what the demo needs differs from the defaults.
pub(super) fn configuration(folder: &Path) -> Value {
    json!({
        "Dhcp4": {
            "interfaces-config": { "interfaces": [SERVER_LINK] },
            "control-sockets": [{
                "socket-type": "unix",
                "socket-name": folder.join("control.sock"),
            }],
            "lease-database": {
                "type": "memfile",
                "persist": true,
                "name": folder.join("leases4.csv"),
            },
            "valid-lifetime": LIFETIME_SECS,
            // Renewals soon after the first ACK are to be written, too.
            "cache-threshold": 0.001,
            "subnet4": [
                {
                    "id": 1,
                    "subnet": "10.77.0.0/16",
                    "pools": [{ "pool": "10.77.1.0 - 10.77.3.255" }],
                    "option-data": [{ "name": "routers", "data": "10.77.0.2" }],
                },
                {
                    "id": 2,
                    "subnet": "10.78.0.0/24",
                    "pools": [{ "pool": "10.78.0.10 - 10.78.0.99" }],
                    "option-data": [{ "name": "routers", "data": "10.78.0.1" }],
                },
            ],
        }
    })
}

fn kea_library(program: &Path) -> Option<PathBuf> {
    if program.file_name()?.to_string_lossy() != "kea-dhcp4" {
        return None;
    }
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    let libraries = folders.map(|entry| entry.path().join("kea/hooks/libdhcp_lease_cmds.so"));
    libraries.into_iter().find(|library| library.is_file())
}
