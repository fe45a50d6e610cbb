//! The DHCPv4 server as a program.
//!
//! # Map
//! - [`options`]: the command line.
//! - [`admin`]: databases, as `kea-admin` looks after them.
//! - [`check`]: what is wrong with a configuration, and with this host for it.
//! - [`service`]: a server in the background: start, stop, reload, status.
//! - [`running`]: a server as another process.
//! - [`pid_file`]: the file with the process number.
//! - [`privileges`]: what the process gives up.
//! - [`database`]: leases in a database.
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
//! Kea's, and beyond them:
//! - 0: stopped as asked; with `-t` or `-T`, nothing is wrong.
//! - 1: not started: the command line, the configuration, the lease file or a control socket is at
//!   fault, or a server with this configuration runs.
//! - 3: the thread that writes leases ended on its own.
//! - any other: the `exit-value` of the `shutdown` command.
//!
//! Those of `start`, `stop`, `reload` and `status` are in [`service`].
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program speaks to whoever starts it"
)]

mod admin;
mod check;
mod database;
mod options;
mod pid_file;
mod privileges;
mod running;
mod service;
mod sockets;
mod start;

use std::env;
use std::process::ExitCode;

use lessor_shell::{ConfigFile, Ending, version};

use options::{Serve, Task};

/// Batches and lines of the log are made on one thread and freed on another, and a configuration is
/// read on a third: the C library's allocator is slow at both.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let task = match options::read(env::args_os()) {
        Ok(task) => task,
        Err(code) => return code,
    };
    match task {
        Task::Serve(serve) => self::serve(&serve),
        Task::Test(file) => check::file(&ConfigFile::new(file)),
        Task::FullTest(file) => check::file_and_host(&ConfigFile::new(file)),
        Task::Version => said(version::VERSION),
        Task::LongVersion => said(&version::extended()),
        Task::Report => said(&version::build_report()),
        Task::Start(whose, manner) => service::start(&whose, &manner),
        Task::Stop(whose) => service::stop(&whose),
        Task::Reload(whose) => service::reload(&whose),
        Task::Status(whose) => service::status(&whose),
        Task::Admin(admin) => admin::run(&admin),
    }
}

fn said(text: &str) -> ExitCode {
    println!("{}", text.trim_end());
    ExitCode::SUCCESS
}

fn serve(serve: &Serve) -> ExitCode {
    if serve.detached {
        // It fails where the session is our own already, which is as good.
        let _ = rustix::process::setsid();
    }
    match start::run(serve) {
        Ok(Ending::Stopped(exit)) => exit.into(),
        Ok(Ending::JournalDied) => 3.into(),
        Err(why) => {
            eprintln!("{}: {why}", options::called());
            1.into()
        }
    }
}
