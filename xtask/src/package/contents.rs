//! Which files the packages have.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::Release;
use super::stage::{File, What};
use crate::{command, sbom};

/// Where units are.
const UNITS: &str = "usr/lib/systemd/system";

/// Where Debian's Kea has its unit. dpkg takes another name of the same folder for another file, and
/// would remove ours with Kea's.
const KEA_UNITS: &str = "lib/systemd/system";

/// The server.
pub(super) fn server(release: &Release) -> Result<Vec<File>> {
    let name = "lessor";
    let program = fs::read(&release.program)
        .with_context(|| format!("cannot read {}", release.program.display()))?;
    let mut files = vec![
        file("usr/sbin/lessor", What::Program(program)),
        deployed(&format!("{UNITS}/lessor-dhcp4.service"), "systemd/lessor-dhcp4.service")?,
        deployed("usr/lib/sysusers.d/lessor.conf", "systemd/lessor.sysusers")?,
        deployed("usr/lib/tmpfiles.d/lessor.conf", "systemd/lessor.tmpfiles")?,
        deployed("usr/lib/sysctl.d/60-lessor.conf", "systemd/lessor.sysctl")?,
        deployed("etc/lessor/kea-dhcp4.conf", "config/kea-dhcp4.conf")?,
        file("usr/share/man/man8/lessor.8", What::Compressed(manual(release)?)),
        file("usr/share/doc/lessor/lessor.cdx.json", What::Octets(sbom::text()?.into_bytes())),
        file("usr/share/doc/lessor/NEWS.md", What::Compressed(read("CHANGELOG.md")?)),
        file("DEBIAN/conffiles", What::Octets(b"/etc/lessor/kea-dhcp4.conf\n".to_vec())),
    ];
    for folder in ["docs", "examples"] {
        for name in names(folder)? {
            let octets = read(&format!("{folder}/{name}"))?;
            let place = if folder == "docs" { "" } else { "examples/" };
            let path = format!("usr/share/doc/lessor/{place}{name}");
            files.push(file(&path, What::Octets(octets)));
        }
    }
    common(&mut files, name, release, &release.libraries)?;
    Ok(files)
}

/// What puts the server in Kea's place.
pub(super) fn compat(release: &Release) -> Result<Vec<File>> {
    let name = "lessor-kea-compat";
    let mut files = vec![
        file("usr/sbin/kea-dhcp4", What::Link("lessor".to_owned())),
        file("usr/share/man/man8/kea-dhcp4.8.gz", What::Link("lessor.8.gz".to_owned())),
        deployed(
            &format!("{KEA_UNITS}/kea-dhcp4-server.service"),
            "systemd/kea-dhcp4-server.service",
        )?,
        deployed(&format!("usr/lib/sysusers.d/{name}.conf"), &format!("systemd/{name}.sysusers"))?,
        deployed(&format!("usr/lib/tmpfiles.d/{name}.conf"), &format!("systemd/{name}.tmpfiles"))?,
    ];
    let needs = format!("lessor (= {})", release.version);
    common(&mut files, name, release, &needs)?;
    Ok(files)
}

/// What every package has; the size is that of the files so far.
fn common(files: &mut Vec<File>, name: &str, release: &Release, needs: &str) -> Result<()> {
    let doc = format!("usr/share/doc/{name}");
    files.push(file(&format!("{doc}/changelog"), What::Compressed(changelog(name, release)?)));
    files.push(deployed(&format!("{doc}/copyright"), "debian/copyright")?);
    let size: usize = files.iter().map(|file| octets(&file.what).len().div_ceil(1024)).sum();
    let mut control = String::from_utf8(read(&format!("deploy/debian/{name}.control"))?)?;
    let mut fields = format!("Version: {}\n", release.version);
    let _ = writeln!(fields, "Architecture: {}", release.architecture);
    let _ = writeln!(fields, "Depends: {needs}");
    let _ = writeln!(fields, "Installed-Size: {size}");
    let second = control.find('\n').context("a control file of one line")? + 1;
    control.insert_str(second, &fields);
    files.push(file("DEBIAN/control", What::Octets(control.into_bytes())));
    for script in ["postinst", "prerm", "postrm"] {
        let text = read(&format!("deploy/debian/{name}.{script}"))?;
        files.push(file(&format!("DEBIAN/{script}"), What::Program(text)));
    }
    Ok(())
}

fn file(path: &str, what: What) -> File {
    File { path: path.to_owned(), what }
}

fn deployed(path: &str, from: &str) -> Result<File> {
    Ok(file(path, What::Octets(read(&format!("deploy/{from}"))?)))
}

fn octets(what: &What) -> &[u8] {
    match what {
        What::Octets(octets) | What::Program(octets) | What::Compressed(octets) => octets,
        What::Link(to) => to.as_bytes(),
    }
}

