//! The simulator's program.
//!
//! # Map
//! All of it is in the library: `lessor_sim::cli` reads the command line.
//!
//! # Does not
//! Do anything but hand the exit code on.
//!
//! # Invariants
//! None of its own.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lessor_sim::cli::main())
}
