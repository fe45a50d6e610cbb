//! The DHCPv4 server as a program.
//!
//! # Map
//! - [`options`]: the command line.
//! - [`start`]: from a configuration to a running loop.
//! - [`sockets`]: the kernel's sockets as the loop sees them.
//!
//! # Does not
//! Serve: the loop is `lessor-shell`'s, the decisions are `lessor-server`'s.
//!
//! # Invariants
//! Nothing is decided here: every choice is in the configuration or in the machine.
//!
//! # Exit codes
//! - 0: stopped as asked; with `-t`, the configuration is lawful.
//! - 1: not started: the configuration, the lease file or a control socket is at fault.
//! - 2: the command line is wrong.
//! - 3: the thread that writes leases ended on its own.
//! - any other: the `exit-value` of the `shutdown` command.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to whoever starts it"
)]

mod options;
mod sockets;
mod start;

use std::process::ExitCode;

use clap::Parser as _;
use lessor_config::Level;
use lessor_shell::{ConfigFile, Ending};

use options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    if options.version {
        println!("{}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    if options.long_version {
        println!("lessor {}, DHCPv4, leases in Kea's CSV", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    if let Some(file) = &options.test {
        return test(&ConfigFile::new(file));
    }
    match start::run(&options) {
        Ok(Ending::Stopped(exit)) => exit.into(),
        Ok(Ending::JournalDied) => 3.into(),
        Err(why) => {
            eprintln!("lessor: {why}");
            1.into()
        }
    }
}

/// Says everything about a configuration, and whether it would be taken.
fn test(file: &ConfigFile) -> ExitCode {
    match file.load() {
        Ok((config, findings)) => {
            eprint!("{findings}");
            let warnings = findings.iter().filter(|it| it.level == Level::Warning);
            println!(
                "{}: lawful, subnets: {}, warnings: {}",
                file.path().display(),
                config.subnets.len(),
                warnings.count()
            );
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{}", why.to_string().trim_end());
            println!("{}: not taken", file.path().display());
            ExitCode::FAILURE
        }
    }
}
