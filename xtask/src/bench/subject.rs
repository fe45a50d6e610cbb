//! Who is measured.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::bed::{Bed, CLIENT_LINK, SERVER, SERVER_LINK, Side};
use super::leases;
use super::process::{Memory, Usage};
use crate::command;

/// A server, or what stands for one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Subject {
    /// The null responder: the ceiling of generator and sockets.
    Null,
    /// Ours: leases synced before they are acknowledged.
    Lessor,
    /// Kea with one thread; leases written, not synced.
    Kea,
    /// Kea with as many threads as it likes.
    KeaThreads,
}

impl Subject {
    /// Its name in figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null responder",
            Self::Lessor => "Lessor",
            Self::Kea => "Kea, one thread",
            Self::KeaThreads => "Kea, threads on",
        }
    }

    /// Its name for `--without`.
    pub(crate) const fn family(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Lessor => "lessor",
            Self::Kea | Self::KeaThreads => "kea",
        }
    }

    pub(crate) const fn is_kea(self) -> bool {
        matches!(self, Self::Kea | Self::KeaThreads)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The lifetime of leases, in seconds.
pub(crate) const LIFETIME: u32 = 4000;
/// How long the slowest start may take: a million leases, on Kea, on a busy machine.
const START_WAIT: Duration = Duration::from_secs(120);
const STOP_WAIT: Duration = Duration::from_secs(20);
/// From here on, clients' numbers are in no lease file and of no run of the generator.
pub(crate) const NOBODY: u32 = 0x7000_0000;
/// Microseconds between two questions.
pub(crate) const EVERY: u32 = 1000;

/// What differs between the configurations of one run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    /// The pool of the relay's subnet, 10.0.0.0/8.
    pub(crate) pool: &'static str,
    /// How many subnets there are besides, with a pool each.
    pub(crate) others: u32,
    pub(crate) lifetime: u32,
}

impl Shape {
    /// One subnet, 2^20 addresses.
    pub(crate) const WIDE: Self =
        Self { pool: "10.1.0.0 - 10.16.255.255", others: 0, lifetime: LIFETIME };

    /// What both servers are given, word for word but for the threads.
    fn configuration(self, bed: &Bed, subject: Subject) -> Value {
        let mut subnets = vec![json!({
            "id": 1,
            "subnet": "10.0.0.0/8",
            "pools": [{ "pool": self.pool }],
            "option-data": [{ "name": "routers", "data": "10.0.0.1" }],
        })];
        subnets.extend((0..self.others).map(|n| {
            let net = format!("{}.{}.{}", 20 + (n >> 16), n >> 8 & 255, n & 255);
            json!({
                "id": n + 2,
                "subnet": format!("{net}.0/24"),
                "pools": [{ "pool": format!("{net}.10 - {net}.250") }],
                "option-data": [{ "name": "routers", "data": format!("{net}.1") }],
            })
        }));
        json!({ "Dhcp4": {
            "interfaces-config": { "interfaces": [SERVER_LINK], "dhcp-socket-type": "udp" },
            "control-socket": {
                "socket-type": "unix",
                "socket-name": bed.path("control.sock"),
            },
            "lease-database": {
                "type": "memfile",
                "persist": true,
                "name": bed.path("leases4.csv"),
                "lfc-interval": 0,
            },
            "multi-threading": { "enable-multi-threading": subject == Subject::KeaThreads },
            // A line for each lease would be most of what is measured.
            "loggers": [{
                "name": "kea-dhcp4",
                "output_options": [{ "output": "stdout" }],
                "severity": "WARN",
            }],
            "valid-lifetime": self.lifetime,
            // As good as none: the default was none before Kea 3.0, which takes no 0 for it, and
            // ours is the one since.
            "cache-threshold": 0.001,
            "subnet4": subnets,
        }})
    }
}

/// A server that runs. It is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Running<'b> {
    bed: &'b Bed,
    pub(crate) subject: Subject,
    child: Child,
    /// From its process's beginning until a client had its first answer.
    pub(crate) started: Duration,
}

impl<'b> Running<'b> {
    /// Starts a server with no leases and waits for its first answer.
    pub(crate) fn start(bed: &'b Bed, subject: Subject, shape: Shape) -> Result<Self> {
        Self::start_with(bed, subject, shape, None)
    }

    /// The same with the leases of a file, which stays as it is.
    pub(crate) fn start_with(
        bed: &'b Bed,
        subject: Subject,
        shape: Shape,
        leases: Option<&str>,
    ) -> Result<Self> {
        remove_leases(bed)?;
        if let Some(name) = leases {
            fs::copy(bed.path(name), bed.path("leases4.csv")).context("cannot copy the leases")?;
        }
        configure(bed, subject, shape)?;
        let log = File::create(bed.path("server.log"))?;
        let program = match subject {
            Subject::Null => &bed.load,
            Subject::Lessor => &bed.lessor,
            Subject::Kea | Subject::KeaThreads => &bed.kea,
        };
        let mut server = bed.command(Side::Server, program);
        match subject {
            Subject::Null => server.args(["respond", "--interface", SERVER_LINK, "--udp"]),
            _ => server.arg("-c").arg(bed.path("server.conf")),
        };
        for variable in ["KEA_LOCKFILE_DIR", "KEA_PIDFILE_DIR"] {
            server.env(variable, bed.path(""));
        }
        server.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        // Who has a lease is answered where nobody else would be, and takes no address.
        let first = if leases.is_some() { leases::FIRST_CLIENT } else { NOBODY };
        let mut watch = Watch::start(bed, first, EVERY)?;
        let begun = Instant::now();
        let child = server.spawn().context("cannot start the server")?;
        let mut running = Self { bed, subject, child, started: Duration::ZERO };
        running.started = running.await_answer(&mut watch, None, START_WAIT)? - begun;
        watch.end()?;
        Ok(running)
    }

