//! The daemon as a process.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory with a configuration, and commands to what serves there.
pub(crate) struct Site {
    dir: TempDir,
}

impl Site {
    /// A site whose `Dhcp4` holds `more` besides a lease file and a control socket.
    pub(crate) fn new(more: &str) -> Self {
        let site = Self { dir: tempfile::tempdir().expect("a directory") };
        site.configure(more);
        site
    }

    /// Writes a configuration, as [`Site::new`] does.
    pub(crate) fn configure(&self, more: &str) {
        let text = format!(
            r#"{{ "Dhcp4": {{
                "lease-database": {{ "type": "memfile", "name": "{}" }},
                "control-sockets": [ {{ "socket-type": "unix", "socket-name": "{}" }} ],
                {more} }} }}"#,
            self.path("leases.csv").display(),
            self.path("control").display(),
        );
        self.write("lessor.conf", &text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a writable directory");
    }

    /// The command line that serves.
    pub(crate) fn serve(&self) -> Command {
        self.command(["-c".as_ref(), self.path("lessor.conf").as_os_str()])
    }

    /// The program with these arguments, its process numbers kept here.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
        command.args(arguments).env("KEA_PIDFILE_DIR", self.dir.path());
        command
    }

    /// What it says to these words about the configuration here.
    pub(crate) fn say(&self, words: &[&str]) -> Said {
        let file = self.path("lessor.conf");
        let words = words.iter().map(OsStr::new).chain(["-c".as_ref(), file.as_os_str()]);
        said(self.command(words))
    }

    /// Asks over the control socket.
    pub(crate) fn ask(&self, command: &Value) -> Value {
        let mut stream = UnixStream::connect(self.path("control")).expect("it listens");
        stream.write_all(command.to_string().as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("JSON")
    }
}

/// A running daemon, killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Daemon {
    /// Starts it and reads its log.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stderr(Stdio::piped());
        let mut child = command.spawn().expect("it can be run");
        let log = child.stderr.take().expect("it was asked for");
        let (tell, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line of the log with this in it.
    pub(crate) fn wait_for(&self, what: &str) -> String {
        let mut seen = Vec::new();
        let until = Instant::now() + PATIENCE;
        while let Ok(line) =
            self.lines.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            if line.contains(what) {
                return line;
            }
            seen.push(line);
        }
        panic!("{what} is not in the log:\n{}", seen.join("\n"));
    }

    /// The process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        run("kill", ["-s", name, &pid]);
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a tool that must succeed.
pub(crate) fn run<S: AsRef<OsStr>>(tool: &str, arguments: impl IntoIterator<Item = S>) {
    let status = Command::new(tool).args(arguments).status().expect("the tool is there");
    assert!(status.success(), "{tool}: {status}");
}

/// What a finished program said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

/// Runs the program with these arguments.
pub(crate) fn lessor(arguments: &[&OsStr]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
    command.args(arguments);
    said(command)
}

/// What this command says and how it ends.
pub(crate) fn said(mut command: Command) -> Said {
    let output = command.output().expect("it can be run");
    Said {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &OsStr {
    path.as_os_str()
}