fn read(name: &str) -> Result<Vec<u8>> {
    let path = command::root().join(name);
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The plain files of a folder of the tree, in order, but for the one that explains the folder.
fn names(folder: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(command::root().join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_text = [".md", ".json"].iter().any(|end| name.ends_with(end));
        if entry.file_type()?.is_file() && is_text && name != "README.md" {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn manual(release: &Release) -> Result<Vec<u8>> {
    let text = String::from_utf8(read("deploy/man/lessor.8")?)?;
    let day = date(release, "+%Y-%m-%d")?;
    Ok(text.replace("@DATE@", &day).replace("@VERSION@", &release.version).into_bytes())
}

fn changelog(name: &str, release: &Release) -> Result<Vec<u8>> {
    let control = String::from_utf8(read(&format!("deploy/debian/{name}.control"))?)?;
    let who = control.lines().find_map(|line| line.strip_prefix("Maintainer: "));
    let who = who.context("a control file without a maintainer")?;
    let version = &release.version;
    let when = date(release, "+%a, %d %b %Y %H:%M:%S +0000")?;
    let text = format!(
        "{name} ({version}) unstable; urgency=medium\n\n  * See NEWS.md in lessor.\n\n -- {who}  {when}\n"
    );
    Ok(text.into_bytes())
}

fn date(release: &Release, form: &str) -> Result<String> {
    let mut date = Command::new("date");
    date.env("LC_ALL", "C").args(["-u", "-d", &format!("@{}", release.epoch), form]);
    Ok(command::capture(&mut date)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};
    use std::path::Path;

    use super::*;
    use crate::package::{pack, stage::Stage};
    use crate::packages;

    /// Not by a macro, whose output the test harness would keep to itself.
    fn skipped(what: &str) {
        let told = writeln!(io::stderr(), "SKIPPED: {what}");
        told.expect("there is a standard error");
    }

    fn release(program: &Path) -> Release {
        Release {
            version: "1.2.3".to_owned(),
            architecture: "amd64".to_owned(),
            epoch: 1_700_000_000,
            program: program.to_owned(),
            libraries: "libc6".to_owned(),
        }
    }

    /// Two packages from the same files, made apart, are the same octets; and what is in them is
    /// what was put there.
    #[test]
    fn packages_are_the_same_whenever_and_wherever_they_are_made() {
        if !packages::is_installed("dpkg-deb") {
            return skipped("packages: dpkg-deb is not installed");
        }
        let place = std::env::temp_dir().join(format!("lessor-package-{}", std::process::id()));
        let mut made = Vec::new();
        for folder in ["one", "other"] {
            let folder = place.join(folder);
            fs::create_dir_all(&folder).expect("a writable directory");
            let program = folder.join("program");
            fs::write(&program, "#!/bin/sh\n").expect("a writable directory");
            let release = release(&program);
            for (name, files) in [
                ("lessor", server(&release).expect("its files")),
                ("lessor-kea-compat", compat(&release).expect("its files")),
            ] {
                let staged = folder.join(name);
                Stage::new(&staged).and_then(|it| it.fill(&files)).expect("it is laid out");
                made.push(pack(&staged, name, &release, &folder).expect("it is packed"));
            }
        }
        let octets = |at: usize| fs::read(&made[at]).expect("it is there");
        assert!(octets(0) == octets(2) && octets(1) == octets(3));
        let mut list = Command::new("dpkg-deb");
        let list = command::capture(list.arg("-c").arg(&made[0])).expect("it is a package");
        for line in [
            "-rwxr-xr-x root/root        10 2023-11-14 22:13 ./usr/sbin/lessor",
            "./usr/lib/systemd/system/lessor-dhcp4.service",
            "./usr/lib/sysctl.d/60-lessor.conf",
            "./usr/share/man/man8/lessor.8.gz",
            "./usr/share/doc/lessor/lessor.cdx.json",
            "./usr/share/doc/lessor/examples/home.json",
        ] {
            assert!(list.contains(line), "{line} in {list}");
        }
        let mut fields = Command::new("dpkg-deb");
        let fields = command::capture(fields.arg("-f").arg(&made[1])).expect("it is a package");
        assert!(fields.contains("Conflicts: kea-dhcp4-server"), "{fields}");
        assert!(fields.contains("Depends: lessor (= 1.2.3)"), "{fields}");
        fs::remove_dir_all(place).expect("it is ours");
    }

    #[test]
    fn scripts_are_lawful_and_units_are_closed() {
        let deploy = command::root().join("deploy");
        for entry in fs::read_dir(deploy.join("debian")).expect("it is there") {
            let path = entry.expect("an entry").path();
            let ends = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if ["postinst", "prerm", "postrm"].contains(&ends.as_str()) {
                let read = command::capture(Command::new("sh").arg("-n").arg(&path));
                assert!(read.is_ok(), "{}: {read:?}", path.display());
            }
        }
        if !packages::is_installed("systemd-analyze") {
            return skipped("what units leave open: systemd-analyze is not installed");
        }
        for unit in ["lessor-dhcp4", "kea-dhcp4-server"] {
            let mut analyze = Command::new("systemd-analyze");
            // In tenths: it fails above.
            analyze.args(["security", "--offline=true", "--threshold=25", "--no-pager"]);
            let path = deploy.join(format!("systemd/{unit}.service"));
            let told = command::capture(analyze.arg(path));
            assert!(told.is_ok(), "{unit}: {told:?}");
        }
    }
}
