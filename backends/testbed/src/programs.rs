//! Where the engines' programs are, and as whom they run.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::error::Tried as _;
use crate::{Engine, Error};

/// Administrators' programs are not on everybody's path.
const ALSO_IN: [&str; 4] = ["/usr/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
/// Debian keeps each version of PostgreSQL in a folder of its own.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Where a program of an engine is.
///
/// # Errors
/// [`Error::Missing`], with the package to install.
pub fn find(engine: Engine, program: &'static str) -> Result<PathBuf, Error> {
    let folders = match engine {
        Engine::PostgreSql => postgresql_folders(),
        Engine::MariaDb => Vec::new(),
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(ALSO_IN.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing { program, package: package(program) })
}

fn package(program: &str) -> &'static str {
    match program {
        "mariadbd" | "mariadb-install-db" => "mariadb-server-core",
        "mariadb" => "mariadb-client-core",
        _ => "postgresql",
    }
}

/// Newest first.
fn postgresql_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(POSTGRESQL) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let major = entry.file_name().to_str()?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

/// Who runs servers: PostgreSQL refuses to be root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Somebody without privileges if we have some; `None` if we are that already.
    pub(crate) fn of_servers() -> Option<Self> {
        let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        root.then(|| {
            let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
            ["postgres", "nobody"]
                .iter()
                .find_map(|name| Self::read(&users, name))
                .unwrap_or(Self { uid: 65534, gid: 65534 })
        })
    }

    fn read(users: &str, name: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some(Self { uid: fields.next()??, gid: fields.next()?? })
    }

    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .tried(|| format!("cannot give {} away", path.display()))
    }
}

/// Runs a program to its end; what it printed is its answer or the error's text.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = feed(command, input).tried(|| format!("cannot run {name}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Error::Failed {
        program: name,
        status: output.status.to_string(),
        said: tail(&String::from_utf8_lossy(&said)),
    })
}

fn feed(command: &mut Command, input: &str) -> std::io::Result<Output> {
    use std::io::Write as _;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take();
    let input = input.to_owned();
    // A program that prints while it reads would wait for us while we wait for it.
    let writer = std::thread::spawn(move || {
        if let Some(stdin) = &mut stdin {
            // A program that has seen enough closes its end; its status tells.
            drop(stdin.write_all(input.as_bytes()));
        }
    });
    let output = child.wait_with_output();
    drop(writer.join());
    output
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_the_list_of_users() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/sh";
        assert_eq!(Account::read(users, "postgres"), Some(Account { uid: 101, gid: 104 }));
        assert_eq!(Account::read(users, "nobody"), None);
        assert_eq!(Account::read("odd:x:y:z", "odd"), None);
    }

    #[test]
    fn what_a_program_prints_is_its_answer_or_the_reason() {
        assert_eq!(run(Command::new("cat").arg("-"), "abc").expect("cat"), "abc");
        let error = run(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), "");
        let text = error.expect_err("exit 3").to_string();
        assert!(text.contains("no") && text.contains('3'), "{text}");
    }
}
