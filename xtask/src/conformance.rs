//! The conformance table, from scenarios played with everybody who can be put through them.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{Options, command, packages};

/// Runs the scenarios, and compares what comes of them with what is on file, or takes it as right.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (mut with_kea, mut bless) = (false, false);
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--kea" => with_kea = true,
            "--bless" => bless = true,
            _ => bail!("`{option}` was not expected"),
        }
    }
    let tools = [packages::IP, packages::DHCLIENT, packages::UDHCPC, packages::DHCRELAY];
    for missing in packages::ensure(&tools) {
        println!("SKIPPED: tests that need it: {missing}");
    }
    let test = |names: &[&str]| {
        let mut cargo = command::cargo(&["test", "-q", "-p", "lessor-conformance"]);
        cargo.arg("--no-fail-fast").args(names.iter().flat_map(|name| ["--test", name]));
        if bless {
            cargo.env("UPDATE_EXPECT", "1");
        }
        cargo
    };
    let mut scenarios = test(&["scenarios", "live", "clients"]);
    if with_kea {
        if let Some(missing) = packages::ensure_without_service(packages::KEA).first() {
            bail!("no comparison with Kea: {missing}");
        }
        let kea = packages::find(packages::KEA.program).unwrap_or_default();
        scenarios.env("LESSOR_CONFORMANCE_KEA", kea);
    }
    let played = command::run(&mut scenarios);
    // The page is made of what was played.
    command::run(&mut test(&["table"])).and(played)?;
    println!("docs/conformance-v4.md tells what was found");
    Ok(ExitCode::SUCCESS)
}
