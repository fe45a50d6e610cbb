//! What shows, tests, sets and writes configurations.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessor_config::{Config, json};
use lessor_env::Env;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{aside, ask, ending};
use crate::control::Desk;
use crate::control::envelope::{self, Answer};
use crate::request::Request;

/// What may be read by others must not be written for them: nobody else, if nothing tells.
const MODE: u32 = 0o600;

pub(super) async fn get(desk: &Desk<impl Env>) -> Answer {
    let Some(config) = ask(desk, Request::Config).await else {
        return ending();
    };
    let shown = aside(desk, move || {
        let tree = config.to_tree();
        let mut shown = envelope::without_places(&tree);
        shown["hash"] = json!(digest(&tree));
        shown
    });
    shown.await.map_or_else(ending, |shown| Answer::success("").with(shown))
}

pub(super) async fn hash_get(desk: &Desk<impl Env>) -> Answer {
    let Some(config) = ask(desk, Request::Config).await else {
        return ending();
    };
    hash(desk, config)
        .await
        .map_or_else(ending, |hash| Answer::success("").with(json!({ "hash": hash })))
}

pub(super) async fn reload(desk: &Desk<impl Env>) -> Answer {
    match ask(desk, |answer| Request::Reload(Some(answer))).await {
        Some(Ok(config)) => taken(desk, config).await,
        Some(Err(why)) => Answer::error(format!(
            "Config reload failed: configuration error using file '{}': {why}",
            desk.config_file.path().display()
        )),
        None => ending(),
    }
}

pub(super) async fn set(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let text = match only_dhcp4(arguments) {
        Ok(map) => map.to_string(),
        Err(why) => return Answer::error(why),
    };
    match ask(desk, |answer| Request::Configure(text, answer)).await {
        Some(Ok(config)) => taken(desk, config).await,
        Some(Err(why)) => Answer::error(why),
        None => ending(),
    }
}

pub(super) async fn test(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    const SANE: &str = "Configuration seems sane. Control-sockets, hook-libraries, and D2 \
                        configuration were sanity checked, but not applied.";
    let text = match only_dhcp4(arguments) {
        Ok(map) => map.to_string(),
        Err(why) => return Answer::error(why),
    };
    let tested = aside(desk, move || match Config::parse(&text, "<wire>") {
        Ok(_) => Answer::success(SANE),
        Err(found) => Answer::error(found.to_string().trim_end()),
    });
    tested.await.unwrap_or_else(ending)
}

pub(super) async fn write(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let name = match file_name(arguments) {
        Ok(name) => name.map(str::to_owned),
        Err(why) => return Answer::error(why),
    };
    let Some(config) = ask(desk, Request::Config).await else {
        return ending();
    };
    let own = desk.config_file.path().to_owned();
    let written = aside(desk, move || {
        let to = place(&own, name.as_deref()).map_err(Answer::error)?;
        let text = config.to_json();
        replace(&to, &own, text.as_bytes())
            .map_err(|why| Answer::error(format!("Error during config-write: {why}")))?;
        Ok((to.display().to_string(), text.len()))
    });
    match written.await {
        Some(Ok((name, size))) => {
            let told = format!("Configuration written to {name} successful");
            Answer::success(told).with(json!({ "filename": name, "size": size }))
        }
        Some(Err(answer)) => answer,
        None => ending(),
    }
}

async fn taken(desk: &Desk<impl Env>, config: Arc<Config>) -> Answer {
    let done = Answer::success("Configuration successful.");
    match hash(desk, config).await {
        Some(hash) => done.with(json!({ "hash": hash })),
        None => done,
    }
}

async fn hash(desk: &Desk<impl Env>, config: Arc<Config>) -> Option<String> {
    aside(desk, move || digest(&config.to_tree())).await
}

/// SHA-256 of a configuration's one line, as 64 digits.
fn digest(config: &json::Value) -> String {
    let mut digest = Digesting(Sha256::new());
    // It takes everything.
    let _ = envelope::write_one_line(config, io::BufWriter::new(&mut digest));
    digest.0.finalize().iter().map(|octet| format!("{octet:02X}")).collect()
}

/// A digest of what is written.
struct Digesting(Sha256);

impl io::Write for Digesting {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Arguments that are a configuration and nothing else.
fn only_dhcp4(arguments: Option<&Value>) -> Result<&Value, String> {
    let arguments = arguments.ok_or("Missing mandatory 'arguments' parameter.")?;
    let dhcp4 = arguments.get("Dhcp4").ok_or("Missing mandatory 'Dhcp4' parameter.")?;
    if !dhcp4.is_object() {
        return Err("'Dhcp4' parameter expected to be a map.".to_owned());
    }
    let names = arguments.as_object().into_iter().flat_map(|map| map.keys());
    let others: Vec<&String> = names.filter(|name| *name != "Dhcp4").collect();
    match others.as_slice() {
        [] => Ok(arguments),
        [one] => Err(format!("Unsupported '{one}' parameter.")),
        [first, second, ..] => Err(format!("Unsupported '{first}' parameter (and '{second}').")),
    }
}

fn file_name(arguments: Option<&Value>) -> Result<Option<&str>, String> {
    let fields = match arguments {
        None => return Ok(None),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err("Argument must be a map".to_owned()),
    };
    match fields.get("filename") {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name)),
        Some(_) => Err("passed parameter 'filename' is not a string".to_owned()),
    }
}

