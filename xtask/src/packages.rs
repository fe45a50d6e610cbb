//! Programs that tasks need, installed as Debian packages if they are missing.

use std::os::unix::fs::{MetadataExt, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// A program and the Debian package that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const IP: Tool = Tool { program: "ip", package: "iproute2" };
pub(crate) const DHCLIENT: Tool = Tool { program: "dhclient", package: "isc-dhcp-client" };
pub(crate) const UDHCPC: Tool = Tool { program: "udhcpc", package: "udhcpc" };
pub(crate) const DHCRELAY: Tool = Tool { program: "dhcrelay", package: "isc-dhcp-relay" };
pub(crate) const PERFDHCP: Tool = Tool { program: "perfdhcp", package: "kea-admin" };
pub(crate) const MARIADB: Tool = Tool { program: "mariadbd", package: "mariadb-server-core" };
pub(crate) const MARIADB_CLIENT: Tool = Tool { program: "mariadb", package: "mariadb-client-core" };

/// Starts a server of the machine's own when it is installed.
pub(crate) const POSTGRESQL: Tool = Tool { program: "postgres", package: "postgresql" };
pub(crate) const KEA: Tool = Tool { program: "kea-dhcp4", package: "kea-dhcp4-server" };

/// Administrators' programs are not on everybody's path.
const ALSO_IN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// Debian keeps the server of each version of PostgreSQL in a folder below this one.
const POSTGRESQL_VERSIONS: &str = "/usr/lib/postgresql";

/// Whether we may change the machine and its network.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Whether network namespaces can be made here; some containers keep them to themselves.
pub(crate) fn can_make_namespaces() -> bool {
    is_root() && command::succeeds(Command::new("unshare").args(["--net", "true"]))
}

/// Whether a program is found.
pub(crate) fn is_installed(program: &str) -> bool {
    find(program).is_some()
}

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(ALSO_IN.iter().map(|folder| Path::new(folder).to_owned()))
        .chain(postgresql_folders())
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

fn postgresql_folders() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir(POSTGRESQL_VERSIONS) else { return Vec::new() };
    versions.flatten().map(|version| version.path().join("bin")).collect()
}

fn missing(tools: &[Tool]) -> Vec<Tool> {
    tools.iter().copied().filter(|tool| !is_installed(tool.program)).collect()
}

/// Installs what is missing and says so; returns a sentence for each program that is missing
/// still.
pub(crate) fn ensure(tools: &[Tool]) -> Vec<String> {
    let wanted = missing(tools);
    if wanted.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = wanted.iter().map(|tool| tool.package).collect();
    let why = if !is_root() {
        Some("only root can install it".to_owned())
    } else if !is_installed("apt-get") {
        Some("there is no apt-get here".to_owned())
    } else {
        println!("installing packages: {}", names.join(" "));
        install(&names).err().map(|error| format!("{error:#}"))
    };
    missing(&wanted)
        .iter()
        .map(|tool| {
            let reason = why.as_deref().unwrap_or("the package did not bring it");
            format!("{} (package {}) is missing: {reason}", tool.program, tool.package)
        })
        .collect()
}

/// As [`ensure`], for a package that would start a service: the service is not started.
pub(crate) fn ensure_without_service(tool: Tool) -> Vec<String> {
    // Debian's own way to say so; what says something already is left alone.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = is_root() && !is_installed(tool.program) && !policy.exists();
    if ours && let Err(why) = forbid_starts(policy) {
        return vec![format!("{} is not installed: {}: {why}", tool.package, policy.display())];
    }
    let missing = ensure(&[tool]);
    if ours && let Err(why) = std::fs::remove_file(policy) {
        println!("{} stays behind: {why}", policy.display());
    }
    missing
}

fn forbid_starts(policy: &Path) -> std::io::Result<()> {
    std::fs::write(policy, "#!/bin/sh\nexit 101\n")?;
    std::fs::set_permissions(policy, std::fs::Permissions::from_mode(0o755))
}

fn install(names: &[&str]) -> anyhow::Result<()> {
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command::capture(&mut apt)
    };
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(names);
    apt(&arguments)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        assert_eq!(ensure(&[Tool { program: "sh", package: "dash" }]), [""; 0]);
        assert!(!is_installed("no-such-program-anywhere"));
    }
}
