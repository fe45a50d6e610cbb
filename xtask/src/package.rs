//! Debian packages, made with dpkg's own tools and nothing else.
//!
//! # Map
//! - [`stage`]: the files of a package, laid out as they are installed.
//! - [`contents`]: which files those are.
//! - [`trial`]: the packages installed on a copy of this machine, and served from.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{Options, command, packages, sbom};

mod contents;
mod stage;
mod trial;

use stage::Stage;

/// Where packages and what is built for them go, from the root of the tree.
const FOLDER: &str = "target/package";

/// What all packages of one build share.
struct Release {
    version: String,
    /// The architecture, by Debian's name.
    architecture: String,
    /// When it was made, in seconds since 1970.
    epoch: i64,
    program: PathBuf,
    /// The libraries that the program needs, as a list of packages.
    libraries: String,
}

/// Builds the packages, and tries them if asked to.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (mut tried, mut twice, mut given) = (false, false, None);
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--try" => tried = true,
            "--twice" => twice = true,
            "--program" => given = Some(PathBuf::from(options.value(option)?)),
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    if !packages::is_installed("dpkg-deb") {
        bail!("packages are made with dpkg-deb, which is not here (package dpkg)");
    }
    let folder = command::root().join(FOLDER);
    let made = make(&folder, given.clone())?;
    for package in &made {
        println!("{}", package.display());
    }
    if twice {
        let again = make(&folder.join("again"), given)?;
        for (one, other) in made.iter().zip(&again) {
            if std::fs::read(one)? != std::fs::read(other)? {
                bail!("{} and {} differ", one.display(), other.display());
            }
        }
        println!("a second build gave the same octets");
    }
    judge(&made)?;
    if tried {
        trial::run(&folder, &made)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the program, unless one is given, and both packages below `folder`.
fn make(folder: &Path, given: Option<PathBuf>) -> Result<Vec<PathBuf>> {
    let release = release(folder, given)?;
    let mut made = Vec::new();
    for (name, files) in [
        ("lessor", contents::server(&release)?),
        ("lessor-kea-compat", contents::compat(&release)?),
    ] {
        let staged = folder.join(name);
        Stage::new(&staged)?.fill(&files)?;
        made.push(pack(&staged, name, &release, folder)?);
    }
    Ok(made)
}

fn release(folder: &Path, given: Option<PathBuf>) -> Result<Release> {
    let epoch = sbom::epoch()?;
    let program = match given {
        // Tools are run in other folders.
        Some(program) => std::path::absolute(program)?,
        None => build(folder)?,
    };
    std::fs::create_dir_all(folder)?;
    let mut dpkg = Command::new("dpkg");
    let architecture = command::capture(dpkg.arg("--print-architecture"))?.trim().to_owned();
    Ok(Release {
        version: version(epoch)?,
        architecture,
        epoch,
        libraries: libraries(&program, folder)?,
        program,
    })
}

/// The program, optimised, without symbols and without a word of where it was built.
fn build(folder: &Path) -> Result<PathBuf> {
    let root = command::root();
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let target = folder.join("build");
    // The longest match is the last one.
    let mut flags = vec![format!("--remap-path-prefix={}=/lessor", root.display())];
    flags.extend(cargo_home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display())));
    flags.push(format!("--remap-path-prefix={}=/build", target.display()));
    let mut cargo = command::cargo(&["build", "--profile", "dist", "--locked", "-p", "lessor"]);
    cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    cargo.env("CARGO_PROFILE_DIST_DEBUG", "0").env("CARGO_PROFILE_DIST_STRIP", "symbols");
    command::run(&mut cargo)?;
    Ok(target.join("dist/lessor"))
}

/// The crate's version, and the commit.
fn version(epoch: i64) -> Result<String> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        command::capture(git.args(arguments).current_dir(command::root()))
    };
    let manifest = std::fs::read_to_string(command::root().join("Cargo.toml"))?;
    let version = manifest.lines().find_map(|line| line.strip_prefix("version = "));
    let version = version.context("Cargo.toml has no version")?.trim_matches('"');
    let commit = git(&["rev-parse", "--short=8", "HEAD"]).unwrap_or_default();
    let mut date = Command::new("date");
    let day = command::capture(date.args(["-u", "-d", &format!("@{epoch}"), "+%Y%m%d"]))?;
    Ok(match commit.trim() {
        "" => version.to_owned(),
        commit => format!("{version}+git{}.{commit}", day.trim()),
    })
}

/// The packages of the libraries that a program is linked with.
fn libraries(program: &Path, folder: &Path) -> Result<String> {
    /// Where nothing can tell: what every Rust program of this toolchain needs.
    const LEAST: &str = "libc6 (>= 2.34), libgcc-s1 (>= 4.2)";
    if !packages::is_installed("dpkg-shlibdeps") {
        return Ok(LEAST.to_owned());
    }
    let place = folder.join("libraries");
    std::fs::create_dir_all(place.join("debian"))?;
    std::fs::write(
        place.join("debian/control"),
        "Source: lessor\n\nPackage: lessor\nArchitecture: any\n",
    )?;
    let mut told = Command::new("dpkg-shlibdeps");
    let told = command::capture(told.arg("-O").arg("-e").arg(program).current_dir(&place))?;
    let line = told.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    Ok(line.map_or_else(|| LEAST.to_owned(), str::to_owned))
}

fn pack(staged: &Path, name: &str, release: &Release, folder: &Path) -> Result<PathBuf> {
    let Release { version, architecture, epoch, .. } = release;
    let package = folder.join(format!("{name}_{version}_{architecture}.deb"));
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.args(["--build", "--root-owner-group", "-Zxz"]).arg(staged).arg(&package);
    // Dates that are later than the commit become the commit's.
    command::capture(dpkg.env("SOURCE_DATE_EPOCH", epoch.to_string()))?;
    Ok(package)
}

/// Asks Debian's own judge, where it is there.
fn judge(made: &[PathBuf]) -> Result<()> {
    if !packages::is_installed("lintian") {
        println!("SKIPPED: Debian's rules for packages: lintian is not installed");
        return Ok(());
    }
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on", "error", "--suppress-tags", "bad-distribution-in-changes-file"]);
    command::run(lintian.args(made))
}
