//! A copy of the tree in which one change at a time is made, built and tried.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::sample::Mutant;
use crate::command;

/// The profile of Cargo.toml that is quick to build and not slow to run.
const PROFILE: &str = "mutants";
/// What a program may have of memory, in kilobytes: a change may make it grow without end.
const MEMORY_KB: u64 = 4_000_000;
/// How many times as long as without a change a stage may take, and how long at least.
const PATIENCE: u32 = 5;
const PATIENCE_MIN: Duration = Duration::from_secs(60);

const UNIT_TESTS: &str = "unit tests";
const TRANSCRIPTS: &str = "transcripts";
const BUG_BASE: &str = "bug base";
const CAMPAIGN: &str = "campaign";
/// What a change has to survive, in this order.
const STAGES: [&str; 4] = [UNIT_TESTS, TRANSCRIPTS, BUG_BASE, CAMPAIGN];

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// A stage failed.
    Caught(&'static str),
    /// A stage did not end.
    Timeout(&'static str),
    /// Nobody noticed.
    Missed,
    /// It does not build.
    Unviable,
}

impl Verdict {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Caught(_) => "caught",
            Self::Timeout(_) => "timeout",
            Self::Missed => "missed",
            Self::Unviable => "unviable",
        }
    }

    /// The stage.
    pub(super) const fn by(self) -> &'static str {
        match self {
            Self::Caught(by) | Self::Timeout(by) => by,
            Self::Missed | Self::Unviable => "",
        }
    }

    /// What `name` and `by` said.
    pub(super) fn read(name: &str, by: &str) -> Option<Self> {
        let stage = || STAGES.into_iter().find(|stage| *stage == by);
        match name {
            "caught" => stage().map(Self::Caught),
            "timeout" => stage().map(Self::Timeout),
            "missed" => Some(Self::Missed),
            "unviable" => Some(Self::Unviable),
            _ => None,
        }
    }
}

/// The copy, its own build folder, and how long each stage takes without a change.
pub(super) struct Subject {
    tree: PathBuf,
    build: PathBuf,
    seeds: u64,
    stages: Vec<&'static str>,
    usual: Vec<Duration>,
}

/// The stage with this name.
pub(super) fn stage(name: &str) -> Result<&'static str> {
    let found = STAGES.into_iter().find(|stage| *stage == name);
    found.with_context(|| format!("`{name}` is no stage; there are {}", STAGES.join(", ")))
}

impl Subject {
    /// A copy of what is committed, to be tried in all stages or in one.
    pub(super) fn new(seeds: u64, only: Option<&'static str>) -> Result<Self> {
        let folder = command::root().join("target/mutants");
        let tree = folder.join("tree");
        if tree.exists() {
            std::fs::remove_dir_all(&tree)?;
        }
        std::fs::create_dir_all(&tree)?;
        let archive = folder.join("tree.tar");
        let git = |arguments: &[&str]| {
            let mut git = Command::new("git");
            git.args(arguments).current_dir(command::root());
            git
        };
        let name = archive.to_string_lossy().into_owned();
        command::capture(&mut git(&["archive", "--format=tar", "-o", &name, "HEAD"]))?;
        command::capture(Command::new("tar").args(["-xf", &name, "-C"]).arg(&tree))?;
        std::fs::remove_file(&archive)?;
        let build = std::env::var_os("LESSOR_MUTANTS_TARGET")
            .map_or_else(|| folder.join("build"), PathBuf::from);
        let stages = STAGES.into_iter().filter(|stage| only.is_none_or(|only| only == *stage));
        Ok(Self { tree, build, seeds, stages: stages.collect(), usual: Vec::new() })
    }

    /// Builds and tries the tree as it is; how long that took.
    pub(super) fn baseline(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let packages = ["lessor-lease", "lessor-policy", "lessor-server"];
        for stage in self.stages.clone() {
            let mut took = Duration::ZERO;
            // Only the first stage's programs depend on the crate that is changed.
            for package in packages.into_iter().take(if stage == UNIT_TESTS { 3 } else { 1 }) {
                let Some(programs) = self.programs(stage, package)? else {
                    bail!("the tree does not build as it is");
                };
                let begun = Instant::now();
                for mut program in programs {
                    match ended(&mut program, Duration::from_secs(1800))? {
                        Some(true) => {}
                        _ => bail!("{stage}: `{}` fails as it is", command::line(&program)),
                    }
                }
                took = took.max(begun.elapsed());
            }
            self.usual.push(took);
        }
        Ok(begun.elapsed())
    }

