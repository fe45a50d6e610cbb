//! A loop on a real lease file, with packets from a queue, and everything that matters recorded in
//! one order.

mod clients;
mod disk;

use std::fs;
use std::future::Future;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lessor_config::Config;
use lessor_env::Clock as _;
use lessor_env::files::OsFiles;
use lessor_memfile::Boot;
use lessor_policy::Topology;
use lessor_server::planted::Defect;
use lessor_server::server::Limits;
use lessor_server::{Level, ProbeId, Server, Setup, StoreMode};
use lessor_types::{Datagram, Interface, Link, LinkId, Links, Secs, Seed, Transmit, Wall};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::control::Desk;
use crate::journal::{Begun, JournalSetup};
use crate::request::REQUESTS_MAX;
use crate::supervisor::Supervisor;
use crate::telemetry::{Places, Usual};
use crate::{
    ConfigFile, Control, Ending, Http, Journal, Listening, PacketIo, Parts, Reactor, Request,
    System, Telemetry, Timing, Undelivered,
};
pub(crate) use clients::{Client, read};
pub(crate) use disk::Disk;

/// The link that all test clients are on.
pub(crate) const LINK: LinkId = LinkId(2);

/// What happened, in the order in which it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Trace {
    /// Text was added to a file; the number names the open file.
    Appended(usize, String),
    /// A file was synced.
    Synced(usize),
    /// A packet was handed over to be sent.
    Sent(Transmit),
}

pub(crate) type Record = Arc<Mutex<Vec<Trace>>>;

/// Packets from a queue and into another.
pub(crate) struct Queue {
    arriving: mpsc::Receiver<Datagram>,
    arrived: Option<Datagram>,
    leaving: mpsc::UnboundedSender<Transmit>,
    record: Record,
    listening: Listening,
    /// The next configuration is refused.
    pub(crate) refuse: Arc<Mutex<Option<String>>>,
    refreshed: Arc<AtomicU64>,
    hosts: Hosts,
    answered: Vec<ProbeId>,
}

/// Who answers probes, and whether they can be sent.
pub(crate) type Hosts = Arc<Mutex<(Option<Ipv4Addr>, bool)>>;

impl PacketIo for Queue {
    async fn ready(&mut self) {
        if self.arrived.is_none() {
            match self.arriving.recv().await {
                Some(packet) => self.arrived = Some(packet),
                None => std::future::pending().await,
            }
        }
    }

    fn receive(&mut self, into: &mut Vec<Datagram>) -> io::Result<()> {
        into.extend(self.arrived.take());
        while into.len() < 256
            && let Ok(packet) = self.arriving.try_recv()
        {
            into.push(packet);
        }
        Ok(())
    }

    fn send(&mut self, batch: &[Transmit], _: &mut Vec<Undelivered>) {
        for packet in batch {
            let mut record = self.record.lock().expect("nobody panics with it");
            record.push(Trace::Sent(packet.clone()));
            let _ = self.leaving.send(packet.clone());
        }
    }

