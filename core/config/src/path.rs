//! The way to a value through the tree.

use std::fmt;

/// A chain of steps, each held by the caller that took it, so that the way is only written out
/// when there is something to say.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    before: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl Path<'static> {
    /// The way to the whole.
    pub const ROOT: Self = Self { before: None, step: Step::Root };
}

impl<'a> Path<'a> {
    /// The way to a member of this map.
    #[must_use]
    pub const fn key(&'a self, key: &'a str) -> Self {
        Self { before: Some(self), step: Step::Key(key) }
    }

    /// The way to an element of this list; the first is 0.
    #[must_use]
    pub const fn index(&'a self, index: usize) -> Self {
        Self { before: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => {
                if self.before.is_some_and(|before| !matches!(before.step, Step::Root)) {
                    f.write_str(".")?;
                }
                f.write_str(key)
            }
        }
    }
}

impl From<Path<'_>> for String {
    fn from(path: Path<'_>) -> Self {
        path.to_string()
    }
}

impl From<&Path<'_>> for String {
    fn from(path: &Path<'_>) -> Self {
        path.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_read_as_in_a_program() {
        let root = Path::ROOT;
        let dhcp4 = root.key("Dhcp4");
        let list = dhcp4.key("subnet4");
        let subnet = list.index(3);
        assert_eq!(subnet.key("id").to_string(), "Dhcp4.subnet4[3].id");
        assert_eq!(root.to_string(), "");
    }
}
