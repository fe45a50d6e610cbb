//! `-t` and `-T`: whether a configuration would be taken, and whether this host is ready for it.

use std::fs::{self, File};
use std::path::Path;
use std::process::ExitCode;

use lessor_config::{Config, ControlSocket, LeaseStore, Level};
use lessor_net::{interfaces, selection};
use lessor_shell::ConfigFile;
use rustix::fs::{Access, access};

use crate::sockets;
use crate::start;

/// Says everything about a configuration, and whether it would be taken.
pub(crate) fn file(file: &ConfigFile) -> ExitCode {
    let lawful = lawful(file);
    print_verdict(file, lawful.is_some())
}

/// As [`file`], and whether what it names is there. Nothing is opened that a running server has or
/// would notice: no socket, and no lease file for writing.
pub(crate) fn file_and_host(file: &ConfigFile) -> ExitCode {
    let troubles = lawful(file).map(|config| host(&config));
    for trouble in troubles.iter().flatten() {
        eprintln!("{}: error: {trouble}", file.path().display());
    }
    print_verdict(file, troubles.is_some_and(|troubles| troubles.is_empty()))
}

fn lawful(file: &ConfigFile) -> Option<Config> {
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
            Some(config)
        }
        Err(why) => {
            eprintln!("{}", why.to_string().trim_end());
            None
        }
    }
}

fn print_verdict(file: &ConfigFile, taken: bool) -> ExitCode {
    if taken {
        return ExitCode::SUCCESS;
    }
    println!("{}: not taken", file.path().display());
    ExitCode::FAILURE
}

/// What is missing on this host.
fn host(config: &Config) -> Vec<String> {
    let mut troubles = Vec::new();
    let wanted = sockets::options(config, 67);
    match interfaces::list() {
        Ok(found) => {
            let (chosen, skipped) = selection::select(&found, &wanted.interfaces);
            troubles.extend(sockets::troubles(&wanted, &skipped, chosen.is_empty()));
        }
        Err(why) => troubles.push(format!("cannot list the interfaces: {why}")),
    }
    if let LeaseStore::Memfile(memfile) = &config.lease_store
        && memfile.persist
    {
        let path = start::lease_file(memfile);
        folder(&path, "lease file", &mut troubles);
        // Reading is what a second pair of hands may do; the lock is left alone.
        if path.exists()
            && let Err(why) = File::open(&path)
        {
            troubles.push(format!("the lease file {}: {why}", path.display()));
        }
    }
    for socket in &config.control_sockets {
        if let ControlSocket::Unix { path } = socket {
            folder(Path::new(path), "control socket", &mut troubles);
        }
    }
    troubles
}

/// Whether files can be made and replaced where this one is.
fn folder(path: &Path, what: &str, troubles: &mut Vec<String>) {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let writable = fs::metadata(folder).map(|_| access(folder, Access::WRITE_OK | Access::EXEC_OK));
    let why = match writable {
        Ok(Ok(())) => return,
        Ok(Err(why)) => why.into(),
        Err(why) => why,
    };
    troubles.push(format!("the folder {} of the {what}: {why}", folder.display()));
}
