//! One run in a process of its own.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lessor_sim::planted::Bug;
use lessor_sim::schedule::Schedule;

use crate::driver::Run;
use crate::verdict::Verdict;

fn command(what: &str, planted: Option<&str>, like: Option<&str>) -> Result<Command, String> {
    let own = std::env::current_exe().map_err(|why| why.to_string())?;
    let mut command = Command::new(own);
    command.args(["one", what]).stderr(Stdio::piped());
    for (option, name) in [("--planted", planted), ("--like", like)] {
        command.args(name.iter().flat_map(|name| [option, name]));
    }
    Ok(command)
}

fn verdict(what: &str, output: &Output) -> Result<Verdict, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|_| {
        let told = String::from_utf8_lossy(&output.stderr);
        format!("{what} gave no verdict ({}):\n{told}", output.status)
    })
}

/// The verdict on a seed.
pub(crate) fn fresh(seed: u64, run: &Run, record: bool) -> Result<Verdict, String> {
    let what = seed.to_string();
    let mut command = command(&what, run.planted.as_deref(), run.like.as_deref())?;
    command.args(record.then_some("--record"));
    let output = command.output().map_err(|why| why.to_string())?;
    verdict(&format!("seed {seed}"), &output)
}

/// The history of a seed, one entry a line.
pub(crate) fn fresh_history(seed: u64, run: &Run) -> Result<String, String> {
    let mut command = command(&seed.to_string(), run.planted.as_deref(), run.like.as_deref())?;
    let output = command.arg("--history").output().map_err(|why| why.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The verdict on a schedule.
pub(crate) fn fresh_schedule(schedule: &Schedule, bug: Option<Bug>) -> Result<Verdict, String> {
    let text = serde_json::to_vec(schedule).map_err(|why| why.to_string())?;
    let mut command = command("-", bug.map(Bug::name), None)?;
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.map_err(|why| why.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&text).map_err(|why| why.to_string())?;
    }
    let output = child.wait_with_output().map_err(|why| why.to_string())?;
    verdict("a schedule", &output)
}

/// All seeds of a run, in their order of completion, until `each` says that it is enough.
pub(crate) fn for_each(run: &Run, each: impl Fn(u64, Result<Verdict, String>) -> bool + Sync) {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let jobs =
        run.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= run.seeds {
                break;
            }
            let seed = run.from.wrapping_add(number);
            if !each(seed, fresh(seed, run, false)) {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(worker);
        }
    });
}
