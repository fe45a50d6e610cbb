//! A scenario file as data.
//!
//! ```text
//! # What it shows, in a line.                        RFC 2131 §4.1
//! # shows V4-003 V4-004
//! # needs clock                            what only some subjects can do
//! config lan                               configs/lan.json …
//!   | "authoritative": true,               … with these members of `Dhcp4` besides
//! at 0    a > DISCOVER bcast               client a (a…z) sends …
//!     a < OFFER yiaddr=10.0.0.10-10.0.0.19 to=broadcast !routers
//! at 0.1  b gets 10.0.0.10-10.0.0.19       the four messages, with these fields in what b sends
//! at 1    a > DISCOVER                     steps without expectations belong to the next ones:
//! at 1    c > DISCOVER                     both are sent, then both answers are expected
//!     a < OFFER yiaddr=$a
//!     c < OFFER yiaddr!=$a
//! at 2    a > again                        the same octets once more
//!     silence
//!     a <? OFFER                           this or nothing
//! at 3    reload other | kill | restart | kill and append TEXT | wall SECONDS
//! at 4    store waits | store fails | store works
//! at 5    station 10.0.0.10                somebody uses the address: ARP and pings are answered
//! at 6    corpus FOLDER                    every file of a folder is sent; answers are ignored
//! ```
//!
//! [`packet`](crate::packet) and [`expectation`](crate::expectation) say what fields there are. Time
//! is in seconds since the start; a scenario that lasts longer than [`LIVE_MAX`] needs a clock.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::expectation::Expected;
use crate::packet::Line;
use crate::subject::{Act, Need, StoreMood};

/// How long a scenario may last where time takes its time.
pub const LIVE_MAX: Duration = Duration::from_secs(20);

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    /// The first line: what it shows.
    pub title: String,
    /// Ids of the checklist.
    pub shows: Vec<String>,
    /// What only some subjects can do.
    pub needs: Vec<Need>,
    /// The configuration at the start.
    pub config: String,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One line, with what is expected then.
#[derive(Clone, Debug)]
pub struct Step {
    /// The number of the line, from 1.
    pub line: usize,
    /// Since the start.
    pub at: Duration,
    /// What is done.
    pub deed: Deed,
    /// What must come, each with its line; none: see the next step. Empty: nothing must come.
    pub expected: Option<Vec<(usize, Expected)>>,
}

/// What is done at a step.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A client or relay sends.
    Send(Line),
    /// A client gets a lease of this range by four messages with these fields.
    Gets(Line, String),
    /// Something is done to the server.
    Act(Act),
    /// Octets that may be anything are sent.
    Corpus(Vec<Vec<u8>>),
}

/// The folder of the crate.
#[must_use]
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

impl Scenario {
    /// Reads every scenario of the project, by name.
    ///
    /// # Errors
    /// All that is wrong with any of them.
    pub fn all() -> Result<Vec<Self>, String> {
        let folder = home().join("scenarios");
        let listed = fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        let mut files: Vec<PathBuf> = listed
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|it| it == "scn"))
            .collect();
        files.sort();
        let mut all = Vec::new();
        let mut wrong = Vec::new();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&file).map_err(|why| format!("{name}: {why}"))?;
            match Self::parse(&name, &text) {
                Ok(scenario) => all.push(scenario),
                Err(why) => wrong.push(format!("{name}.scn:{why}")),
            }
        }
        if wrong.is_empty() { Ok(all) } else { Err(wrong.join("\n")) }
    }

    /// Reads a scenario.
    ///
    /// # Errors
    /// The first thing that is wrong, after the number of its line and a colon.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut reader = Reader::default();
        for (number, line) in (1..).zip(text.lines()) {
            reader.line(number, line).map_err(|why| format!("{number}: {why}"))?;
        }
        reader.finish(name).map_err(|why| format!("{}: {why}", text.lines().count()))
    }
}

/// Where members of a configuration go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Target {
    Start,
    Reload,
}

