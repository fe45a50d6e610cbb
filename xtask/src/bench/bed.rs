//! Where everything runs: the servers' namespace (`srv0`, 10.0.0.1/8) and the clients' (`cli0`,
//! 10.0.0.2/8), joined by a veth pair, and a folder.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use crate::{command, packages};

/// The servers' interface.
pub(crate) const SERVER_LINK: &str = "srv0";
/// The clients' interface.
pub(crate) const CLIENT_LINK: &str = "cli0";
/// The servers' address.
pub(crate) const SERVER: &str = "10.0.0.1";

/// How many syncs tell how long one takes.
const SYNCS: usize = 50;

/// One side of the pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Server,
    Clients,
}

/// The place while it stands.
#[derive(Debug)]
pub(crate) struct Bed {
    prefix: String,
    folder: PathBuf,
    /// Removes it all, however we end.
    janitor: Child,
    pub(crate) lessor: PathBuf,
    pub(crate) load: PathBuf,
    pub(crate) kea: PathBuf,
}

impl Bed {
    /// Builds the programs, makes the folder and the namespaces.
    pub(crate) fn build(within: Option<&Path>) -> Result<Self> {
        let arguments =
            ["build", "--profile", "dist", "-p", "lessor", "-p", "lessor-benches", "--bins", "-q"];
        println!("Building: cargo {}", arguments.join(" "));
        command::run(&mut command::cargo(&arguments))?;
        let manifest = command::root().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
        let target = metadata.target_directory.into_std_path_buf();

        let prefix = format!("lessor-bench-{}", std::process::id());
        // Temporary files may lie in memory, where a sync costs nothing.
        let folder = within.unwrap_or(&target).join(&prefix);
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut janitor = Command::new(std::env::current_exe().context("where is xtask?")?);
        janitor.args(["demo-part", "janitor"]).arg(&folder);
        janitor.args([format!("{prefix}-s"), format!("{prefix}-c")]);
        // Ctrl-C goes to our process group; the janitor must outlive it.
        janitor.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null());
        let janitor = janitor.spawn().context("cannot start the janitor")?;
        let bed = Self {
            prefix,
            folder,
            janitor,
            lessor: target.join("dist/lessor"),
            load: target.join("dist/lessor-load"),
            kea: packages::find(packages::KEA.program).unwrap_or_default(),
        };
        bed.lay()?;
        Ok(bed)
    }

    fn lay(&self) -> Result<()> {
        let (server, clients) = (self.name(Side::Server), self.name(Side::Clients));
        ip(&format!("netns add {server}"))?;
        ip(&format!("netns add {clients}"))?;
        let pair = format!("link add {SERVER_LINK} type veth peer name {CLIENT_LINK}");
        ip(&format!("-n {server} {pair} netns {clients}"))?;
        for (side, link, addr) in
            [(&server, SERVER_LINK, "10.0.0.1/8"), (&clients, CLIENT_LINK, "10.0.0.2/8")]
        {
            ip(&format!("-n {side} addr add {addr} dev {link}"))?;
            ip(&format!("-n {side} link set lo up"))?;
            ip(&format!("-n {side} link set {link} up"))?;
        }
        Ok(())
    }

    fn name(&self, side: Side) -> String {
        let letter = match side {
            Side::Server => 's',
            Side::Clients => 'c',
        };
        format!("{}-{letter}", self.prefix)
    }

    /// A program, to be run on one side. Its process is the program's own: `ip` becomes it.
    pub(crate) fn command(&self, side: Side, program: &Path) -> Command {
        let mut ip = Command::new("ip");
        ip.args(["netns", "exec", &self.name(side)]).arg(program).stdin(Stdio::null());
        ip
    }

    /// What the disk needs to make a row durable, in words.
    pub(crate) fn disk(&self) -> Result<String> {
        let mut file = File::create(self.path("probe"))?;
        let mut micros = Vec::new();
        for _ in 0..SYNCS {
            file.write_all(&[b'x'; 64])?;
            let begun = Instant::now();
            file.sync_data()?;
            micros.push(begun.elapsed().as_micros());
        }
        micros.sort_unstable();
        let at = |place: usize| micros.get(place).copied().unwrap_or_default();
        let (median, slow) = (at(SYNCS / 2), at(SYNCS * 9 / 10));
        Ok(format!("A sync of the lease file's disk: {median} µs, p90 {slow} µs, of {SYNCS}."))
    }

    /// A file of ours.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        // The janitor begins when its input ends; an octet before that tells it that all is well.
        let farewell = self.janitor.stdin.take().map(|mut input| input.write_all(b"."));
        if !matches!(farewell, Some(Ok(()))) || !self.janitor.wait().is_ok_and(|s| s.success()) {
            eprintln!("the janitor failed: see `ip netns list` for {}-…", self.prefix);
        }
    }
}

fn ip(arguments: &str) -> Result<()> {
    command::capture(Command::new("ip").args(arguments.split(' '))).map(drop)
}
