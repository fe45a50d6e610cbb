//! Databases, as `kea-admin` looks after them: its commands, its flags, under its name as well.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lessor_admin::{Connection, Family, Target};
use lessor_schema::{Dialect, Revision, Version};

use crate::options;

/// Where `kea-admin` finds a password that nobody is to see.
const PASSWORD_VARIABLE: &str = "KEA_ADMIN_DB_PASSWORD";
/// What `kea-admin` takes where nothing is told.
const KEA_TEST: &str = "keatest";

/// What is to be done with which database.
#[derive(Clone, Debug, Args)]
pub(crate) struct Admin {
    /// What to do
    #[arg(value_enum, value_name = "COMMAND")]
    task: Work,

    /// The kind of database
    #[arg(value_enum, value_name = "BACKEND")]
    backend: Backend,

    /// The host of the server; a path is a UNIX socket, or the folder of one
    #[arg(short = 'h', long, value_name = "HOST", default_value = "localhost")]
    host: String,

    /// The server's TCP port
    #[arg(short = 'P', long, value_name = "PORT")]
    port: Option<u16>,

    /// Who connects
    #[arg(short = 'u', long, value_name = "USER", default_value = KEA_TEST)]
    user: String,

    /// The password; asked for if the flag stands alone [default: KEA_ADMIN_DB_PASSWORD of the
    /// environment, or keatest]
    #[arg(short = 'p', long, value_name = "PASSWORD", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the flag may be missing, alone, or with a word")]
    password: Option<Option<String>>,

    /// The database; with sqlite and memfile, the file
    #[arg(short = 'n', long, value_name = "NAME", default_value = KEA_TEST)]
    name: String,

    /// db-init: make this version of the schema, not the newest
    #[arg(long, value_name = "VERSION")]
    schema: Option<Version>,

    /// IPv4 leases
    #[arg(short = '4', conflicts_with = "six")]
    four: bool,

    /// IPv6 leases
    #[arg(short = '6')]
    six: bool,

    /// lease-upload: the file to read
    #[arg(short = 'i', long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// lease-dump: the file to write
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// lease-dump: write over a file that is there
    #[arg(short = 'y', long)]
    yes: bool,

    /// What `kea-admin` hands to the database's own client: `--socket=PATH` is understood
    #[arg(short = 'x', long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    extra: Vec<String>,

    /// A folder with upgrade scripts: taken, and not needed
    #[arg(short = 'd', long, value_name = "FOLDER", hide = true)]
    directory: Option<PathBuf>,

    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Work {
    /// Make a new schema in an empty database
    DbInit,
    /// Say which version the schema has
    DbVersion,
    /// Bring the schema to the newest version
    DbUpgrade,
    /// Write all leases to a lease file
    LeaseDump,
    /// Read leases from a lease file
    LeaseUpload,
    /// Count the statistics of leases anew
    StatsRecount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Backend {
    Memfile,
    #[value(alias = "mariadb")]
    Mysql,
    #[value(alias = "postgresql")]
    Pgsql,
    Sqlite,
}

impl Backend {
    fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Memfile => None,
            Self::Mysql => Some(Dialect::MySql),
            Self::Pgsql => Some(Dialect::PostgreSql),
            Self::Sqlite => Some(Dialect::Sqlite),
        }
    }
}

/// Why nothing was done.
type Refusal = String;

/// Does it, and says what came of it.
pub(crate) fn run(admin: &Admin) -> ExitCode {
    match work(admin) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", options::called());
            ExitCode::FAILURE
        }
    }
}

fn work(admin: &Admin) -> Result<(), Refusal> {
    let Some(dialect) = admin.backend.dialect() else {
        return memfile(admin);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|why| format!("no runtime: {why}"))?;
    runtime.block_on(async {
        let target = admin.target(dialect)?;
        let opened = Connection::open(&target).await;
        let mut connection = opened.map_err(|why| why.to_string())?;
        let done = admin.task(&mut connection, &target).await;
        connection.close().await;
        done
    })
}

/// A lease file says its version by its columns; it needs no other care.
fn memfile(admin: &Admin) -> Result<(), Refusal> {
    if !matches!(admin.task, Work::DbVersion) {
        return Err("a lease file is made, upgraded and counted by the server itself".to_owned());
    }
    let text = fs::read_to_string(&admin.name);
    let text = text.map_err(|why| format!("cannot read {}: {why}", admin.name))?;
    let version = text.lines().next().and_then(lessor_admin::file_version);
    let version = version.ok_or_else(|| format!("{} is not a lease file", admin.name))?;
    println!("{version}");
    Ok(())
}

impl Admin {
    fn target(&self, dialect: Dialect) -> Result<Target, Refusal> {
        let mut host = self.host.as_str();
        for extra in self.extra.iter().flat_map(|extra| extra.split_whitespace()) {
            match extra.strip_prefix("--socket=") {
                Some(path) => host = path,
                None => eprintln!("{}: `-x {extra}` is not understood", options::called()),
            }
        }
        let password = match &self.password {
            // A file needs none.
            _ if dialect == Dialect::Sqlite => String::new(),
            Some(Some(password)) => password.clone(),
            Some(None) => asked().map_err(|why| format!("no password: {why}"))?,
            None => std::env::var(PASSWORD_VARIABLE).unwrap_or_else(|_| KEA_TEST.to_owned()),
        };
        if dialect == Dialect::Sqlite
            && !matches!(self.task, Work::DbInit)
            && !Path::new(&self.name).exists()
        {
            return Err(format!("there is no file {}", self.name));
        }
        Ok(Target {
            dialect,
            place: Target::place(dialect, host, self.port),
            user: self.user.clone(),
            password,
            name: self.name.clone(),
        })
    }

