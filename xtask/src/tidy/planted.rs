//! Planted defects are for the simulator: nothing else may switch their feature on.

use anyhow::Result;
use cargo_metadata::Metadata;

use super::{Finding, line_of};
use crate::command;

const FEATURE: &str = "planted";
const OWNERS: [&str; 2] = ["lessor-server", "lessor-shell"];
const MAY_ENABLE: &[&str] = &["lessor-sim", "lessor-sim-shell"];
const DAEMON: &str = "lessor";

pub(super) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let packages = metadata.workspace_packages();
    for package in &packages {
        let enables = package.dependencies.iter().any(|dependency| {
            OWNERS.contains(&dependency.name.as_str())
                && dependency.features.iter().any(|name| name == FEATURE)
        });
        let forwards = package.features.iter().any(|(name, enabled)| {
            let here = OWNERS.contains(&package.name.as_str()) && name == "default";
            let forwards =
                |e: &String| OWNERS.iter().any(|owner| *e == format!("{owner}/{FEATURE}"));
            enabled.iter().any(|e| forwards(e) || (here && e == FEATURE))
        });
        if (enables || forwards) && !MAY_ENABLE.contains(&package.name.as_str()) {
            let manifest = package.manifest_path.as_std_path();
            let text = std::fs::read_to_string(manifest).unwrap_or_default();
            let what = format!("only the simulator may switch `{FEATURE}` on: leave it off");
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
        let what = format!("the daemon is built with `{FEATURE}`: see `cargo tree -e features`");
        Finding::new("daemon/lessor/Cargo.toml", 1, what)
    }))
}

fn has_feature(tree: &str) -> bool {
    tree.lines().any(|line| {
        let (package, features) = line.split_once('|').unwrap_or((line, ""));
        let features = features.trim_end_matches("(*)").trim();
        OWNERS.iter().any(|owner| package.split(' ').next() == Some(owner))
            && features.split(',').any(|f| f == FEATURE)
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
        assert!(has_feature("lessor-shell v0.1.0 (/x)|planted"));
    }
}