#[derive(Default)]
struct Reader {
    title: String,
    shows: Vec<String>,
    needs: Vec<Need>,
    config: Option<String>,
    steps: Vec<Step>,
    /// Where members go now, the configuration without any, and those so far.
    target: Option<(Target, String)>,
    members: String,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let words: Vec<&str> =
            line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let indented = line.starts_with(' ');
        if let Some(remark) = line.strip_prefix('#') {
            return self.remark(remark.trim());
        }
        match words.as_slice() {
            [] => Ok(()),
            ["|", ..] => self.member(line.trim_start().trim_start_matches('|').trim()),
            ["silence"] if indented => self.expectations().map(drop),
            [client, how @ ("<" | "<?"), rest @ ..] if indented => {
                let mut expected = Expected::parse(client, rest)?;
                expected.may_lack = *how == "<?";
                self.expectations()?.push((number, expected));
                Ok(())
            }
            ["config", name] => {
                let config = configuration(name)?;
                self.aim(Some((Target::Start, config.clone())));
                self.config = Some(config);
                Ok(())
            }
            ["at", time, rest @ ..] => {
                let at = time.parse().ok().and_then(|secs| Duration::try_from_secs_f64(secs).ok());
                let at = at.ok_or_else(|| format!("`{time}` is no time"))?;
                if self.steps.last().is_some_and(|last| last.at > at) {
                    return Err("time goes on".into());
                }
                let deed = deed(rest, line)?;
                self.aim(match &deed {
                    Deed::Act(Act::Reload(config)) => Some((Target::Reload, config.clone())),
                    _ => None,
                });
                self.steps.push(Step { line: number, at, deed, expected: None });
                Ok(())
            }
            _ => Err("neither a step nor an expectation".into()),
        }
    }

    fn remark(&mut self, text: &str) -> Result<(), String> {
        if let Some(ids) = text.strip_prefix("shows ") {
            self.shows.extend(ids.split_whitespace().map(str::to_owned));
        } else if let Some(words) = text.strip_prefix("needs ") {
            for word in words.split_whitespace() {
                let need = Need::from_word(word).ok_or_else(|| format!("nobody needs `{word}`"))?;
                self.needs.push(need);
            }
        } else if self.title.is_empty() {
            // What the line says of RFCs is set apart by blanks.
            let title = text.split("  ").next().unwrap_or_default();
            self.title = title.trim().trim_end_matches('.').to_owned();
        }
        Ok(())
    }

    fn aim(&mut self, target: Option<(Target, String)>) {
        self.target = target;
        self.members.clear();
    }

    /// Adds a line of members to the configuration that was last spoken of.
    fn member(&mut self, line: &str) -> Result<(), String> {
        let (target, bare) = self.target.as_ref().ok_or("what configuration?")?;
        self.members.push_str(line);
        self.members.push('\n');
        let whole = with_members(bare, &self.members)?;
        match (target, self.steps.last_mut().map(|step| &mut step.deed)) {
            (Target::Start, _) => self.config = Some(whole),
            (Target::Reload, Some(Deed::Act(Act::Reload(config)))) => *config = whole,
            (Target::Reload, _) => return Err("what configuration?".into()),
        }
        Ok(())
    }

    fn expectations(&mut self) -> Result<&mut Vec<(usize, Expected)>, String> {
        let step = self.steps.last_mut().ok_or("what of?")?;
        if let Deed::Gets(..) | Deed::Corpus(_) = step.deed {
            return Err("this step has its own expectations".into());
        }
        Ok(step.expected.get_or_insert_default())
    }

    fn finish(self, name: &str) -> Result<Scenario, String> {
        let config = self.config.ok_or("no configuration")?;
        if self.title.is_empty() || self.shows.is_empty() {
            return Err("the head says neither what it is nor what it `# shows`".into());
        }
        let last = self.steps.last().ok_or("nothing happens")?;
        if matches!(last.deed, Deed::Send(_)) && last.expected.is_none() {
            return Err("what must come of it? `silence` if nothing".into());
        }
        if last.at > LIVE_MAX && !self.needs.contains(&Need::Clock) {
            return Err("so long a scenario `# needs clock`".into());
        }
        Ok(Scenario {
            name: name.to_owned(),
            title: self.title,
            shows: self.shows,
            needs: self.needs,
            config,
            steps: self.steps,
        })
    }
}

