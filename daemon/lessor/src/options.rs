//! The command line. The letters are Kea's; the words are like those of its `keactrl`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::admin::Admin;

/// The name under which Kea's units, tools and monitors know the server. Under this name the
/// program takes the letters only, as Kea does.
pub(crate) const KEA_NAME: &str = "kea-dhcp4";

/// The name of Kea's tool for databases. Under this name the program does what that does.
pub(crate) const KEA_ADMIN_NAME: &str = "kea-admin";

/// Where the words look for a configuration if nothing tells.
const CONFIG_FILE: &str = "/etc/lessor/kea-dhcp4.conf";

const CODES: &str = "\
Exit codes: 0 stopped as asked, or -t and -T found no error; 1 not started, an error found, or a \
wrong command line; 3 the lease writer ended on its own; any other: the exit-value of the shutdown \
command.";

/// A DHCPv4 server whose acknowledged leases are durable.
///
/// It reads Kea's configuration files and writes Kea's lease files. SIGHUP reads the configuration
/// again; SIGTERM and SIGINT finish what is in work and end.
#[derive(Debug, Parser)]
#[command(name = "lessor", disable_version_flag = true, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true, disable_help_subcommand = true, after_help = CODES)]
struct Line {
    #[command(flatten)]
    letters: Letters,
    #[command(subcommand)]
    word: Option<Word>,
}

/// The letters alone.
#[derive(Debug, Parser)]
#[command(name = KEA_NAME, disable_version_flag = true, after_help = CODES)]
#[command(about = "A DHCPv4 server that takes the place of Kea's", long_about = None)]
struct LettersOnly {
    #[command(flatten)]
    letters: Letters,
}

/// What the tool for databases is told.
#[derive(Debug, Parser)]
#[command(name = KEA_ADMIN_NAME, disable_help_flag = true, disable_version_flag = true)]
#[command(about = "Databases of leases, hosts and configurations", long_about = None)]
struct AdminOnly {
    #[command(flatten)]
    admin: Admin,

    /// Print the version
    #[arg(short = 'v', long = "version", exclusive = true)]
    version: bool,
}

#[derive(Debug, Args)]
struct Letters {
    /// Serve with this configuration file
    #[arg(short = 'c', value_name = "FILE")]
    #[arg(required_unless_present_any = ["test", "full_test", "version", "long_version", "report"])]
    config: Option<PathBuf>,

    /// Check this configuration file and do nothing else
    #[arg(short = 't', value_name = "FILE", conflicts_with = "config")]
    test: Option<PathBuf>,

    /// As -t, and look whether this host has the interfaces, folders and files that it names
    #[arg(short = 'T', value_name = "FILE", conflicts_with_all = ["config", "test"])]
    full_test: Option<PathBuf>,

    /// Print the version
    #[arg(short = 'v')]
    version: bool,

    /// Print the version and what this program is made with
    #[arg(short = 'V')]
    long_version: bool,

    /// Print how this program was built
    #[arg(short = 'W')]
    report: bool,

    #[command(flatten)]
    manner: Manner,

    /// Begin a session of its own: what `start` does to what it starts
    #[arg(long, hide = true)]
    detached: bool,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub(crate) struct Manner {
    /// Log every packet and every detail
    #[arg(short = 'd')]
    pub(crate) debug: bool,

    /// Listen on this UDP port
    #[arg(short = 'p', value_name = "PORT", default_value_t = 67)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) server_port: u16,

    /// Answer clients on this UDP port
    #[arg(short = 'P', value_name = "PORT", default_value_t = 68)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) client_port: u16,

    /// Serve as this user (a name or a number); root only
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
}

/// A server in the background, where nothing else looks after it.
#[derive(Debug, Subcommand)]
enum Word {
    /// Start in the background; ends when the server serves, or says why it does not
    Start {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        manner: Manner,
    },
    /// Stop, and wait for the end
    Stop(Whose),
    /// Read the configuration again, and say what came of it
    Reload(Whose),
    /// Say whether a server runs, since when and with what (exit code 3: none does)
    Status(Whose),
    /// Make, upgrade, dump, fill or count anew a database, as `kea-admin` does
    #[command(disable_help_flag = true)]
    Admin(Admin),
}

/// Which server is meant, and how long its answer may take.
#[derive(Clone, Debug, Args)]
pub(crate) struct Whose {
    /// The server with this configuration file
    #[arg(short = 'c', value_name = "FILE", default_value = CONFIG_FILE)]
    pub(crate) config: PathBuf,

    /// Wait at most so long
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u16,
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Task {
    Serve(Serve),
    Test(PathBuf),
    FullTest(PathBuf),
    Version,
    LongVersion,
    Report,
    Start(Whose, Manner),
    Stop(Whose),
    Reload(Whose),
    Status(Whose),
    Admin(Admin),
}

/// What to serve with.
#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) config: PathBuf,
    pub(crate) manner: Manner,
    pub(crate) detached: bool,
}

/// The name that the program was called by.
pub(crate) fn called() -> &'static str {
    let name = env::args_os().next().unwrap_or_default();
    [KEA_NAME, KEA_ADMIN_NAME].into_iter().find(|kea| is(&name, kea)).unwrap_or("lessor")
}

fn is(name: &OsStr, wanted: &str) -> bool {
    Path::new(name).file_name().is_some_and(|name| name == wanted)
}

/// Reads the command line. What is wrong, or help, is printed; the exit code comes back.
pub(crate) fn read(line: impl IntoIterator<Item = OsString>) -> Result<Task, ExitCode> {
    let line: Vec<OsString> = line.into_iter().collect();
    parse(&line).map_err(|found| {
        let _ = found.print();
        // Kea's code; only help is no error.
        if found.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    })
}

fn parse(line: &[OsString]) -> Result<Task, clap::Error> {
    if line.first().is_some_and(|name| is(name, KEA_NAME)) {
        return Ok(LettersOnly::try_parse_from(line)?.letters.into());
    }
    if line.first().is_some_and(|name| is(name, KEA_ADMIN_NAME)) {
        let AdminOnly { admin, version } = AdminOnly::try_parse_from(line)?;
        return Ok(if version { Task::Version } else { Task::Admin(admin) });
    }
    let Line { letters, word } = Line::try_parse_from(line)?;
    Ok(word.map_or_else(|| letters.into(), Task::from))
}

impl From<Letters> for Task {
    /// Kea's order: whoever asks for a version gets one.
    fn from(letters: Letters) -> Self {
        let Letters { config, test, full_test, version, long_version, report, manner, detached } =
            letters;
        if version {
            return Self::Version;
        }
        if long_version {
            return Self::LongVersion;
        }
        if report {
            return Self::Report;
        }
        match (test, full_test) {
            (Some(file), _) => Self::Test(file),
            (None, Some(file)) => Self::FullTest(file),
            (None, None) => {
                Self::Serve(Serve { config: config.unwrap_or_default(), manner, detached })
            }
        }
    }
}

impl From<Word> for Task {
    fn from(word: Word) -> Self {
        match word {
            Word::Start { whose, manner } => Self::Start(whose, manner),
            Word::Stop(whose) => Self::Stop(whose),
            Word::Reload(whose) => Self::Reload(whose),
            Word::Status(whose) => Self::Status(whose),
            Word::Admin(admin) => Self::Admin(admin),
        }
    }
}
