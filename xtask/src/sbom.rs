//! What the server is made of, as a bill of materials (CycloneDX 1.5).
//!
//! The list is Cargo's own resolution of the locked dependencies, on Linux; crates that only tests
//! and build scripts use are not in the program and not on the list. The same commit gives the
//! same text.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use serde_json::{Value, json};

use crate::{Options, command};

/// The program that is described.
const PROGRAM: &str = "lessor";
/// Whose dependencies: others have crates of other systems besides.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Writes it to a file, or prints it.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let mut output = None;
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--output" => output = Some(PathBuf::from(options.value(option)?)),
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    let text = text()?;
    match output {
        Some(path) => fs::write(&path, text).with_context(|| path.display().to_string())?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The bill of materials, as JSON text.
pub(crate) fn text() -> Result<String> {
    let metadata = MetadataCommand::new()
        .manifest_path(command::root().join("Cargo.toml"))
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), TARGET.to_owned()])
        .exec()
        .context("cargo metadata failed")?;
    let lock = fs::read_to_string(command::root().join("Cargo.lock")).context("Cargo.lock")?;
    let bill = bill(&metadata, &linked()?, &checksums(&lock), epoch()?)?;
    Ok(format!("{bill:#}\n"))
}

/// The date that everything made from this commit bears: the commit's own, unless the environment
/// gives one. In seconds since 1970.
pub(crate) fn epoch() -> Result<i64> {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let told = match given {
        Some(given) => given,
        None => {
            let mut git = std::process::Command::new("git");
            git.args(["log", "-1", "--format=%ct"]).current_dir(command::root());
            command::capture(&mut git).context("no date: set SOURCE_DATE_EPOCH")?
        }
    };
    told.trim().parse().with_context(|| format!("`{}` is no date", told.trim()))
}

/// What is linked into the program, as `name vVERSION`.
///
/// The metadata alone would say more: there, the features of all crates of the workspace are one.
fn linked() -> Result<BTreeSet<String>> {
    let mut tree = command::cargo(&["tree", "-q", "--locked", "-p", PROGRAM, "-e", "normal"]);
    let printed = command::capture(tree.args(["--prefix", "none", "--target", TARGET]))?;
    let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(printed.lines().filter(|line| !line.is_empty()).map(words).collect())
}

fn bill(
    metadata: &Metadata,
    linked: &BTreeSet<String>,
    checksums: &BTreeMap<(String, String), String>,
    epoch: i64,
) -> Result<Value> {
    let closure = closure(metadata, linked)?;
    let packages: BTreeMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut program = Value::Null;
    for (id, needs) in &closure {
        let package = package(&packages, id)?;
        if *package.name == PROGRAM {
            program = component(package, checksums);
        } else {
            components.push(component(package, checksums));
        }
        let mut needed = Vec::new();
        for id in needs {
            needed.push(purl(self::package(&packages, id)?));
        }
        needed.sort();
        dependencies.push(json!({ "ref": purl(package), "dependsOn": needed }));
    }
    components.sort_by_key(|it| it["purl"].to_string());
    dependencies.sort_by_key(|it| it["ref"].to_string());
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "timestamp": date(epoch), "component": program },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn package<'a>(
    packages: &BTreeMap<&PackageId, &'a Package>,
    id: &PackageId,
) -> Result<&'a Package> {
    packages.get(id).copied().context("a package without an entry")
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Value {
    let kind = if *package.name == PROGRAM { "application" } else { "library" };
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package),
        "name": *package.name,
        "version": package.version.to_string(),
        "purl": purl(package),
        "scope": "required",
    });
    if let Some(license) = &package.license {
        // Cargo's old spelling of a choice.
        component["licenses"] = json!([ { "expression": license.replace('/', " OR ") } ]);
    }
    let key = (package.name.to_string(), package.version.to_string());
    // Crates of the tree have none: they are the commit's.
    if let Some(checksum) = checksums.get(&key).filter(|_| package.source.is_some()) {
        component["hashes"] = json!([ { "alg": "SHA-256", "content": checksum } ]);
    }
    component
}

fn shown(package: &Package) -> String {
    format!("{} v{}", package.name, package.version)
}

fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

