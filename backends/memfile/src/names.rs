//! The files beside a lease file, and what each is for. The names are Kea's, but for the locks, the
//! note, the seals and what is being prepared.

/// The names that belong to one lease file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    /// The journal that the server appends to.
    pub live: String,
    /// The journal before that: input of a compaction.
    pub copy: String,
    /// The result of the last finished compaction.
    pub previous: String,
    /// A result being written.
    pub output: String,
    /// A result that is whole, while the files that it replaces may still exist.
    pub completed: String,
    /// A journal being prepared; it becomes `live` by a rename and is worthless under this name.
    pub next: String,
    /// What the server noted for its next start.
    pub past: String,
    /// A note being written; worthless under this name.
    pub past_next: String,
    /// Checksums of `live`.
    pub live_seals: String,
    /// Checksums of `copy`.
    pub copy_seals: String,
    /// Checksums of `previous`.
    pub previous_seals: String,
    /// Lines that were not believed, because the disk had changed them.
    pub damaged: String,
    /// Locked by the server that owns the lease file.
    pub lock: String,
    /// Locked by whoever changes `copy`, `previous`, `output` or `completed`, or relies on them.
    pub compaction_lock: String,
}

impl Names {
    /// The names around the lease file `name`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self {
            live: name.to_owned(),
            copy: format!("{name}.1"),
            previous: format!("{name}.2"),
            output: format!("{name}.output"),
            completed: format!("{name}.completed"),
            next: format!("{name}.next"),
            past: format!("{name}.past"),
            past_next: format!("{name}.past.next"),
            live_seals: format!("{name}.seals"),
            copy_seals: format!("{name}.1.seals"),
            previous_seals: format!("{name}.2.seals"),
            damaged: format!("{name}.damaged"),
            lock: format!("{name}.lock"),
            compaction_lock: format!("{name}.compaction.lock"),
        }
    }

    /// The checksums of one of the lease files.
    pub(crate) fn seals_of(&self, name: &str) -> &str {
        match name {
            name if name == self.live => &self.live_seals,
            name if name == self.copy => &self.copy_seals,
            _ => &self.previous_seals,
        }
    }
}
