//! The whole shell on madsim: tasks in random order.
//!
//! # Map
//! - `engine`: madsim as an engine.
//! - `disk`: the simulated disk as the lease file's directory.
//! - `play`: one schedule, from its beginning to its end.
//!
//! # Does not
//! Run without `--cfg madsim`, without which madsim is tokio.
//!
//! # Invariants
//! One schedule in each process.
#![forbid(unsafe_code)]

#[cfg(madsim)]
mod disk;
#[cfg(madsim)]
mod engine;
#[cfg(madsim)]
mod play;

use std::process::ExitCode;

#[cfg(madsim)]
fn main() -> ExitCode {
    use lessor_sim::layer::Layer;
    use lessor_sim_shell::driver::{self, Program};

    driver::main(&Program { layer: Layer::Madsim, cfgs: "--cfg madsim", play: play::play })
}

#[cfg(not(madsim))]
fn main() -> ExitCode {
    use std::io::Write as _;

    let told = "built without `--cfg madsim`: use `cargo xtask sim run --engine madsim`";
    let _ = writeln!(std::io::stderr(), "{told}");
    ExitCode::from(64)
}