    fn probe(&mut self, probe: ProbeId, addr: Ipv4Addr, _: Option<LinkId>) -> io::Result<()> {
        let (answers, sends) = *self.hosts.lock().expect("nobody panics with it");
        if !sends {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        self.answered.extend((answers == Some(addr)).then_some(probe));
        Ok(())
    }

    fn answered(&mut self, into: &mut Vec<ProbeId>) {
        into.append(&mut self.answered);
    }

    fn listening(&self) -> &Listening {
        &self.listening
    }

    fn interfaces(&self) -> io::Result<Vec<Interface>> {
        Ok(vec![
            Interface {
                name: "lo".to_owned(),
                index: 1,
                mac: None,
                hardware: 772,
                addrs: vec![Ipv4Addr::LOCALHOST.into()],
                loopback: true,
                up: true,
                running: true,
                multicast: false,
                broadcast: false,
            },
            Interface {
                name: "eth0".to_owned(),
                index: 2,
                mac: Some([2, 0, 0, 0, 0, 0x1a]),
                hardware: 1,
                addrs: vec![Ipv4Addr::new(192, 0, 2, 1).into(), Ipv6Addr::LOCALHOST.into()],
                loopback: false,
                up: true,
                running: false,
                multicast: true,
                broadcast: true,
            },
        ])
    }

    fn refresh(&mut self) -> bool {
        self.refreshed.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn configure(&mut self, _: &Config) -> Result<(), String> {
        match self.refuse.lock().expect("nobody panics with it").take() {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }
}

/// A log that can be read.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("nobody panics with it").clone()
    }

    /// Waits until a line has this in it.
    pub(crate) async fn wait_for(&self, what: &str) {
        for _ in 0..1000 {
            if self.text().contains(what) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{what} is not in the log:\n{}", self.text());
    }
}

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut text = self.0.lock().expect("nobody panics with it");
        text.push_str(&String::from_utf8_lossy(octets));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A directory with a configuration file, to start loops in.
pub(crate) struct Home {
    dir: TempDir,
    pub(crate) disk: Disk<OsFiles>,
    pub(crate) record: Record,
    pub(crate) log: Log,
    pub(crate) persist: bool,
}

/// What a test holds of a running loop.
pub(crate) struct Hands {
    pub(crate) arrive: mpsc::Sender<Datagram>,
    pub(crate) left: mpsc::UnboundedReceiver<Transmit>,
    pub(crate) requests: mpsc::Sender<Request>,
    /// How often the interfaces were looked at.
    pub(crate) refreshed: Arc<AtomicU64>,
    pub(crate) refuse: Arc<Mutex<Option<String>>>,
    pub(crate) hosts: Hosts,
}

impl Home {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let record = Record::default();
        let disk = Disk::new(OsFiles::new(dir.path()), Arc::clone(&record));
        let home = Self { dir, disk, record, log: Log::default(), persist: true };
        home.configure("");
        home
    }

    /// Writes the configuration file; `more` goes into `Dhcp4`.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!(
            r#"{{ "Dhcp4": {{ {more}
                "interfaces-config": {{ "interfaces": [ "*" ] }},
                "control-socket": {{ "socket-type": "unix", "socket-name": "{}" }},
                "subnet4": [ {{ "id": 1, "subnet": "192.0.2.0/24",
                    "pools": [ {{ "pool": "192.0.2.10-192.0.2.250" }} ] }} ] }} }}"#,
            self.socket().display()
        );
        self.write_config(&text);
    }

    pub(crate) fn write_config(&self, text: &str) {
        fs::write(self.config_file().path(), text).expect("a writable directory");
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.path().join("control")
    }

    pub(crate) fn config_file(&self) -> ConfigFile {
        ConfigFile::new(self.path().join("lessor.conf"))
    }

    pub(crate) fn telemetry(&self) -> Telemetry {
        let clock = Arc::new(System::start());
        let usual = Usual { least: Level::Debug, verbose: false };
        let places = Places { log_dir: self.path().to_owned(), ..Places::default() };
        Telemetry::start(self.log.clone(), usual, places, clock).expect("a thread")
    }

    pub(crate) fn journal_setup(&self, lfc_interval: Secs) -> JournalSetup<Disk<OsFiles>> {
        JournalSetup {
            files: self.disk.clone(),
            name: "leases.csv".to_owned(),
            path: self.path().join("leases.csv"),
            options: lessor_memfile::Options::default(),
            lfc_interval,
            boot: Boot::default(),
            floor: Wall::default(),
            defect: crate::journal::planted::Defect::default(),
        }
    }

    /// Runs a loop, and beside it what the test does; the loop must have been stopped by then.
    pub(crate) async fn run<F: Future<Output = ()>>(
        &self,
        script: impl FnOnce(Hands) -> F,
    ) -> Ending {
        let (reactor, hands) = self.start();
        let (ending, ()) = tokio::join!(reactor.run(), script(hands));
        ending
    }

    fn start(&self) -> (Reactor<System, Queue>, Hands) {
        let env = System::start();
        let telemetry = self.telemetry();
        let (config, _) = self.config_file().load().expect("a lawful file");
        let (journal, Begun { leases, past }) = if self.persist {
            Journal::start(&env, self.journal_setup(Secs(0)), telemetry.clone())
                .expect("a lease file")
        } else {
            (Journal::memory(&telemetry), Begun::default())
        };
        let (asking, requests) = mpsc::channel(REQUESTS_MAX);
        let mut control = Control::new(Desk {
            env: env.clone(),
            requests: asking.clone(),
            config_file: self.config_file(),
            telemetry: telemetry.clone(),
        });
        control.listen(&config.control_sockets).expect("a place for a socket");
        let mut http = Http::new(env.clone(), asking.clone(), telemetry.clone());
        http.listen(config.metrics).expect("a port");
        let (arrive, arriving) = mpsc::channel(1024);
        let (leaving, left) = mpsc::unbounded_channel();
        let links = Arc::new(Links(vec![Link {
            id: LINK,
            name: "eth0".into(),
            addrs: vec![([192, 0, 2, 1].into(), 24)],
        }]));
        let packets = Queue {
            arriving,
            arrived: None,
            leaving,
            record: Arc::clone(&self.record),
            listening: Listening { links: Arc::clone(&links), ..Listening::default() },
            refuse: Arc::default(),
            refreshed: Arc::default(),
            hosts: Arc::new(Mutex::new((None, true))),
            answered: Vec::new(),
        };
        let hands = Hands {
            arrive,
            left,
            requests: asking,
            refuse: Arc::clone(&packets.refuse),
            refreshed: Arc::clone(&packets.refreshed),
            hosts: Arc::clone(&packets.hosts),
        };
        let setup = Setup {
            topology: Arc::new(Topology::new(Arc::new(config))),
            links,
            seed: Seed(1),
            limits: Limits::default(),
            store: StoreMode::Exclusive,
            leases,
            past,
            defect: Defect::default(),
        };
        let reactor = Reactor::new(Parts {
            server: Server::recover(setup, env.now()),
            env,
            packets,
            journal,
            control,
            http,
            requests,
            config_file: self.config_file(),
            telemetry,
            timing: Timing::default(),
            supervisor: Supervisor::default(),
        });
        (reactor, hands)
    }

    /// Sends octets to the control socket and reads what comes back.
    pub(crate) async fn ask(&self, text: &str) -> Value {
        let mut stream = UnixStream::connect(self.socket()).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it answers");
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// Asks for a command without arguments.
    pub(crate) async fn command(&self, name: &str) -> Value {
        self.ask(&format!("{{ \"command\": \"{name}\" }}")).await
    }
}

impl Hands {
    pub(crate) async fn stop(&self, exit: u8) {
        let asked = self.requests.send(Request::Stop { exit }).await;
        asked.expect("the loop runs");
    }
}
