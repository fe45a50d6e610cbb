//! A server in the background, for places where nothing else looks after one: as Kea's `keactrl`.
//!
//! Exit codes are those of the Linux Standard Base for init scripts: 0 done, or as it is to be
//! already; 1 not done; 7 (`reload`) no server runs. `status` has codes of its own: 0 a server runs;
//! 1 none does, and the file with its process number was left behind; 3 none does; 4 that cannot be
//! told.

use std::env;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use lessor_config::ControlSocket;
use lessor_shell::ConfigFile;
use rustix::process::Signal;
use serde_json::Value;

use crate::options::{Manner, Whose};
use crate::pid_file::{Holder, PidFile};
use crate::running::Running;

const NOT_DONE: u8 = 1;
const NOT_RUNNING: u8 = 7;
const STATUS_LEFT_BEHIND: u8 = 1;
const STATUS_NOT_RUNNING: u8 = 3;
const STATUS_UNKNOWN: u8 = 4;

/// How often it is looked whether the process that was started has ended.
const GLANCE: Duration = Duration::from_millis(50);
/// How long one answer over a control socket may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Starts a server in a session of its own and waits until it serves.
pub(crate) fn start(whose: &Whose, manner: &Manner) -> ExitCode {
    match running(whose) {
        Ok(Some(server)) => {
            println!("running already: process {}", server.pid());
            return ExitCode::SUCCESS;
        }
        Ok(None) => {}
        Err(why) => return failed(&why),
    }
    match begin(whose, manner) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(why) => failed(&why),
    }
}

/// Asks the server to finish what is in work, and waits for its end.
pub(crate) fn stop(whose: &Whose) -> ExitCode {
    let server = match running(whose) {
        Ok(Some(server)) => server,
        Ok(None) => {
            println!("not running");
            return ExitCode::SUCCESS;
        }
        Err(why) => return failed(&why),
    };
    if let Err(why) = server.signal(Signal::TERM) {
        return failed(&format!("process {}: {why}", server.pid()));
    }
    if !server.ends_within(Duration::from_secs(whose.wait.into())) {
        return failed(&format!(
            "process {} has not ended within {} s; it was asked to and may still do",
            server.pid(),
            whose.wait
        ));
    }
    println!("stopped");
    ExitCode::SUCCESS
}

/// Has the server read its configuration again. Over a control socket it says what came of that.
pub(crate) fn reload(whose: &Whose) -> ExitCode {
    let server = match running(whose) {
        Ok(Some(server)) => server,
        Ok(None) => {
            eprintln!("lessor: not running");
            return NOT_RUNNING.into();
        }
        Err(why) => return failed(&why),
    };
    // A file that is not lawful is told place by place here; the server would say the same.
    let sockets = match sockets(&whose.config) {
        Ok(sockets) => sockets,
        Err(why) => return failed(&format!("the old configuration stays:\n{why}")),
    };
    if sockets.iter().any(|socket| is_of(socket, &server)) {
        let wait = Duration::from_secs(whose.wait.into());
        let answer = sockets.iter().find_map(|it| ask(it, "config-reload", wait).ok());
        let text = |answer: &Value| answer["text"].as_str().unwrap_or_default().to_owned();
        return match answer {
            Some(answer) if answer["result"] == 0 => {
                println!("{}", text(&answer));
                ExitCode::SUCCESS
            }
            Some(answer) => failed(&text(&answer)),
            None => failed("the server does not say what came of it; see its log"),
        };
    }
    match server.signal(Signal::HUP) {
        Ok(()) => {
            println!("asked for; what comes of it is in the server's log");
            ExitCode::SUCCESS
        }
        Err(why) => failed(&format!("process {}: {why}", server.pid())),
    }
}

/// Says how the server is.
pub(crate) fn status(whose: &Whose) -> ExitCode {
    let place = PidFile::in_use(&whose.config);
    match place.holder() {
        Ok(Holder::Server(server)) => {
            print!("{}", report(&server, &whose.config));
            ExitCode::SUCCESS
        }
        Ok(Holder::Gone) => {
            println!("not running; {} was left behind", place.path().display());
            STATUS_LEFT_BEHIND.into()
        }
        Ok(Holder::Nobody) => {
            println!("not running");
            STATUS_NOT_RUNNING.into()
        }
        Err(why) => {
            eprintln!("lessor: {}: {why}", place.path().display());
            STATUS_UNKNOWN.into()
        }
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("lessor: {}", why.trim_end());
    NOT_DONE.into()
}

fn running(whose: &Whose) -> Result<Option<Running>, String> {
    let place = PidFile::in_use(&whose.config);
    match place.holder() {
        Ok(Holder::Server(server)) => Ok(Some(server)),
        Ok(Holder::Gone | Holder::Nobody) => Ok(None),
        Err(why) => Err(format!("{}: {why}", place.path().display())),
    }
}

/// Starts this program again, as a server; the way that it tells a service manager that it is ready
/// is the way that it tells us.
fn begin(whose: &Whose, manner: &Manner) -> Result<String, String> {
    let program = env::current_exe().map_err(|why| format!("cannot tell what to start: {why}"))?;
    let config = whose.config.canonicalize();
    let config = config.map_err(|why| format!("cannot read {}: {why}", whose.config.display()))?;
    let name = format!("lessor-start-{}", std::process::id());
    let ear = SocketAddr::from_abstract_name(&name)
        .and_then(|address| UnixDatagram::bind_addr(&address))
        .and_then(|ear| ear.set_read_timeout(Some(GLANCE)).map(|()| ear))
        .map_err(|why| format!("cannot listen to what is started: {why}"))?;
    let mut command = Command::new(program);
    command.arg("--detached").arg("-c").arg(config);
    command.args(["-p", &manner.server_port.to_string(), "-P", &manner.client_port.to_string()]);
    command.args(manner.debug.then_some("-d"));
    if let Some(user) = &manner.user {
        command.args(["--user", user]);
    }
    command.env("NOTIFY_SOCKET", format!("@{name}")).env_remove("WATCHDOG_USEC");
    // A working directory would be kept from being unmounted.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|why| format!("cannot start: {why}"))?;
    let said = child.stderr.take().map(overhear);
    await_ready(&mut child, &ear, Duration::from_secs(whose.wait.into())).map_err(|why| {
        let said: String = said.iter().flat_map(Receiver::try_iter).collect();
        format!("{why}\n{said}")
    })
}

/// Reads what the server says, for as long as this process is there.
fn overhear(mut from: ChildStderr) -> Receiver<String> {
    let (tell, said) = channel();
    thread::spawn(move || {
        let mut octets = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut octets) {
            let text = String::from_utf8_lossy(octets.get(..read).unwrap_or_default());
            if tell.send(text.into_owned()).is_err() {
                return;
            }
        }
    });
    said
}

