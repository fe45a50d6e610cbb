//! The files that are looked at: sources, manifests and papers, without what is built.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold nothing of ours, wherever they lie.
const NOT_OURS: [&str; 4] = [".git", "target", "corpus", "artifacts"];

/// A text of the project.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// From the root of the project.
    pub(super) path: PathBuf,
    pub(super) contents: String,
}

impl Text {
    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|found| found == extension)
    }

    /// The lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.contents.lines())
    }
}

/// All texts, in the order of their paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) texts: Vec<Text>,
}

impl Tree {
    /// Reads every `.rs`, `.md` and `.toml` below `root`, and the list of exempt files.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, Path::new(""))?;
        tree.texts.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    fn walk(&mut self, root: &Path, folder: &Path) -> Result<()> {
        let here = root.join(folder);
        let entries =
            std::fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", here.display()))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = folder.join(name.as_ref());
            if entry.file_type()?.is_dir() {
                if !NOT_OURS.contains(&name.as_ref()) && !name.starts_with("target-") {
                    self.walk(root, &path)?;
                }
                continue;
            }
            let wanted = [".rs", ".md", ".toml"].iter().any(|end| name.ends_with(end))
                || path == Path::new(super::lengths::EXEMPT);
            if wanted {
                let contents = std::fs::read_to_string(root.join(&path))
                    .with_context(|| format!("cannot read {}", path.display()))?;
                self.texts.push(Text { path, contents });
            }
        }
        Ok(())
    }

    pub(super) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &Text> {
        self.texts.iter().filter(move |text| text.has_extension(extension))
    }

    pub(super) fn text(&self, path: &Path) -> Option<&Text> {
        self.texts.iter().find(|text| text.path == path)
    }

    #[cfg(test)]
    pub(super) fn of(texts: &[(&str, &str)]) -> Self {
        let text = |(path, contents): &(&str, &str)| Text {
            path: PathBuf::from(path),
            contents: (*contents).to_owned(),
        };
        Self { texts: texts.iter().map(text).collect() }
    }
}
