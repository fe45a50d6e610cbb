//! The server with real clients, and kill -9: whether anything acknowledged is lost.
//!
//! # Map
//! - [`story`]: what happens, in order.
//! - [`namespaces`]: the network that it happens in, and its removal.
//! - [`server`]: the server under the demo: configuration, start, kill -9, commands.
//! - [`clients`]: dhclient, udhcpc and dhcrelay.
//! - [`load`]: hundreds of simulated clients on one socket.
//! - [`tap`]: what the server answers a relay, as it comes by.
//! - [`proof`]: what clients were told against what is kept.
//! - [`chaos`]: reloads under load, and a full disk.
//! - [`account`]: what is printed.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;

use crate::{Options, command, packages, sim};

mod account;
mod chaos;
mod clients;
mod load;
mod namespaces;
mod proof;
mod server;
mod story;
mod tap;

/// As many as the pool of the demo's LAN holds beside the real ones, with room to spare.
const CLIENTS_MAX: u16 = 700;
/// Each takes a second, and a client has its patience.
const KILLS_MAX: u16 = 20;
const TOOLS: [packages::Tool; 4] =
    [packages::IP, packages::DHCLIENT, packages::UDHCPC, packages::DHCRELAY];
const SIMULATED_SEEDS: &str = "50";
const SIMULATED_STORY: &str = "7";

/// What the caller asked for.
struct Settings {
    clients: u16,
    kills: u16,
    server: Option<PathBuf>,
    keep: bool,
    simulated: bool,
}

/// Tells the story, in namespaces if that is possible, else in the simulator.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let settings = settings(arguments)?;
    if settings.simulated {
        return simulated();
    }
    if !packages::can_make_namespaces() {
        println!(
            "Network namespaces can be made by root only (and not in every container), so the \
             simulator tells the story: the same server, simulated clients, crashes and disks.\n"
        );
        return simulated();
    }
    let missing = packages::ensure(&TOOLS);
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    let program = match &settings.server {
        Some(path) => path.clone(),
        None => build()?,
    };
    let folder = Folder::new()?;
    let verdict = story::tell(&folder.path, &program, settings.clients, settings.kills);
    if settings.keep || verdict.is_err() {
        println!("\nConfiguration, lease file and logs are in {}", folder.path.display());
    } else {
        fs::remove_dir_all(&folder.path).context("cannot remove the demo's folder")?;
    }
    Ok(if verdict? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One of the processes that the demo starts inside its namespaces.
pub(crate) fn run_part(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((part, [folder, namespaces @ ..])) if part == "janitor" => {
            namespaces::janitor(folder, namespaces);
        }
        Some((part, rest)) if part == "load" => load::run(rest)?,
        Some((part, _)) if part == "tap" => tap::run()?,
        _ => bail!("the demo has no such part"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What an operator fears and only the real thing shows: reloads under load and a full disk here,
/// and kill -9 ten times as the demo tells it.
pub(crate) fn run_chaos(arguments: &[String]) -> Result<ExitCode> {
    let mut seconds = 20;
    let mut rate = 3000;
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--seconds" => seconds = options.number(option)?,
            "--rate" => rate = options.number(option)?,
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    if !packages::can_make_namespaces() {
        println!("SKIPPED: network namespaces can be made by root only");
        return Ok(ExitCode::SUCCESS);
    }
    let missing = packages::ensure(&TOOLS);
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    let program = build()?;
    let generator = program.with_file_name("lessor-load");
    command::run(&mut command::cargo(&["build", "--release", "-p", "lessor-benches"]))?;
    let folder = Folder::new()?;
    let mut whole = chaos::reloads(&folder.path, &program, &generator, (rate, seconds))?;
    whole &= chaos::full_disk(&folder.path.join("full"), &program, &generator)?;
    fs::remove_dir_all(&folder.path).context("cannot remove the folder")?;
    let folder = Folder::new()?;
    whole &= story::tell(&folder.path, &program, CLIENTS_MAX, 10)?;
    fs::remove_dir_all(&folder.path).context("cannot remove the folder")?;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let mut settings =
        Settings { clients: 300, kills: 2, server: None, keep: false, simulated: false };
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--clients" => settings.clients = options.number(option)?,
            "--kills" => settings.kills = options.number(option)?,
            "--server" => settings.server = Some(options.value(option)?.into()),
            "--keep" => settings.keep = true,
            "--simulated" => settings.simulated = true,
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    if !(1..=CLIENTS_MAX).contains(&settings.clients) {
        bail!("--clients takes 1 to {CLIENTS_MAX}");
    }
    if !(2..=KILLS_MAX).contains(&settings.kills) {
        bail!("--kills takes 2 to {KILLS_MAX}");
    }
    Ok(settings)
}

fn build() -> Result<PathBuf> {
    println!("Building the server: cargo build --release -p lessor");
    command::run(&mut command::cargo(&["build", "--release", "-p", "lessor"]))?;
    let manifest = command::root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
    Ok(metadata.target_directory.join("release/lessor").into_std_path_buf())
}

fn simulated() -> Result<ExitCode> {
    println!("{SIMULATED_SEEDS} worlds, each with its own faults:");
    command::run(&mut sim::command(&["run", "--seeds", SIMULATED_SEEDS]))?;
    println!("\nOne client of one of them:\n");
    command::run(&mut sim::command(&[
        "replay",
        SIMULATED_STORY,
        "--follow",
        "client=0",
        "--explain",
    ]))?;
    Ok(ExitCode::SUCCESS)
}

/// A folder of the demo's own among the temporary files.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("lessor-demo-{}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }
}

/// Writes a file of the demo.
fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
