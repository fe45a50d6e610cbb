//! What a server notes beside its lease file for its next start.
//!
//! The file is a few lines of text, replaced as a whole and synced. Besides what the server wants to
//! be remembered it says how far the journal had got: its length, and a hash of the last octets
//! before that. Where neither the journal nor the one before it holds these octets at that place,
//! the lease file is not the one that was written here last.

use std::fmt::Write as _;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use lessor_env::files::{FileHandle, Files};
use lessor_lease::{Lease, Longest, Lost, Memory, Past, State};
use lessor_types::{Mono, Now, Wall, stable_hash};

use crate::error::IoFailure;
use crate::names::Names;
use crate::seals::Seals;

/// How many octets before the end tell one journal from another. They hold the times of the last
/// few changes.
const TAIL_MAX: u64 = 4096;
/// The longest note that is read: 64 leaps fit thrice.
const NOTE_MAX: u64 = 16_384;
const FIRST_LINE: &str = "lessor-past 1";

/// Which start of the machine this is, and what its clock shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Boot {
    /// Differs from start to start of the machine; empty where that cannot be told.
    pub id: Box<str>,
    /// What the machine's own monotonic clock shows at [`Mono::ZERO`].
    pub ahead: Duration,
}

/// How far a journal had got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mark {
    len: u64,
    tail: u64,
}

impl Mark {
    /// The mark of the first `len` octets of a file.
    pub(crate) fn of<H: FileHandle>(file: &mut H, len: u64) -> io::Result<Option<Self>> {
        let from = len.saturating_sub(TAIL_MAX);
        let octets = read(file, from, len - from)?;
        let whole = octets.len() as u64 == len - from;
        Ok(whole.then(|| Self { len, tail: stable_hash(&octets) }))
    }

    fn is_in<F: Files>(self, files: &F, name: &str, seals: &Seals) -> io::Result<bool> {
        match files.open(name) {
            Ok(file) => Ok(Self::of(&mut seals.over(file), self.len)? == Some(self)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
        }
    }
}

/// A note as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    pub(crate) memory: Memory,
    pub(crate) boot: Boot,
    pub(crate) mark: Mark,
    /// Whether rows were found that cannot be believed, and no server has said since what it makes
    /// of that.
    pub(crate) damaged: bool,
}

impl Note {
    pub(crate) fn to_text(&self) -> String {
        let Memory { at, unset, seen, longest, leaps, hold_off } = &self.memory;
        let mut text = format!("{FIRST_LINE}\n");
        let since_boot = self.boot.ahead + at.mono.since(Mono::ZERO);
        let mut line = |key: &str, values: &[String]| {
            // A string takes everything.
            let _ = writeln!(text, "{key} {}", values.join(" "));
        };
        let boot = if self.boot.id.is_empty() { "-" } else { &self.boot.id };
        line("wall", &[wall(at.wall)]);
        if *unset {
            line("clock", &["unset".to_owned()]);
        }
        line("seen", &[wall(*seen)]);
        line("boot", &[boot.to_owned(), since_boot.as_nanos().to_string()]);
        line("longest", &[length(*longest)]);
        for (size, left) in leaps {
            line("leap", &[size.as_nanos().to_string(), left.as_nanos().to_string()]);
        }
        if let Some(left) = hold_off {
            line("hold-off", &[length(*left)]);
        }
        if self.damaged {
            line("lease-file", &["damaged".to_owned()]);
        }
        line("journal", &[self.mark.len.to_string(), format!("{:016x}", self.mark.tail)]);
        let sum = stable_hash(text.as_bytes());
        let _ = writeln!(text, "sum {sum:016x}");
        text
    }

    /// The note that a text is; none if it is damaged, or something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let body = text.get(..text.strip_suffix('\n')?.rfind('\n')? + 1)?;
        let sum = text.get(body.len()..)?.trim_end().strip_prefix("sum ")?;
        let mut lines = body.lines();
        if u64::from_str_radix(sum, 16).ok()? != stable_hash(body.as_bytes())
            || lines.next()? != FIRST_LINE
        {
            return None;
        }
        let (mut at, mut seen, mut boot, mut longest, mut mark) = (None, None, None, None, None);
        let (mut leaps, mut hold_off, mut unset, mut damaged) = (Vec::new(), None, false, false);
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["wall", value] => at = Some(parse_wall(value)?),
                ["clock", "unset"] => unset = true,
                ["lease-file", "damaged"] => damaged = true,
                ["seen", value] => seen = Some(parse_wall(value)?),
                ["boot", id, since] => boot = Some((id, nanos(since)?)),
                ["longest", value] => longest = Some(parse_length(value)?),
                ["leap", size, left] => leaps.push((nanos(size)?, nanos(left)?)),
                ["hold-off", value] => hold_off = Some(parse_length(value)?),
                ["journal", len, tail] => {
                    let tail = u64::from_str_radix(tail, 16).ok()?;
                    mark = Some(Mark { len: len.parse().ok()?, tail });
                }
                // Of a later version.
                _ => {}
            }
        }
        let (id, since_boot) = boot?;
        let at = Now { mono: Mono::ZERO, wall: at? };
        Some(Self {
            memory: Memory { at, unset, seen: seen?, longest: longest?, leaps, hold_off },
            boot: Boot { id: if id == "-" { "".into() } else { id.into() }, ahead: since_boot },
            mark: mark?,
            damaged,
        })
    }
}

