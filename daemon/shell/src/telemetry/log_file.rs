//! A file of the log, and the older ones beside it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Owner and group read; nobody else learns who uses the network.
const MODE: u32 = 0o640;

/// A file that lines are appended to.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    /// The size at which it is rotated, in octets.
    rotated_at: Option<u64>,
    /// How many older ones are kept.
    older_max: u32,
    /// Why it could not be rotated, if nobody was told yet.
    trouble: Option<io::Error>,
}

impl LogFile {
    pub(super) fn open(path: PathBuf, rotated_at: Option<u64>, older_max: u32) -> io::Result<Self> {
        let (file, size) = open(&path)?;
        Ok(Self { path, file, size, rotated_at, older_max, trouble: None })
    }

    /// Appends whole lines, to a new file if this one would become too large.
    pub(super) fn append(&mut self, text: &str) -> io::Result<()> {
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let full = self.rotated_at.is_some_and(|limit| self.size.saturating_add(size) > limit);
        if full && self.size > 0 {
            match self.rotate() {
                Ok((file, size)) => (self.file, self.size) = (file, size),
                Err(why) => {
                    self.trouble = Some(why);
                    // The next try is when as much again was written.
                    self.size = 0;
                }
            }
        }
        self.file.write_all(text.as_bytes())?;
        self.size = self.size.saturating_add(size);
        Ok(())
    }

    /// Why it could not be rotated, told once.
    pub(super) const fn trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }

    /// The file becomes the first of the older ones, and a new one takes its place.
    fn rotate(&self) -> io::Result<(File, u64)> {
        let is_there = |number: u32| self.older(number).symlink_metadata().is_ok();
        let free = (1..self.older_max).find(|number| !is_there(*number)).unwrap_or(self.older_max);
        for number in (1..free).rev() {
            fs::rename(self.older(number), self.older(number + 1))?;
        }
        match fs::rename(&self.path, self.older(1)) {
            // Somebody took it away, which is as good.
            Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
            _ => {}
        }
        open(&self.path)
    }

    fn older(&self, number: u32) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(format!(".{number}"));
        name.into()
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(MODE).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn files(dir: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(dir).expect("a folder").map(|it| it.expect("an entry"));
        let text = |path: &Path| fs::read_to_string(path).expect("a file");
        entries
            .map(|it| (it.file_name().to_string_lossy().into_owned(), text(&it.path())))
            .collect()
    }

    #[test]
    fn a_full_file_is_rotated_and_the_oldest_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut file = LogFile::open(dir.path().join("a"), Some(10), 2).expect("a file");
        for line in ["11111\n", "111\n", "22222\n", "33333\n", "4444444444444444\n", "5\n"] {
            file.append(line).expect("room");
        }
        let found = files(dir.path());
        let found: Vec<_> = found.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(found, [("a", "5\n"), ("a.1", "4444444444444444\n"), ("a.2", "33333\n")]);
        assert!(file.trouble().is_none());
    }

    #[test]
    fn an_opened_file_goes_on_where_it_ended() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || LogFile::open(dir.path().join("a"), Some(10), 1).expect("a file");
        open().append("123456\n").expect("room");
        open().append("78\n").expect("room");
        assert_eq!(files(dir.path()).len(), 1);
        open().append("9\n").expect("room");
        assert_eq!(files(dir.path())["a"], "9\n");
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &dir.path().join("a").metadata().expect("a file").permissions(),
        );
        assert_eq!(mode & 0o027, 0, "{mode:o}");
    }

    #[test]
    fn what_cannot_be_rotated_grows_on_and_is_told_once() {
        let dir = tempfile::tempdir().expect("a folder");
        // A folder with something in it cannot be replaced.
        fs::create_dir_all(dir.path().join("a.1/x")).expect("a folder");
        let mut file = LogFile::open(dir.path().join("a"), Some(4), 1).expect("a file");
        file.append("123\n").expect("room");
        file.append("456\n").expect("room");
        assert!(file.trouble().is_some() && file.trouble().is_none());
        assert_eq!(fs::read_to_string(dir.path().join("a")).expect("a file"), "123\n456\n");
    }
}