fn await_ready(child: &mut Child, ear: &UnixDatagram, wait: Duration) -> Result<String, String> {
    let begun = Instant::now();
    let mut octets = [0; 4096];
    while begun.elapsed() < wait {
        if let Ok(read) = ear.recv(&mut octets) {
            let told = String::from_utf8_lossy(octets.get(..read).unwrap_or_default());
            let mut lines = told.lines();
            if lines.any(|line| line == "READY=1") {
                let status = lines.find_map(|line| line.strip_prefix("STATUS="));
                let status = status.unwrap_or_default();
                return Ok(format!("started: process {}, {status}", child.id()));
            }
        }
        if let Ok(Some(ended)) = child.try_wait() {
            // Its last words are on their way through the pipe.
            thread::sleep(GLANCE);
            return Err(format!("it did not start ({ended})"));
        }
    }
    Err(format!("process {} was started and is not ready after {wait:?}", child.id()))
}

fn report(server: &Running, config: &Path) -> String {
    let mut text = String::new();
    let sockets = sockets(config);
    let found = sockets.iter().flatten().find(|socket| is_of(socket, server));
    let told = found.and_then(|it| ask(it, "status-get", ANSWER_MAX).ok());
    let version = found.and_then(|it| ask(it, "version-get", ANSWER_MAX).ok());
    let version = version.as_ref().and_then(|it| it["text"].as_str()).map(|it| format!(" {it}"));
    let uptime = told.as_ref().and_then(|it| it["arguments"]["uptime"].as_u64());
    let uptime = uptime
        .map(Duration::from_secs)
        .or_else(|| server.since().and_then(|since| SystemTime::now().duration_since(since).ok()));
    let _ = writeln!(text, "running{}: process {}", version.unwrap_or_default(), server.pid());
    if let Some(uptime) = uptime {
        let _ = writeln!(text, "for: {}", shown(uptime));
    }
    let _ = writeln!(text, "configuration: {}", config.display());
    let leases = told.as_ref().and_then(|it| it["arguments"]["lessor"]["leases"].as_u64());
    if let Some(leases) = leases {
        let _ = writeln!(text, "leases: {leases}");
    }
    let sockets_are = told.as_ref().and_then(|it| it["arguments"]["sockets"]["status"].as_str());
    if let Some(status) = sockets_are {
        let _ = writeln!(text, "interfaces: {status}");
    }
    let _ = match (&sockets, found) {
        (_, Some(socket)) => writeln!(text, "control socket: {}", socket.display()),
        (Ok(_), None) => writeln!(text, "control socket: none that answers"),
        (Err(_), None) => writeln!(text, "control socket: unknown, the configuration is broken"),
    };
    text
}

/// Whole units, the two largest: `3 d 4 h`.
fn shown(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = time.as_secs();
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        if left >= size || (size == 1 && parts.is_empty()) {
            parts.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// The control sockets of a configuration file.
fn sockets(config: &Path) -> Result<Vec<PathBuf>, String> {
    let (config, _) = ConfigFile::new(config).load().map_err(|why| why.to_string())?;
    let paths = config.control_sockets.iter().filter_map(|socket| match socket {
        ControlSocket::Unix { path } => Some(PathBuf::from(path)),
        _ => None,
    });
    Ok(paths.collect())
}

/// Whether it is this server that takes commands there.
fn is_of(socket: &Path, server: &Running) -> bool {
    ask(socket, "status-get", ANSWER_MAX)
        .is_ok_and(|answer| answer["arguments"]["pid"] == server.pid())
}

fn ask(socket: &Path, command: &str, wait: Duration) -> io::Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(wait.max(GLANCE)))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    stream.write_all(format!("{{ \"command\": \"{command}\" }}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_two_units() {
        for (secs, told) in [
            (0, "0 s"),
            (59, "59 s"),
            (3600, "1 h"),
            (3661, "1 h 1 min"),
            (86400 * 3 + 59, "3 d 59 s"),
        ] {
            assert_eq!(shown(Duration::from_secs(secs)), told);
        }
    }
}