    async fn task(&self, connection: &mut Connection, target: &Target) -> Result<(), Refusal> {
        match self.task {
            Work::DbInit => self.init(connection, target).await,
            Work::DbVersion => {
                let version = lessor_admin::version(connection).await;
                println!("{}", version.map_err(|why| why.to_string())?);
                Ok(())
            }
            Work::DbUpgrade => self.upgrade(connection, target).await,
            Work::LeaseDump => self.dump(connection).await,
            Work::LeaseUpload => self.upload(connection).await,
            Work::StatsRecount => {
                let counted = lessor_admin::recount(connection).await;
                counted.map_err(|why| why.to_string())?;
                println!("counted the leases of {target} anew");
                Ok(())
            }
        }
    }

    async fn init(&self, connection: &mut Connection, target: &Target) -> Result<(), Refusal> {
        let dialect = connection.dialect();
        let revision = match self.schema {
            None => Revision::NEWEST,
            Some(_) if dialect == Dialect::Sqlite => {
                return Err("SQLite has the newest schema alone: leave --schema out".to_owned());
            }
            Some(version) => Revision::of(dialect, version).map_err(|why| why.to_string())?,
        };
        let made = lessor_admin::init(connection, revision).await;
        let tables = made.map_err(|why| why.to_string())?;
        let version = revision.version(dialect);
        println!("made schema {version} in {target}: {tables} tables");
        Ok(())
    }

    async fn upgrade(&self, connection: &mut Connection, target: &Target) -> Result<(), Refusal> {
        let before = lessor_admin::version(connection).await.map_err(|why| why.to_string())?;
        let newest = Revision::NEWEST.version(connection.dialect());
        println!("schema {before} in {target}");
        if before < newest {
            println!("stop the servers that use it, and back it up first:\n  {}", backup(target));
        }
        let upgraded = lessor_admin::upgrade(connection, Revision::NEWEST, |from, to| {
            println!("{from} -> {to}");
        });
        let now = upgraded.await.map_err(|why| why.to_string())?;
        if now == before {
            println!("nothing to do: it is the newest that this program knows");
        } else {
            println!("schema {now} in {target}");
        }
        Ok(())
    }

    async fn dump(&self, connection: &mut Connection) -> Result<(), Refusal> {
        let output = self.output.as_deref().ok_or("which file to write? (-o FILE)")?;
        let family = self.family()?;
        if output.exists() && !self.yes {
            return Err(format!(
                "{} is there already: with -y it is written over",
                output.display()
            ));
        }
        let dumped = lessor_admin::dump(connection, family).await;
        let lines = dumped.map_err(|why| why.to_string())?;
        let mut text = lines.join("\n");
        text.push('\n');
        written(output, &text).map_err(|why| format!("{}: {why}", output.display()))?;
        println!("{} leases in {}", lines.len() - 1, output.display());
        Ok(())
    }

    async fn upload(&self, connection: &mut Connection) -> Result<(), Refusal> {
        let input = self.input.as_deref().ok_or("which file to read? (-i FILE)")?;
        let family = self.family()?;
        let text = fs::read_to_string(input);
        let text = text.map_err(|why| format!("cannot read {}: {why}", input.display()))?;
        let uploaded = lessor_admin::upload(connection, family, &text).await;
        let count = uploaded.map_err(|why| format!("{}: {why}", input.display()))?;
        println!("{count} leases from {}", input.display());
        Ok(())
    }

    fn family(&self) -> Result<Family, Refusal> {
        match (self.four, self.six) {
            (true, _) => Ok(Family::V4),
            (_, true) => Ok(Family::V6),
            _ => Err("which leases? (-4 or -6)".to_owned()),
        }
    }
}

/// What saves a database as it is.
fn backup(target: &Target) -> String {
    let Target { name, user, .. } = target;
    match target.dialect {
        Dialect::PostgreSql => format!("pg_dump -U {user} {name} > {name}.sql"),
        Dialect::MySql => format!(
            "mysqldump --single-transaction --routines --triggers -u {user} -p {name} > {name}.sql"
        ),
        Dialect::Sqlite => format!("cp {name} {name}.before"),
    }
}

/// The whole file or nothing of it.
fn written(path: &Path, text: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let mut file = fs::File::create(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// A password from whoever sits there, unseen.
fn asked() -> io::Result<String> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    eprint!("password: ");
    let seen = stdin.is_terminal().then(|| tcgetattr(&stdin)).transpose()?;
    if let Some(seen) = &seen {
        let mut unseen = seen.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &unseen)?;
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(seen) = &seen {
        tcsetattr(&stdin, OptionalActions::Now, seen)?;
        eprintln!();
    }
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
