//! Everything that has to hold before a change goes in, on a machine with a Rust toolchain and
//! little else.

use std::env;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;

use crate::{command, none_expected, packages, sim};

/// Other programs that tests drive or compare with.
const TOOLS: [packages::Tool; 7] = [
    packages::IP,
    packages::DHCLIENT,
    packages::UDHCPC,
    packages::DHCRELAY,
    packages::PERFDHCP,
    packages::MARIADB,
    packages::MARIADB_CLIENT,
];
/// Those among them that would serve by themselves once they are installed.
const SERVERS: [packages::Tool; 2] = [packages::POSTGRESQL, packages::KEA];
/// What a change has to survive in the simulator: as many seeds as the profile says, in less than
/// three minutes; `nightly` runs the rest.
const PROFILE: &str = "quick";
const SELFCHECK_SEEDS: &str = "50";
const PLANTED_SEEDS: &str = "200";

/// Runs all steps and stops at the first that fails.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    none_expected(arguments)?;
    let mut gate = Gate { begun: Instant::now(), skipped: Vec::new() };
    gate.prepare();
    let result = gate.steps();
    for note in &gate.skipped {
        println!("SKIPPED: {note}");
    }
    let seconds = gate.begun.elapsed().as_secs();
    match result {
        Ok(()) if gate.skipped.is_empty() => println!("everything passed in {seconds} s"),
        Ok(()) => println!("everything that was run passed in {seconds} s"),
        Err(error) => {
            println!("failed after {seconds} s: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

struct Gate {
    begun: Instant,
    /// What is left out, and why; said again at the end.
    skipped: Vec<String>,
}

impl Gate {
    fn skip(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("SKIPPED: {note}");
        self.skipped.push(note);
    }

    fn prepare(&mut self) {
        let mut missing = packages::ensure(&TOOLS);
        missing.extend(SERVERS.into_iter().flat_map(packages::ensure_without_service));
        for missing in missing {
            self.skip(format!("tests that need it: {missing}"));
        }
        if !packages::can_make_namespaces() {
            self.skip(
                "tests on real links: network namespaces can be made by root only, and not in \
                 every container",
            );
        }
        if env::var_os("LESSOR_KEA_EXAMPLES").is_none() {
            self.skip("Kea's example files: LESSOR_KEA_EXAMPLES names no folder with them");
        }
    }

    fn steps(&mut self) -> Result<()> {
        if has_cargo("fmt") {
            step("format", &mut command::cargo(&["fmt", "--all", "--check"]))?;
        } else {
            self.skip("format: this toolchain has no rustfmt (`rustup component add rustfmt`)");
        }
        if has_cargo("clippy") {
            let clippy = ["clippy", "-q", "--workspace", "--all-targets", "--", "-D", "warnings"];
            step("lints", &mut command::cargo(&clippy))?;
        } else {
            self.skip("lints: this toolchain has no clippy (`rustup component add clippy`)");
        }
        if command::succeeds(Command::new("c++").arg("--version")) {
            // A workspace of its own, which nothing else here would look at.
            let check = ["check", "-q", "--manifest-path", "fuzz/Cargo.toml"];
            step("fuzz targets", &mut command::cargo(&check))?;
        } else {
            self.skip("fuzz targets: the fuzzer's runtime needs a C++ compiler");
        }
        step("tidy", &mut command::cargo(&["run", "-q", "-p", "xtask", "--", "tidy"]))?;
        if has_cargo("deny") {
            // Advisories need the network; the rest is a matter of the lock file.
            let deny = ["deny", "--offline", "check", "bans", "licenses", "sources"];
            step("dependencies", &mut command::cargo(&deny))?;
        } else {
            self.skip("licences and sources of dependencies: cargo-deny is not installed");
        }
        if self.has_nextest() {
            step("tests", &mut command::cargo(&["nextest", "run", "--workspace"]))?;
        } else {
            step("tests", &mut command::cargo(&["test", "--workspace"]))?;
        }
        step("simulator: seeds", &mut sim::command(&["run", "--profile", PROFILE]))?;
        step(
            "simulator: the same seed twice",
            &mut sim::command(&["selfcheck", "--seeds", SELFCHECK_SEEDS]),
        )?;
        step(
            "simulator: planted defects are found",
            &mut sim::command(&["planted", "--seeds", PLANTED_SEEDS]),
        )
    }

    /// Whether the tests can run under nextest, which is installed if that is possible.
    fn has_nextest(&mut self) -> bool {
        if has_cargo("nextest") {
            return true;
        }
        println!("installing cargo-nextest (once; some minutes)");
        let mut install = command::cargo(&["install", "-q", "--locked", "cargo-nextest"]);
        match command::capture(&mut install) {
            Ok(_) if has_cargo("nextest") => true,
            Ok(_) => {
                println!("cargo-nextest was installed but is not on the path; `cargo test` it is");
                false
            }
            Err(error) => {
                println!("{error:#}\ncargo-nextest cannot be installed; `cargo test` it is");
                false
            }
        }
    }
}

fn has_cargo(subcommand: &str) -> bool {
    command::succeeds(&mut command::cargo(&[subcommand, "--version"]))
}

/// Runs one step and says how long it took.
fn step(name: &str, command: &mut Command) -> Result<()> {
    println!("── {name}: {}", command::line(command));
    let begun = Instant::now();
    let result = command::run(command);
    let verdict = if result.is_ok() { "passed" } else { "FAILED" };
    println!("── {name}: {verdict} in {:.1} s\n", begun.elapsed().as_secs_f64());
    result
}