    /// When the first answer came that offers this lifetime, or any.
    pub(crate) fn await_answer(
        &mut self,
        watch: &mut Watch<'_>,
        lifetime: Option<u32>,
        patience: Duration,
    ) -> Result<Instant> {
        let end = Instant::now() + patience;
        loop {
            let heard = watch.changes.recv_timeout(Duration::from_millis(50));
            if let Ok((at, offered)) = heard
                && lifetime.is_none_or(|lifetime| lifetime == offered)
            {
                return Ok(at);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended: {status}\n{}", self.subject, self.last_words());
            }
            if Instant::now() > end {
                let waited = patience.as_secs();
                bail!("{}: no answer in {waited} s\n{}", self.subject, self.last_words());
            }
        }
    }

    fn last_words(&self) -> String {
        let log = fs::read(self.bed.path("server.log")).unwrap_or_default();
        command::tail(&String::from_utf8_lossy(&log), 20)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.pid())
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        Memory::of(self.pid())
    }

    /// Has it read another configuration; returns when it was told, and where its word will come.
    pub(crate) fn reload(&self, shape: Shape) -> Result<(Instant, UnixStream)> {
        configure(self.bed, self.subject, shape)?;
        let path = self.bed.path("control.sock");
        let connect = || -> std::io::Result<(Instant, UnixStream)> {
            let mut stream = UnixStream::connect(&path)?;
            let told = Instant::now();
            stream.write_all(br#"{ "command": "config-reload" }"#)?;
            stream.shutdown(std::net::Shutdown::Write)?;
            Ok((told, stream))
        };
        connect().with_context(|| format!("cannot ask over {}", path.display()))
    }

    /// Ends it, and waits for that.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = self.pid().to_string();
        // The shell's own `kill`: the program is in a package that need not be there.
        let mut kill = std::process::Command::new("sh");
        command::capture(kill.args(["-c", "kill -TERM \"$0\"", &pid]))?;
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > STOP_WAIT {
                println!("{} does not end when it is asked to; killed", self.subject);
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(bed: &Bed, subject: Subject, shape: Shape) -> Result<()> {
    let text = shape.configuration(bed, subject).to_string();
    fs::write(bed.path("server.conf"), text).context("cannot write the configuration")
}

/// Whatever the server before left behind.
fn remove_leases(bed: &Bed) -> Result<()> {
    for entry in fs::read_dir(bed.path(""))?.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("leases4.csv") || name.ends_with(".pid") || name.ends_with(".sock") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// `lessor-load watch`, which asks all the time.
#[derive(Debug)]
pub(crate) struct Watch<'b> {
    bed: &'b Bed,
    child: Child,
    input: Option<ChildStdin>,
    /// First answers and those that differ from the one before: when, and the lifetime offered.
    changes: Receiver<(Instant, u32)>,
}

impl<'b> Watch<'b> {
    /// Starts it and waits until it asks: one client after the other, from this number on, every
    /// so many microseconds.
    pub(crate) fn start(bed: &'b Bed, first: u32, every: u32) -> Result<Self> {
        let mut watch = bed.command(Side::Clients, &bed.load);
        watch.args(["watch", "--interface", CLIENT_LINK, "--server", SERVER]);
        watch.arg("--first").arg(first.to_string());
        watch.arg("--every").arg(every.to_string()).arg("--json").arg(bed.path("watch.json"));
        watch.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = watch.spawn().context("cannot start lessor-load watch")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("no output of lessor-load watch")?;
        let mut lines = BufReader::new(output).lines();
        let Some(Ok(_)) = lines.next() else { bail!("lessor-load watch says nothing") };
        let (tell, changes) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let lifetime = line.strip_prefix("answer ").and_then(|text| text.parse().ok());
                if let Some(lifetime) = lifetime {
                    let _ = tell.send((Instant::now(), lifetime));
                }
            }
        });
        Ok(Self { bed, child, input, changes })
    }

    /// Ends it; returns its figures.
    pub(crate) fn end(mut self) -> Result<Value> {
        drop(self.input.take());
        self.child.wait()?;
        let text = fs::read_to_string(self.bed.path("watch.json")).context("watch.json")?;
        Ok(serde_json::from_str(&text)?)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the server answers over its control socket, if that is a success.
pub(crate) fn await_reply(mut stream: UnixStream, patience: Duration) -> Result<()> {
    stream.set_read_timeout(Some(patience))?;
    let mut text = String::new();
    stream.read_to_string(&mut text).context("no reply to config-reload")?;
    let reply: Value = serde_json::from_str(&text).context("the reply to config-reload")?;
    if reply["result"] != 0 {
        bail!("config-reload: {}", reply["text"].as_str().unwrap_or("refused"));
    }
    Ok(())
}
