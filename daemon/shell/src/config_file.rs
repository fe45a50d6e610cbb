//! The configuration as a file that may be read again.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessor_config::{Config, Diagnostics};

/// A configuration file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    shelf: Option<Arc<dyn Shelf>>,
}

/// Where a configuration is that is in no file of the operating system.
pub trait Shelf: fmt::Debug + Send + Sync {
    /// Its text, as it is now.
    fn text(&self) -> String;
}

/// Why a configuration file has no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// What stands in it is not lawful.
    #[error("{0}")]
    Refused(Diagnostics),
}

impl ConfigFile {
    /// The file at this place; nothing is read yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), shelf: None }
    }

    /// As if the file at this place had the text that a shelf has.
    #[must_use]
    pub fn on_shelf(path: impl Into<PathBuf>, shelf: Arc<dyn Shelf>) -> Self {
        Self { path: path.into(), shelf: Some(shelf) }
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it, and what it includes. Beside the configuration come warnings and remarks.
    ///
    /// # Errors
    /// [`LoadError`], with everything that is wrong.
    pub fn load(&self) -> Result<(Config, Diagnostics), LoadError> {
        let text = match &self.shelf {
            Some(shelf) => shelf.text(),
            None => {
                read(&self.path).map_err(|why| LoadError::Read { file: self.path.clone(), why })?
            }
        };
        let mut include = |name: &str| self.include(name);
        Config::parse_with(&text, &self.path.display().to_string(), &mut include)
            .map_err(LoadError::Refused)
    }

    /// The text of an included file. A relative name is looked up beside this file: a daemon's
    /// working directory is nobody's choice.
    fn include(&self, name: &str) -> Result<String, String> {
        let path = match self.path.parent() {
            Some(dir) => dir.join(name),
            None => PathBuf::from(name),
        };
        read(&path).map_err(|why| format!("{}: {why}", path.display()))
    }
}

/// A file's text. Comments may be in any encoding; what is not UTF-8 in a string, the parser
/// refuses.
fn read(path: &Path) -> io::Result<String> {
    let octets = fs::read(path)?;
    Ok(match String::from_utf8(octets) {
        Ok(text) => text,
        Err(other) => String::from_utf8_lossy(other.as_bytes()).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_stand_beside_the_file() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let file = ConfigFile::new(dir.path().join("main.conf"));
        assert!(matches!(file.load(), Err(LoadError::Read { .. })));
        fs::write(file.path(), r#"{ "Dhcp4": { "subnet4": <?include "subnets.json"?> } }"#)?;
        assert!(file.load().is_err_and(|why| why.to_string().contains("subnets.json")));
        fs::write(dir.path().join("subnets.json"), r#"[ { "id": 7, "subnet": "192.0.2.0/24" } ]"#)?;
        let (config, _) = file.load().map_err(|why| io::Error::other(why.to_string()))?;
        assert_eq!(config.subnets.first().map(|subnet| subnet.id.0), Some(7));
        Ok(())
    }

    #[test]
    fn includes_of_includes_stand_beside_the_file_too() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let file = ConfigFile::new(dir.path().join("main.conf"));
        let pools = dir.path().join("pools.json");
        fs::write(&pools, r#"{ "pool": "192.0.2.7 - 192.0.2.8" }"#)?;
        fs::create_dir(dir.path().join("sites"))?;
        fs::write(
            dir.path().join("sites/one.json"),
            format!(
                r#"{{ "id": 7, "subnet": "192.0.2.0/24", "pools": [ <?include "{}"?> ],
                     "relay": <?include "sites/relay.json"?> }}"#,
                pools.display()
            ),
        )?;
        // A comment in Latin-1.
        let relay = b"{ # K\xfcche\n \"ip-addresses\": [ \"192.0.2.1\" ] }";
        fs::write(dir.path().join("sites/relay.json"), relay)?;
        fs::write(file.path(), r#"{ "Dhcp4": { "subnet4": [ <?include "sites/one.json"?> ] } }"#)?;
        let (config, _) = file.load().map_err(|why| io::Error::other(why.to_string()))?;
        assert_eq!(config.subnets[0].pools[0].size(), 2);
        assert_eq!(config.subnets[0].relays.len(), 1);

        fs::write(&pools, r#"<?include "sites/one.json"?>"#)?;
        let told = file.load().expect_err("a round").to_string();
        let round = format!("`sites/one.json` → `{}` → `sites/one.json`", pools.display());
        assert!(told.contains(&round), "{told}");
        Ok(())
    }
}
