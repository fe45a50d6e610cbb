//! A server that runs: its sockets, its databases, its end.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::Tried as _;
use crate::guardian::Guardian;
use crate::programs::{self, Account};
use crate::{Database, Engine, Error, Setup, template};

/// Who may do everything in the server.
pub const USER: &str = "lessor";
/// The password of [`USER`], asked for on TCP alone.
pub const PASSWORD: &str = "a-password-of-tests";

/// How long a server may take to answer: this machine may be busy with much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// What MariaDB's data folder depends on: little room is enough for tests.
pub(crate) const MARIADB_LAYOUT: [&str; 2] =
    ["--innodb-log-file-size=8M", "--innodb-data-file-path=ibdata1:12M:autoextend"];

/// A server of this process alone.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    folder: PathBuf,
    port: Option<u16>,
    account: Option<Account>,
    databases: AtomicU32,
    pub(crate) process: Option<Child>,
    /// Last, so that it ends what is left when all else is gone.
    _guardian: Guardian,
}

impl Server {
    /// The server of this process for cases that do it no harm; started when first asked for.
    ///
    /// # Panics
    /// If it cannot be had, with words on what to install.
    pub fn shared(engine: Engine) -> &'static Self {
        static POSTGRESQL: OnceLock<Server> = OnceLock::new();
        static MARIADB: OnceLock<Server> = OnceLock::new();
        let place = match engine {
            Engine::PostgreSql => &POSTGRESQL,
            Engine::MariaDb => &MARIADB,
        };
        place.get_or_init(|| match Self::start(Setup::new(engine)) {
            Ok(server) => server,
            Err(why) => panic!("no {} for this test: {why}", engine.name()),
        })
    }

    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// If its programs are missing, or it does not answer.
    pub fn start(setup: Setup) -> Result<Self, Error> {
        let account = Account::of_servers();
        let mut place = tempfile::Builder::new();
        place.prefix("lessor-testbed-");
        let folder = match room_in_memory() {
            Some(memory) if !setup.durable => place.tempdir_in(memory),
            _ => place.tempdir(),
        };
        let folder = folder.map(TempDir::keep);
        let folder = folder.tried(|| "cannot make a temporary folder".to_owned())?;
        // From here on the guardian removes the folder.
        let guardian = Guardian::over(&folder)?;
        if let Some(account) = account {
            account.own(&folder)?;
        }
        open_to_clients(&folder)?;
        template::copy(setup.engine, &folder.join("data"), account)?;
        let port = if setup.tcp { Some(free_port()?) } else { None };
        let mut server = Self {
            setup,
            folder,
            port,
            account,
            databases: AtomicU32::new(0),
            process: None,
            _guardian: guardian,
        };
        server.launch()?;
        Ok(server)
    }

    /// Starts the process and waits until it answers.
    pub(crate) fn launch(&mut self) -> Result<(), Error> {
        let log = self.folder.join("log");
        let log = File::options().append(true).create(true).open(&log);
        let log = log.tried(|| "cannot open the server's log".to_owned())?;
        let copy = log.try_clone().tried(|| "cannot share the server's log".to_owned())?;
        let mut command = match self.setup.engine {
            Engine::PostgreSql => self.postgresql()?,
            Engine::MariaDb => self.mariadb()?,
        };
        if let Some(account) = self.account {
            account.run(&mut command);
        }
        let child = command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy)
            .spawn()
            .tried(|| format!("cannot start {}", self.setup.engine.name()))?;
        fs::write(self.folder.join("pid"), format!("{}\n", child.id()))
            .tried(|| "cannot write down the process number".to_owned())?;
        self.process = Some(child);
        self.await_answer()
    }

    fn postgresql(&self) -> Result<Command, Error> {
        let mut command = Command::new(programs::find(Engine::PostgreSql, "postgres")?);
        command.arg("-D").arg(self.folder.join("data"));
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("unix_socket_directories", &self.folder.display().to_string());
        set("listen_addresses", if self.port.is_some() { "127.0.0.1" } else { "" });
        set("port", &self.port.unwrap_or(5432).to_string());
        set("shared_buffers", "64MB");
        set("max_connections", "100");
        set("log_min_messages", "warning");
        if !self.setup.durable {
            set("fsync", "off");
            set("full_page_writes", "off");
        }
        for (name, value) in &self.setup.settings {
            set(name, value);
        }
        Ok(command)
    }

    fn mariadb(&self) -> Result<Command, Error> {
        let users = self.folder.join("users.sql");
        fs::write(&users, mariadb_users()).tried(|| "cannot write users".to_owned())?;
        let mut command = Command::new(programs::find(Engine::MariaDb, "mariadbd")?);
        command
            .args(["--no-defaults", "--skip-name-resolve", "--skip-log-bin"])
            .args(["--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"])
            .args(["--innodb-buffer-pool-size=64M", "--performance-schema=OFF"])
            .args(MARIADB_LAYOUT)
            .arg(format!("--datadir={}", self.folder.join("data").display()))
            .arg(format!("--socket={}", self.socket().display()))
            .arg(format!("--pid-file={}", self.folder.join("mariadbd.pid").display()))
            .arg(format!("--init-file={}", users.display()));
        match self.port {
            Some(port) => {
                command.arg("--bind-address=127.0.0.1").arg(format!("--port={port}"));
            }
            None => {
                command.arg("--skip-networking");
            }
        }
        if !self.setup.durable {
            command.arg("--innodb-flush-method=nosync");
        }
        for (name, value) in &self.setup.settings {
            command.arg(format!("--{name}={value}"));
        }
        Ok(command)
    }

    fn await_answer(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let question = Database::within(self, self.first_database()).query("SELECT 1");
            let Err(why) = question else { return Ok(()) };
            if matches!(why, Error::Missing { .. }) {
                return Err(why);
            }
            let process = self.process.as_mut();
            let ended = process.is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
            if ended || begun.elapsed() > PATIENCE {
                return Err(Error::Silent {
                    socket: self.socket(),
                    seconds: begun.elapsed().as_secs(),
                    log: programs::tail(&self.log()),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whose server it is.
    pub fn engine(&self) -> Engine {
        self.setup.engine
    }

    /// Its own folder, with socket, data and log; gone when the server is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of its socket. PostgreSQL's clients want the folder instead: [`Self::folder`].
    pub fn socket(&self) -> PathBuf {
        match self.setup.engine {
            Engine::PostgreSql => {
                self.folder.join(format!(".s.PGSQL.{}", self.port.unwrap_or(5432)))
            }
            Engine::MariaDb => self.folder.join("socket"),
        }
    }

    /// Its port on 127.0.0.1, if it was set up [with TCP](Setup::with_tcp).
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The database that is there from the start.
    pub(crate) fn first_database(&self) -> &'static str {
        match self.setup.engine {
            Engine::PostgreSql => "postgres",
            Engine::MariaDb => "mysql",
        }
    }

    /// An empty database with a name of its own.
    ///
    /// # Panics
    /// If the server refuses: it is the test's own.
    pub fn fresh_database(&self) -> Database<'_> {
        self.database_like(None)
    }

    /// A database by its name, whether it is there or not.
    pub fn database(&self, name: &str) -> Database<'_> {
        Database::within(self, name)
    }

    /// A copy of a PostgreSQL database that nobody is connected to; an empty one of MariaDB,
    /// which cannot copy.
    pub(crate) fn database_like(&self, template: Option<&str>) -> Database<'_> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test{number}");
        let like = template.map_or_else(String::new, |name| format!(" TEMPLATE {name}"));
        let made = Database::within(self, self.first_database())
            .query(&format!("CREATE DATABASE {name}{like}"));
        match made {
            Ok(_) => Database::within(self, &name),
            Err(why) => panic!("no database for this test: {why}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.process.take() {
            crate::trouble::end(&mut child);
        }
    }
}

/// A file system in memory with room for some servers, if there is one: disks are slow at making
/// tables.
fn room_in_memory() -> Option<&'static Path> {
    const WANTED: u64 = 2 << 30;
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).ok()?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    (free >= WANTED).then_some(memory)
}

/// Other accounts may walk to the socket, and to nothing else.
fn open_to_clients(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))
        .tried(|| format!("cannot open {}", folder.display()))
}

/// Free when it was looked for.
fn free_port() -> Result<u16, Error> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
    Ok(bound.tried(|| "there is no free port".to_owned())?.port())
}

fn mariadb_users() -> String {
    let users: Vec<String> = [("localhost", ""), ("127.0.0.1", PASSWORD)]
        .iter()
        .flat_map(|(host, password)| {
            [
                format!("CREATE USER IF NOT EXISTS '{USER}'@'{host}' IDENTIFIED BY '{password}';"),
                format!("GRANT ALL ON *.* TO '{USER}'@'{host}' WITH GRANT OPTION;"),
            ]
        })
        .collect();
    users.join("\n") + "\n"
}
