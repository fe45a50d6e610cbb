//! A server's process and what it logs.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a start, a reload or an end may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running process, killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    pub(super) fn start(mut command: Command) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|why| format!("cannot be run: {why}"))?;
        let (tell, lines) = channel();
        if let Some(out) = child.stdout.take() {
            read(out, tell.clone());
        }
        if let Some(err) = child.stderr.take() {
            read(err, tell);
        }
        Ok(Self { child, lines, seen: Vec::new() })
    }

    /// Waits for a line of the log with one of these words in it; which one it was.
    pub(super) fn wait_for(&mut self, words: &[&str]) -> Result<usize, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                return Err(format!(
                    "it does not say {}: {}",
                    words.join(" or "),
                    self.last_words()
                ));
            };
            let found = words.iter().position(|word| line.contains(word));
            self.seen.push(line);
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    /// What it complained of lately.
    pub(super) fn last_words(&self) -> String {
        let complaints = self.seen.iter().filter(|line| {
            ["ERROR", "FATAL", "error", "Error"].iter().any(|word| line.contains(word))
        });
        let lines: Vec<&String> = complaints.collect();
        let lines = if lines.is_empty() { self.seen.iter().rev().take(2).collect() } else { lines };
        // Two streams come in any order; the shortest complaint says it without preface.
        lines.iter().map(|line| bare(line)).min_by_key(String::len).unwrap_or_default()
    }

    pub(super) fn signal(&self, name: &str) -> Result<(), String> {
        let pid = self.child.id().to_string();
        let kill = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status();
        match kill {
            Ok(status) if status.success() => Ok(()),
            _ => Err(format!("{name} does not reach it")),
        }
    }

    /// Whether it ended by itself.
    pub(super) fn has_ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(100)) {
            self.seen.push(line);
        }
        Some(format!("the server ended ({status}): {}", self.last_words()))
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Ok(Some(_)) = self.child.try_wait() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err("it does not end".to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: impl Read + Send + 'static, tell: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
}

/// A line without date and place, which differ from run to run.
fn bare(line: &str) -> String {
    let from = ["ERROR", "FATAL", "error"].iter().filter_map(|word| line.find(word)).min();
    let words: Vec<&str> = line[from.unwrap_or(0)..].split_whitespace().collect();
    let kept = words.iter().filter(|word| !word.starts_with('[') && !word.contains("/tmp/"));
    kept.copied().collect::<Vec<_>>().join(" ")
}