/// What is linked into the program, each with what it needs directly.
fn closure<'a>(
    metadata: &'a Metadata,
    linked: &BTreeSet<String>,
) -> Result<BTreeMap<&'a PackageId, BTreeSet<&'a PackageId>>> {
    let is_there = |package: &&Package| linked.contains(&shown(package));
    let there: BTreeSet<_> =
        metadata.packages.iter().filter(is_there).map(|package| &package.id).collect();
    let resolve = metadata.resolve.as_ref().context("cargo resolved nothing")?;
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut program = metadata.packages.iter().filter(|package| *package.name == PROGRAM);
    let first = program.next().with_context(|| format!("there is no crate {PROGRAM}"))?;
    let mut found = BTreeMap::new();
    let mut waiting = vec![&first.id];
    while let Some(id) = waiting.pop() {
        if found.contains_key(id) {
            continue;
        }
        let node = nodes.get(id).context("a package that is not resolved")?;
        let is_linked = |kinds: &[cargo_metadata::DepKindInfo]| {
            kinds.iter().any(|it| it.kind == DependencyKind::Normal)
        };
        let needs: BTreeSet<_> = node
            .deps
            .iter()
            .filter(|it| there.contains(&it.pkg) && is_linked(&it.dep_kinds))
            .map(|it| &it.pkg)
            .collect();
        waiting.extend(&needs);
        found.insert(id, needs);
    }
    Ok(found)
}

/// The checksums of a lock file, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let key = (field(block, "name")?, field(block, "version")?);
            Some((key, field(block, "checksum")?))
        })
        .collect()
}

/// In the form of RFC 3339.
fn date(epoch: i64) -> String {
    let mut date = std::process::Command::new("date");
    date.args(["-u", "-d", &format!("@{epoch}"), "+%Y-%m-%dT%H:%M:%SZ"]);
    command::capture(&mut date).map_or_else(|_| String::new(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed() -> Value {
        serde_json::from_str(&text().expect("it is made")).expect("JSON")
    }

    #[test]
    fn every_crate_of_the_daemon_is_on_it_and_no_other() {
        let bill = parsed();
        let listed: BTreeSet<String> = bill["components"]
            .as_array()
            .expect("a list")
            .iter()
            .chain([&bill["metadata"]["component"]])
            .map(|it| {
                format!(
                    "{} v{}",
                    it["name"].as_str().expect("text"),
                    it["version"].as_str().expect("text")
                )
            })
            .collect();
        let expected = linked().expect("cargo tree");
        assert_eq!(listed, expected);
        assert!(listed.len() > 30, "{listed:?}");
    }

    #[test]
    fn it_has_the_shape_of_cyclonedx() {
        let bill = parsed();
        assert_eq!(
            (&bill["bomFormat"], &bill["specVersion"]),
            (&json!("CycloneDX"), &json!("1.5"))
        );
        assert_eq!(bill["metadata"]["component"]["type"], "application");
        let stamp = bill["metadata"]["timestamp"].as_str().expect("text");
        assert!(stamp.len() == 20 && stamp.ends_with('Z'), "{stamp}");
        let components = bill["components"].as_array().expect("a list");
        let mut known =
            BTreeSet::from([bill["metadata"]["component"]["bom-ref"].clone().to_string()]);
        for it in components {
            assert_eq!(it["type"], "library", "{it}");
            assert!(it["purl"].as_str().is_some_and(|it| it.starts_with("pkg:cargo/")), "{it}");
            assert!(it["licenses"][0]["expression"].is_string(), "{it}");
            let ours = it["name"].as_str().is_some_and(|it| it.starts_with("lessor-"));
            let hash = it["hashes"][0]["content"].as_str().unwrap_or_default();
            assert!(ours || hash.len() == 64, "{it}");
            assert!(known.insert(it["bom-ref"].to_string()), "twice: {it}");
        }
        for it in bill["dependencies"].as_array().expect("a list") {
            let needs = it["dependsOn"].as_array().expect("a list");
            assert!(needs.iter().chain([&it["ref"]]).all(|it| known.contains(&it.to_string())));
        }
        assert_eq!(text().expect("it is made"), text().expect("it is made"));
    }

    #[test]
    fn checksums_come_from_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                    source = \"registry\"\nchecksum = \"abcd\"\n\n[[package]]\nname = \"b\"\n\
                    version = \"2.0.0\"\n";
        let found = checksums(lock);
        assert_eq!(
            found.get(&("a".to_owned(), "1.0.0".to_owned())).map(String::as_str),
            Some("abcd")
        );
        assert_eq!(found.len(), 1);
    }
}