fn wall(wall: Wall) -> String {
    format!("{}.{:09}", wall.secs(), wall.subsec_nanos())
}

fn length(length: Longest) -> String {
    match length {
        Longest::For(length) => length.as_nanos().to_string(),
        Longest::Endless => "endless".to_owned(),
    }
}

fn parse_wall(text: &str) -> Option<Wall> {
    let (secs, nanos) = text.split_once('.')?;
    Some(Wall::new(secs.parse().ok()?, u32::from_str(nanos).ok()?))
}

fn parse_length(text: &str) -> Option<Longest> {
    if text == "endless" {
        return Some(Longest::Endless);
    }
    nanos(text).map(Longest::For)
}

fn nanos(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

/// What was found of a note.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    note: Option<Note>,
    lost: Option<Lost>,
    /// Where in the journal the rows begin that are younger than the note.
    younger_at: Option<u64>,
    /// When the last of these was confirmed.
    latest: Option<Wall>,
}

impl Noted {
    /// Reads the note of a lease file, before anything is changed about the files.
    pub(crate) fn read<F: Files>(
        files: &F,
        names: &Names,
        seals: &Seals,
    ) -> Result<Self, IoFailure> {
        let failed = || IoFailure::on(files, "read", &names.past);
        let mut file = match files.open(&names.past) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            file => file.map_err(failed())?,
        };
        let octets = read(&mut file, 0, NOTE_MAX).map_err(failed())?;
        let Some(note) = str::from_utf8(&octets).ok().and_then(Note::parse) else {
            return Ok(Self { lost: Some(Lost::Forgotten), ..Self::default() });
        };
        let younger_at = || -> io::Result<Option<u64>> {
            if note.mark.is_in(files, &names.live, seals)? {
                return Ok(Some(note.mark.len));
            }
            Ok(note.mark.is_in(files, &names.copy, seals)?.then_some(0))
        };
        let younger_at = younger_at().map_err(failed())?;
        let lost = || -> io::Result<Option<Lost>> {
            if note.damaged {
                return Ok(Some(Lost::Damaged));
            }
            if younger_at.is_some() {
                return Ok(None);
            }
            for name in [&names.live, &names.copy, &names.previous, &names.completed] {
                if files.exists(name)? {
                    return Ok(Some(Lost::Older));
                }
            }
            Ok(Some(Lost::Missing))
        };
        let lost = lost().map_err(failed())?;
        Ok(Self { note: Some(note), lost, younger_at, latest: None })
    }

    /// Rows cannot be believed. That is noted durably, since the files will not tell it again.
    pub(crate) fn damaged<F: Files>(&mut self, files: &F, names: &Names) -> Result<(), IoFailure> {
        if self.lost == Some(Lost::Damaged) {
            return Ok(());
        }
        self.lost = Some(Lost::Damaged);
        // A note that says nothing else cannot be read, and is as good.
        let text = self.note.as_mut().map_or_else(
            || format!("{FIRST_LINE}\n"),
            |note| {
                note.damaged = true;
                note.to_text()
            },
        );
        write(files, names, &text)
    }

    /// Takes up a row that begins there in the journal. Rows tell the order of things, whatever the
    /// clock did meanwhile.
    pub(crate) fn read_row(&mut self, at: u64, lease: &Lease) {
        let is_younger = self.younger_at.is_some_and(|from| at >= from);
        if is_younger && lease.state == State::Assigned {
            self.latest = Some(lease.confirmed());
        }
    }

    /// Where rows are dated later than all that was ever dated here, another server has gone on
    /// with the file since, and none of it is missing.
    pub(crate) fn compare(&mut self, newest: Wall) {
        // Dates are rounded up to a second.
        let is_later = |note: &Note| newest > note.memory.seen.plus_secs(2);
        if self.lost == Some(Lost::Older) && self.note.as_ref().is_some_and(is_later) {
            self.lost = None;
        }
    }

    /// Whether there was a note.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.note.is_some() || self.lost.is_some()
    }

    /// What a server is told of it that starts on this machine now. No wall clock is right that
    /// shows less than `floor`.
    #[must_use]
    pub fn past(self, boot: &Boot, floor: Wall) -> Past {
        let same = |note: &&Note| !boot.id.is_empty() && note.boot.id == boot.id;
        Past {
            noted: self.note.as_ref().filter(same).map(|note| note.boot.ahead),
            ahead: boot.ahead,
            lost: self.lost,
            latest: self.latest,
            floor,
            memory: self.note.map(|note| note.memory),
        }
    }
}