    /// Makes a change, tries it, and takes it back.
    pub(super) fn try_one(&self, mutant: &Mutant) -> Result<Verdict> {
        let path = self.tree.join(&mutant.file);
        let text = std::fs::read_to_string(&path).with_context(|| mutant.file.clone())?;
        let changed = mutant.apply(&text).with_context(|| format!("no place: {}", mutant.name))?;
        std::fs::write(&path, changed)?;
        let verdict = self.judge(mutant);
        std::fs::write(&path, text)?;
        verdict
    }

    fn judge(&self, mutant: &Mutant) -> Result<Verdict> {
        for (stage, usual) in self.stages.iter().copied().zip(&self.usual) {
            let Some(programs) = self.programs(stage, &mutant.package)? else {
                return Ok(Verdict::Unviable);
            };
            let patience = (*usual * PATIENCE).max(PATIENCE_MIN);
            for mut program in programs {
                match ended(&mut program, patience)? {
                    Some(true) => {}
                    Some(false) => return Ok(Verdict::Caught(stage)),
                    None => return Ok(Verdict::Timeout(stage)),
                }
            }
        }
        Ok(Verdict::Missed)
    }

    /// Builds a stage's programs; none if they don't build.
    fn programs(&self, stage: &str, package: &str) -> Result<Option<Vec<Command>>> {
        let test = ["test", "--no-run", "--profile", PROFILE];
        let (arguments, own): (Vec<&str>, Vec<String>) = match stage {
            UNIT_TESTS => ([&test[..], &["-p", package]].concat(), vec![]),
            TRANSCRIPTS => {
                ([&test[..], &["-p", "lessor-server", "--test", "transcripts"]].concat(), vec![])
            }
            BUG_BASE => ([&test[..], &["-p", "lessor-sim", "--test", "bugbase"]].concat(), vec![]),
            _ => {
                let campaign = ["run", "--trace", "off", "--fail-fast", "--seeds"];
                let own = campaign.into_iter().map(str::to_owned).chain([self.seeds.to_string()]);
                let build = ["build", "--profile", PROFILE, "-p", "lessor-sim"];
                (build.to_vec(), own.collect())
            }
        };
        let mut cargo = command::cargo(&arguments);
        cargo
            .args(["-q", "--message-format", "json"])
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.build)
            .env_remove("CARGO_INCREMENTAL")
            .stderr(Stdio::null())
            .stdin(Stdio::null());
        let output = cargo.output().context("cannot start cargo")?;
        if !output.status.success() {
            return Ok(None);
        }
        let messages = String::from_utf8_lossy(&output.stdout).into_owned();
        // Tests of a program's crate come with the program.
        let is_test = stage != CAMPAIGN;
        let executables = messages.lines().filter_map(|line| executable(line, is_test));
        Ok(Some(executables.map(|(path, folder)| limited(&path, &folder, &own)).collect()))
    }
}

/// A program that Cargo says it has built, and the folder of its package.
fn executable(line: &str, is_test: bool) -> Option<(PathBuf, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["profile"]["test"].as_bool()? != is_test {
        return None;
    }
    let manifest = Path::new(message["manifest_path"].as_str()?);
    Some((message["executable"].as_str()?.into(), manifest.parent()?.to_owned()))
}

/// A program with bounds, started where Cargo would start it.
fn limited(path: &Path, folder: &Path, own: &[String]) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("ulimit -v {MEMORY_KB}; exec \"$0\" \"$@\"")])
        .arg(path)
        .args(own)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    shell
}

/// Whether a program succeeds; none if it does not end in time, and then it is ended.
fn ended(program: &mut Command, patience: Duration) -> Result<Option<bool>> {
    let begun = Instant::now();
    let mut child = program.spawn().with_context(|| command::line(program))?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if begun.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
