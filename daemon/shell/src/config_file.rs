//! The configuration as a file that may be read again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lessor_config::{Config, Diagnostics};

/// A configuration file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
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
        Self { path: path.into() }
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
        let text = fs::read_to_string(&self.path)
            .map_err(|why| LoadError::Read { file: self.path.clone(), why })?;
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
        fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))
    }
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
}
