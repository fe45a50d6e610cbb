//! Data folders that are made once and copied for each server.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Tried as _;
use crate::programs::{self, Account};
use crate::server::{PASSWORD, USER};
use crate::{Engine, Error};

/// Puts a fresh data folder at `data`, which must not exist.
pub(crate) fn copy(engine: Engine, data: &Path, account: Option<Account>) -> Result<(), Error> {
    let template = template(engine, account)?;
    programs::run(Command::new("cp").arg("-a").arg(&template).arg(data), "").map(drop)
}

/// The template of an engine's installed version, made if there is none yet.
fn template(engine: Engine, account: Option<Account>) -> Result<PathBuf, Error> {
    let shelf = shelf();
    fs::create_dir_all(&shelf).tried(|| format!("cannot make {}", shelf.display()))?;
    let lock = shelf.join(format!("{}.lock", engine.name()));
    let lock = File::create(&lock).tried(|| format!("cannot open {}", lock.display()))?;
    // Several test processes may come first.
    lock.lock().tried(|| "cannot lock the shelf of data folders".to_owned())?;
    let whose = if account.is_some() { "given" } else { "own" };
    let name = format!("{}-{}-{whose}", engine.name(), version(engine)?);
    let template = shelf.join(name);
    if !template.exists() {
        make(engine, &template, account)?;
    }
    Ok(template)
}

/// Beside what cargo builds; where tests run without cargo, among temporary files.
fn shelf() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map_or_else(std::env::temp_dir, Path::to_owned)
        .join("testbed")
}

fn version(engine: Engine) -> Result<String, Error> {
    let program = programs::find(engine, server_program(engine))?;
    let said = programs::run(Command::new(program).arg("--version"), "")?;
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let version = said.split_whitespace().find(number).unwrap_or("unknown");
    Ok(version.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_"))
}

pub(crate) fn server_program(engine: Engine) -> &'static str {
    match engine {
        Engine::PostgreSql => "postgres",
        Engine::MariaDb => "mariadbd",
    }
}

fn make(engine: Engine, template: &Path, account: Option<Account>) -> Result<(), Error> {
    // Made where the server's account may write, then moved to where it may not even look.
    let place = tempfile::Builder::new().prefix("lessor-template-").tempdir();
    let place = place.tried(|| "cannot make a temporary folder".to_owned())?;
    if let Some(account) = account {
        account.own(place.path())?;
    }
    let data = place.path().join("data");
    let mut command = match engine {
        Engine::PostgreSql => initdb(&data, place.path())?,
        Engine::MariaDb => install_db(&data)?,
    };
    command.current_dir(place.path());
    if let Some(account) = account {
        account.run(&mut command);
    }
    programs::run(&mut command, "")?;
    if engine == Engine::PostgreSql {
        let rules = data.join("pg_hba.conf");
        fs::write(&rules, "local all all trust\nhost all all all scram-sha-256\n")
            .tried(|| format!("cannot write {}", rules.display()))?;
    }
    let partial = template.with_extension("partial");
    programs::run(Command::new("rm").arg("-rf").arg(&partial), "")?;
    programs::run(Command::new("cp").arg("-a").arg(&data).arg(&partial), "")?;
    fs::rename(&partial, template).tried(|| format!("cannot make {}", template.display()))
}

fn initdb(data: &Path, place: &Path) -> Result<Command, Error> {
    let password = place.join("password");
    fs::write(&password, PASSWORD).tried(|| "cannot write a password".to_owned())?;
    let mut initdb = Command::new(programs::find(Engine::PostgreSql, "initdb")?);
    initdb
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust"])
        .arg(format!("--username={USER}"))
        .arg(format!("--pwfile={}", password.display()))
        .arg("-D")
        .arg(data);
    Ok(initdb)
}

fn install_db(data: &Path) -> Result<Command, Error> {
    let mut install = Command::new(programs::find(Engine::MariaDb, "mariadb-install-db")?);
    install
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .args(crate::server::MARIADB_LAYOUT)
        .arg(format!("--datadir={}", data.display()));
    Ok(install)
}
