//! Planted defects are for the simulator: nothing else may switch their feature on.

use anyhow::Result;
use cargo_metadata::Metadata;

use super::{Finding, line_of};
use crate::command;

const FEATURE: &str = "planted";
const OWNER: &str = "lessor-server";
const MAY_ENABLE: &[&str] = &["lessor-sim"];
const DAEMON: &str = "lessor";

pub(super) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let packages = metadata.workspace_packages();
    for package in &packages {
        let enables = package.dependencies.iter().any(|dependency| {
            dependency.name == OWNER && dependency.features.iter().any(|name| name == FEATURE)
        });
        let forwards = package.features.iter().any(|(name, enabled)| {
            let here = *package.name == OWNER && name == "default";
            enabled.iter().any(|e| *e == format!("{OWNER}/{FEATURE}") || (here && e == FEATURE))
        });
        if (enables || forwards) && !MAY_ENABLE.contains(&package.name.as_str()) {
            let manifest = package.manifest_path.as_std_path();
            let text = std::fs::read_to_string(manifest).unwrap_or_default();
            let what =
                format!("only the simulator may switch `{OWNER}/{FEATURE}` on: leave it off");
            findings.push(Finding::new(manifest, line_of(&text, FEATURE), what));
        }
    }
    if packages.iter().any(|package| *package.name == DAEMON) {
        findings.extend(check_daemon()?);
    }
    Ok(findings)
}

/// What Cargo resolves for the daemon, whatever the manifests seem to say.
fn check_daemon() -> Result<Option<Finding>> {
    let mut cargo =
        command::cargo(&["tree", "-q", "-p", DAEMON, "-e", "normal,build", "--prefix", "none"]);
    let printed = command::capture(cargo.args(["--format", "{p}|{f}"]))?;
    Ok(has_feature(&printed).then(|| {
        let what =
            format!("the daemon is built with `{OWNER}/{FEATURE}`: see `cargo tree -e features`");
        Finding::new("daemon/lessor/Cargo.toml", 1, what)
    }))
}

fn has_feature(tree: &str) -> bool {
    tree.lines().any(|line| {
        let (package, features) = line.split_once('|').unwrap_or((line, ""));
        let features = features.trim_end_matches("(*)").trim();
        package.split(' ').next() == Some(OWNER) && features.split(',').any(|f| f == FEATURE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolved_feature_is_seen() {
        assert!(!has_feature("lessor v0.1.0 (/x)|\nlessor-server v0.1.0 (/x)|"));
        assert!(has_feature("lessor-server v0.1.0 (/x)|default,planted"));
        assert!(has_feature("lessor-server v0.1.0 (/x)|planted (*)"));
    }
}