/// Where to write: over the configuration file, or beside it and nowhere else.
fn place(own: &Path, name: Option<&str>) -> Result<PathBuf, String> {
    // A configuration file that is a link stays one.
    let whole = |path: &Path| fs::canonicalize(path).map_err(|why| refused(path, &why));
    let Some(name) = name else {
        return whole(own);
    };
    let asked = Path::new(name);
    let dir = |path: &Path| match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("."),
    };
    let outside = || {
        format!(
            "not allowed to write config into {name}: file {name} must be in the same directory as \
             the config file ({})",
            own.display()
        )
    };
    let (Some(file), false) = (asked.file_name(), name.ends_with(['/', '.'])) else {
        return Err(outside());
    };
    let home = fs::canonicalize(dir(own)).map_err(|why| refused(own, &why))?;
    let is_bare = asked.parent().is_none_or(|dir| dir.as_os_str().is_empty());
    if !is_bare && !fs::canonicalize(dir(asked)).is_ok_and(|dir| dir == home) {
        return Err(outside());
    }
    if own.file_name() == Some(file) {
        return whole(own);
    }
    let to = home.join(file);
    match fs::symlink_metadata(&to) {
        Ok(there) if !there.is_file() => {
            Err(format!("not allowed to write config into {name}: it is there and is not a file"))
        }
        _ => Ok(to),
    }
}

fn refused(path: &Path, why: &io::Error) -> String {
    format!("Error during config-write: {}: {why}", path.display())
}

/// Puts a text in the place of a file, with the permissions of what was there: whole, or not at
/// all. `like` tells the permissions of what is new.
fn replace(to: &Path, like: &Path, text: &[u8]) -> io::Result<()> {
    let mut name = to.file_name().map(OsStr::to_owned).unwrap_or_default();
    name.push(format!(".{}.new", std::process::id()));
    let beside = to.with_file_name(name);
    let written = write_new(&beside, to, like, text).and_then(|()| fs::rename(&beside, to));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    match to.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

fn write_new(beside: &Path, to: &Path, like: &Path, text: &[u8]) -> io::Result<()> {
    let model = fs::metadata(to).or_else(|_| fs::metadata(like)).ok();
    let mode = model.as_ref().map_or(MODE, |there| there.permissions().mode() & 0o777);
    // What another try left behind.
    let _ = fs::remove_file(beside);
    let mut file = File::create_new(beside)?;
    // As far as that is permitted; who may not give files away stays their owner.
    if let Some(model) = model {
        let _ = fchown(&file, Some(model.uid()), Some(model.gid()));
    }
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_written_beside_the_configuration_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = fs::canonicalize(dir.path()).expect("it is there");
        let own = dir.join("lessor.conf");
        fs::write(&own, "{}").expect("a writable directory");
        fs::create_dir(dir.join("sub")).expect("a writable directory");
        assert_eq!(place(&own, None), Ok(own.clone()));
        for (name, to) in [
            ("new.conf", Some("new.conf")),
            ("lessor.conf", Some("lessor.conf")),
            ("DIR/sub/../new.conf", Some("new.conf")),
            ("DIR/new.conf", Some("new.conf")),
            ("sub", None),
            ("sub/new.conf", None),
            ("../new.conf", None),
            ("/etc/passwd", None),
            ("DIR/", None),
            ("..", None),
            (".", None),
            ("", None),
        ] {
            let name = name.replace("DIR", &dir.display().to_string());
            let placed = place(&own, Some(&name));
            assert_eq!(placed.ok(), to.map(|to| dir.join(to)), "{name}");
        }
    }

    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = fs::canonicalize(dir.path()).expect("it is there");
        let (real, own) = (dir.join("real.conf"), dir.join("lessor.conf"));
        fs::write(&real, "old").expect("a writable directory");
        fs::set_permissions(&real, Permissions::from_mode(0o640)).expect("it is ours");
        symlink(&real, &own).expect("a writable directory");
        let to = place(&own, Some("lessor.conf")).expect("a place");
        replace(&to, &own, b"new").expect("it is written");
        assert_eq!(fs::read_to_string(&own).expect("it is there"), "new");
        assert!(fs::symlink_metadata(&own).expect("it is there").is_symlink());
        let mode = fs::metadata(&real).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let count = fs::read_dir(&dir).expect("it is there").count();
        assert_eq!(count, 2, "nothing is left beside");
    }
}