/// Puts a note in the place of the one before, durably.
pub(crate) fn write<F: Files>(files: &F, names: &Names, text: &str) -> Result<(), IoFailure> {
    let failed = |what, name| IoFailure::on(files, what, name);
    let mut next = files.create(&names.past_next).map_err(failed("create", &names.past_next))?;
    next.append(text.as_bytes()).map_err(failed("write", &names.past_next))?;
    next.sync_data().map_err(failed("sync", &names.past_next))?;
    let renamed = files.rename(&names.past_next, &names.past);
    renamed.map_err(failed("rename", &names.past_next))?;
    files.sync_dir().map_err(failed("sync the directory of", &names.past))
}

fn read<H: FileHandle>(file: &mut H, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut octets = vec![0; usize::try_from(count).unwrap_or(0)];
    let mut done = 0;
    while let Some(rest) = octets.get_mut(done..)
        && !rest.is_empty()
    {
        match file.read_at(from + done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    octets.truncate(done);
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use lessor_lease::DnsFlags;
    use lessor_types::{Holder, HwAddr, PoolId, Secs, SubnetId, Unit};

    use super::*;

    fn note() -> Note {
        Note {
            memory: Memory {
                at: Now { mono: Mono::ZERO, wall: Wall::new(1_790_000_000, 7) },
                unset: true,
                seen: Wall::from_secs(1_790_000_100),
                longest: Longest::For(Duration::from_secs(7200)),
                leaps: vec![(Duration::from_secs(3600), Duration::from_millis(5))],
                hold_off: Some(Longest::Endless),
            },
            boot: Boot { id: "b7d4".into(), ahead: Duration::from_nanos(99) },
            mark: Mark { len: 12_345, tail: 0x00ff_0000_0000_0001 },
            damaged: true,
        }
    }

    #[test]
    fn a_note_reads_as_written() {
        for id in ["b7d4", ""] {
            let mut note = note();
            note.boot.id = id.into();
            assert_eq!(Note::parse(&note.to_text()), Some(note));
        }
    }

    #[test]
    fn no_damaged_note_is_believed() {
        let text = note().to_text();
        for at in 0..text.len() {
            assert_eq!(Note::parse(&text[..at]), None, "{at}");
            let mut octets = text.clone().into_bytes();
            octets[at] ^= 1;
            let damaged = String::from_utf8(octets).unwrap_or_default();
            assert_eq!(Note::parse(&damaged), None, "{damaged}");
        }
        assert_eq!(Note::parse("restored\n"), None);
        assert_eq!(Note::parse(""), None);
    }

    #[test]
    fn only_the_same_start_of_the_machine_tells_how_long_ago_it_was() {
        let noted = Noted { note: Some(note()), ..Noted::default() };
        let past = |id: &str| {
            let boot = Boot { id: id.into(), ahead: Duration::from_nanos(100) };
            noted.clone().past(&boot, Wall::default())
        };
        assert_eq!(past("b7d4").elapsed(Mono::from_nanos(5)), Some(Duration::from_nanos(6)));
        assert_eq!(past("other").elapsed(Mono::from_nanos(5)), None);
        assert_eq!(past("").elapsed(Mono::from_nanos(5)), None);
    }

    #[test]
    fn rows_behind_the_mark_are_younger_than_the_note() {
        let lease = |state, expires| Lease {
            unit: Unit::V4([192, 0, 2, 1].into()),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, 1]), client_id: None },
            state,
            valid: Secs(100),
            expires: Wall::from_secs(expires),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        };
        let mut noted = Noted { note: Some(note()), younger_at: Some(50), ..Noted::default() };
        noted.read_row(49, &lease(State::Assigned, 9100));
        assert_eq!(noted.latest, None);
        // The last one counts, not the one with the latest date.
        noted.read_row(50, &lease(State::Assigned, 5100));
        noted.read_row(90, &lease(State::Assigned, 4100));
        noted.read_row(130, &lease(State::Reclaimed, 9100));
        let boot = Boot { id: "".into(), ahead: Duration::ZERO };
        let past = noted.past(&boot, Wall::default());
        assert_eq!(past.latest, Some(Wall::from_secs(4000)));
    }
}