fn deed(words: &[&str], line: &str) -> Result<Deed, String> {
    let act = match words {
        [client, ">", what, fields @ ..] => {
            return Line::parse(client, what, fields).map(Deed::Send);
        }
        [client, "gets", range, fields @ ..] => {
            let line = Line::parse(client, "DISCOVER", fields)?;
            return Ok(Deed::Gets(line, (*range).to_owned()));
        }
        ["corpus", folder] => return corpus(folder).map(Deed::Corpus),
        ["reload", name] => Act::Reload(configuration(name)?),
        ["kill"] => Act::Kill,
        ["restart"] => Act::Restart,
        ["kill", "and", "append", ..] => {
            let text = line.split_once("append").map_or("", |(_, text)| text.trim());
            Act::KillAndAppend(text.replace("\\n", "\n"))
        }
        ["wall", seconds] => {
            Act::Wall(seconds.parse().map_err(|_| format!("`{seconds}` is no number"))?)
        }
        ["store", "works"] => Act::Store(StoreMood::Works),
        ["store", "waits"] => Act::Store(StoreMood::Waits),
        ["store", "fails"] => Act::Store(StoreMood::Fails),
        ["station", addr] => {
            Act::Station(addr.parse().map_err(|_| format!("`{addr}` is no address"))?)
        }
        _ => return Err("nobody can do that".into()),
    };
    Ok(Deed::Act(act))
}

/// A configuration of the crate, by name.
fn configuration(name: &str) -> Result<String, String> {
    let file = home().join("configs").join(name).with_extension("json");
    fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))
}

/// A configuration with more members at the beginning of its `Dhcp4`.
///
/// # Errors
/// If it has no `Dhcp4` that begins in the usual way.
pub fn with_members(config: &str, members: &str) -> Result<String, String> {
    const BEGINNING: &str = "\"Dhcp4\": {";
    let (before, after) =
        config.split_once(BEGINNING).ok_or_else(|| format!("no `{BEGINNING}` in there"))?;
    Ok(format!("{before}{BEGINNING}\n{members}{after}"))
}

/// The files of a folder, given from the root of the project.
fn corpus(folder: &str) -> Result<Vec<Vec<u8>>, String> {
    let folder = home().join("..").join(folder);
    let listed = fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut files: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let read = |file: &PathBuf| fs::read(file).map_err(|why| format!("{}: {why}", file.display()));
    files.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# Nothing much.   RFC 2131\n# shows V4-001\nconfig lan\n";

    fn parse(body: &str) -> Result<Scenario, String> {
        Scenario::parse("test", &format!("{HEAD}{body}"))
    }

    #[test]
    fn a_scenario_is_read() {
        let text = "  | \"authoritative\": true,\nat 0 a > DISCOVER bcast\nat 0 b > DISCOVER # b\n\
                    \x20   a < OFFER\n    b < OFFER yiaddr!=$a\nat 1 a > again\n    silence\n";
        let scenario = parse(text).expect("lawful");
        assert_eq!(scenario.title, "Nothing much");
        assert_eq!(scenario.shows, ["V4-001"]);
        assert!(scenario.config.contains("\"authoritative\": true"));
        let expected: Vec<_> =
            scenario.steps.iter().map(|it| it.expected.as_ref().map(Vec::len)).collect();
        assert_eq!(expected, [None, Some(2), Some(0)]);
    }

    #[test]
    fn what_is_no_scenario_is_refused() {
        for (body, why) in [
            ("", "nothing happens"),
            ("at 0 a > DISCOVER\n", "silence"),
            ("at 0 a > SHOUT\n", "SHOUT"),
            ("at 0 a > DISCOVER sid=us colour=red\n    silence\n", "colour"),
            ("at 1 a > again\n    silence\nat 0 a > again\n    silence\n", "time goes on"),
            ("at 0 a > again\n    a < OFFER colour=red\n", "colour"),
            ("at 60 a > again\n    silence\n", "needs clock"),
            ("at 0 dance\n", "nobody can do that"),
        ] {
            let said = parse(body).expect_err(body);
            assert!(said.contains(why), "{body}: {said}");
        }
    }
}
