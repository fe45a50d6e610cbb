//! Our server, Kea and the null responder, measured by the same generator in turns.
//!
//! # Map
//! - [`bed`]: two namespaces, a folder, the programs.
//! - [`subject`]: who is measured: configuration, start, end.
//! - [`process`]: what a process has used of processor and memory.
//! - [`generator`]: `lessor-load` and perfdhcp, and what they say.
//! - [`leases`]: lease files that both servers take.
//! - [`parts`]: what is measured.
//! - [`figures`]: samples and their medians, as JSON and back.
//! - [`bars`]: what was wanted, beside what was found.
//! - [`table`]: figures for a reader.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Options, packages};

mod bars;
mod bed;
mod figures;
mod generator;
mod leases;
mod parts;
mod process;
mod subject;
mod table;

use bed::Bed;
use figures::Figures;
use parts::Part;
use subject::Subject;

const USAGE: &str = "\
usage: cargo xtask bench versus-kea [OPTION…]
           --pairs N          rounds, each with every subject once (default 5)
           --only PART,…      of: rate, cpu, million, reload, fill, agreement (default: all)
           --seconds S        how long a rate is held (default 10)
           --rate N           exchanges a second at which costs and latencies are compared (1907)
           --kea-threads W    Kea's multi-threading: on, off or both (default both)
           --without SUBJECT,…  leave out: null, lessor, kea
           --json FILE        write the figures here
           --folder PATH      where lease files lie while it runs (default: in the target folder)
       cargo xtask bench table FILE    the tables of such a file, in Markdown
";

/// Two thousand or so. Exchanges must not begin in step with the kernel's ticks, which are what
/// tells user from system time: between two ticks of 4 ms there are 7.63 exchanges.
const RATE: u32 = 1907;

/// What the caller asked for.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pairs: u32,
    parts: Vec<Part>,
    seconds: u32,
    rate: u32,
    subjects: Vec<Subject>,
    json: Option<PathBuf>,
    folder: Option<PathBuf>,
}

/// `versus-kea` or `table`.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((task, rest)) if task == "versus-kea" => versus_kea(&settings(rest)?),
        Some((task, [file])) if task == "table" => {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            let told: Value = serde_json::from_str(&text).with_context(|| format!("in {file}"))?;
            let figures = Figures::from_json(&told).with_context(|| format!("in {file}"))?;
            print!("{}", table::markdown(&figures));
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("what is to be measured?\n\n{USAGE}"),
    }
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let mut settings = Settings {
        pairs: 5,
        parts: Part::ALL.to_vec(),
        seconds: 10,
        rate: RATE,
        subjects: Vec::new(),
        json: None,
        folder: None,
    };
    let (mut threads, mut without) = ("both", Vec::new());
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--pairs" => settings.pairs = options.number(option)?,
            "--seconds" => settings.seconds = options.number(option)?,
            "--rate" => settings.rate = options.number(option)?,
            "--json" => settings.json = Some(options.value(option)?.into()),
            "--folder" => settings.folder = Some(options.value(option)?.into()),
            "--kea-threads" => threads = options.value(option)?,
            "--without" => without = options.value(option)?.split(',').collect(),
            "--only" => {
                let names = options.value(option)?.split(',');
                settings.parts = names.map(Part::named).collect::<Result<_>>()?;
            }
            _ => bail!("`{option}` was not expected\n\n{USAGE}"),
        }
    }
    if settings.pairs == 0 || settings.seconds == 0 || settings.rate == 0 {
        bail!("--pairs, --seconds and --rate are above zero");
    }
    settings.subjects = match threads {
        "off" => vec![Subject::Null, Subject::Lessor, Subject::Kea],
        "on" => vec![Subject::Null, Subject::Lessor, Subject::KeaThreads],
        "both" => vec![Subject::Null, Subject::Lessor, Subject::Kea, Subject::KeaThreads],
        _ => bail!("--kea-threads takes on, off or both, not `{threads}`"),
    };
    if let Some(odd) = without.iter().find(|name| !["null", "lessor", "kea"].contains(name)) {
        bail!("--without takes null, lessor and kea, not `{odd}`");
    }
    settings.subjects.retain(|subject| !without.contains(&subject.family()));
    Ok(settings)
}

fn versus_kea(settings: &Settings) -> Result<ExitCode> {
    if !packages::can_make_namespaces() {
        bail!("network namespaces can be made by root only, and not in every container");
    }
    let mut missing = packages::ensure(&[packages::IP]);
    if settings.subjects.iter().any(|subject| subject.is_kea()) {
        missing.extend(packages::ensure_without_service(packages::KEA));
    }
    if settings.parts.contains(&Part::Agreement) {
        missing.extend(packages::ensure(&[packages::PERFDHCP]));
    }
    if !missing.is_empty() {
        bail!("{}", missing.join("\n"));
    }
    let bed = Bed::build(settings.folder.as_deref())?;
    let mut figures = Figures::new(&machine());
    figures.note(bed.disk()?);
    let mut failed = 0;
    for part in &settings.parts {
        let begun = Instant::now();
        println!("\n== {part}: {}", part.about());
        if let Err(why) = part.measure(&bed, settings, &mut figures) {
            failed += 1;
            println!("NOT MEASURED: {part}: {why:#}");
        }
        println!("-- {part} took {} s", begun.elapsed().as_secs());
        // What was measured is kept, whatever comes of the rest.
        write(settings, &figures)?;
    }
    println!("\n{}", table::markdown(&figures));
    if failed > 0 {
        println!("{failed} of {} parts could not be measured, see above", settings.parts.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(settings: &Settings, figures: &Figures) -> Result<()> {
    let Some(path) = &settings.json else { return Ok(()) };
    fs::write(path, format!("{:#}\n", figures.to_json()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// What the figures belong to, in words.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let named = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or("", |(_, value)| value.trim()).to_owned()
    };
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let name = named("model name");
    format!("{count} × {name}, Linux {}, load {load} at the beginning", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Settings> {
        settings(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn parts_and_subjects_are_chosen_by_name() {
        let chosen = parsed("--only cpu,fill --kea-threads off --without null --pairs 7");
        let chosen = chosen.expect("lawful");
        assert_eq!(chosen.parts, [Part::Cpu, Part::Fill]);
        assert_eq!(chosen.subjects, [Subject::Lessor, Subject::Kea]);
        assert_eq!((chosen.pairs, chosen.seconds, chosen.rate), (7, 10, RATE));
        for wrong in ["--only speed", "--kea-threads 2", "--without dora", "--pairs 0", "fast"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
