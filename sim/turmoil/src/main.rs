//! The whole shell on turmoil: simulated sockets, and a disk that loses what was not synced.
//!
//! # Map
//! - `engine`: turmoil as an engine.
//! - `disk`: turmoil's file system as the lease file's directory.
//! - `play`: one schedule, from its beginning to its end.
//!
//! # Does not
//! Run without `--cfg tokio_unstable`, without which turmoil does not repeat itself.
//!
//! # Invariants
//! One schedule in each process.
#![forbid(unsafe_code)]

#[cfg(tokio_unstable)]
mod disk;
#[cfg(tokio_unstable)]
mod engine;
#[cfg(tokio_unstable)]
mod play;

use std::process::ExitCode;

#[cfg(tokio_unstable)]
fn main() -> ExitCode {
    use lessor_sim::layer::Layer;
    use lessor_sim_shell::driver::{self, Program};

    driver::main(&Program { layer: Layer::Turmoil, cfgs: "--cfg tokio_unstable", play: play::play })
}

#[cfg(not(tokio_unstable))]
fn main() -> ExitCode {
    use std::io::Write as _;

    let told = "built without `--cfg tokio_unstable`: use `cargo xtask sim run --engine turmoil`";
    let _ = writeln!(std::io::stderr(), "{told}");
    ExitCode::from(64)
}
