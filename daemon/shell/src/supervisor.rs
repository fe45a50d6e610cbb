//! What the service manager is told (`sd_notify`), and the sign of life that it may want.
//!
//! The messages are those of systemd, sent as datagrams to the socket that `NOTIFY_SOCKET` names.
//! Nothing is sent where nobody listens, and nothing that fails here is worth a word.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use lessor_types::Mono;
use rustix::time::{ClockId, clock_gettime};

/// The service manager's ear.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<UnixDatagram>,
    watchdog: Option<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    /// Between two signs of life: half of what is asked for.
    pause: Duration,
    /// When the next one is due.
    due: Mono,
}

impl Supervisor {
    /// Whoever the environment names; nobody, if it names none.
    #[must_use]
    pub fn from_environment() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").and_then(|name| connect(&name));
        let meant = env::var("WATCHDOG_PID").ok();
        let ours = meant.is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let period = env::var("WATCHDOG_USEC").ok().filter(|_| ours);
        let period = period.and_then(|text| text.parse().ok()).map(Duration::from_micros);
        Self::new(socket, period)
    }

    fn new(socket: Option<UnixDatagram>, period: Option<Duration>) -> Self {
        let pause = period.map(|period| period / 2).filter(|pause| !pause.is_zero());
        let watchdog = pause.map(|pause| Watchdog { pause, due: Mono::ZERO });
        Self { watchdog: watchdog.filter(|_| socket.is_some()), socket }
    }

    /// The server serves.
    pub fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}"));
    }

    /// A configuration is being read; [`Supervisor::ready`] follows, whatever comes of it.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.send(&format!(
            "RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reading the configuration"
        ));
    }

    /// The server finishes what is in work.
    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=finishing what is in work");
    }

    /// The loop has come round at `now`. The sign of life is sent from here and from nowhere else,
    /// so that a loop that no longer comes round is restarted.
    pub fn turned(&mut self, now: Mono) {
        let Some(watchdog) = &mut self.watchdog else {
            return;
        };
        if now >= watchdog.due {
            watchdog.due = now.after(watchdog.pause);
            self.send("WATCHDOG=1");
        }
    }

    /// When the loop has to come round again, if anybody watches.
    #[must_use]
    pub fn due(&self) -> Option<Mono> {
        self.watchdog.as_ref().map(|watchdog| watchdog.due)
    }

    fn send(&self, message: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(message.as_bytes());
        }
    }
}

fn connect(name: &OsStr) -> Option<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest).ok()?,
        [b'/', ..] => SocketAddr::from_pathname(OsString::from(name)).ok()?,
        // VSOCK, say, which is for virtual machines as a whole.
        _ => return None,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect_addr(&address).ok()?;
    // The loop waits for nobody.
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut octets = [0; 256];
        let read = socket.recv(&mut octets).unwrap_or(0);
        String::from_utf8_lossy(octets.get(..read).unwrap_or_default()).into_owned()
    }

    #[test]
    fn a_sign_of_life_is_sent_twice_in_each_period() {
        let (ours, theirs) = UnixDatagram::pair().expect("a pair");
        theirs.set_nonblocking(true).expect("it is open");
        let mut supervisor = Supervisor::new(Some(ours), Some(Duration::from_secs(10)));
        let at = |secs| Mono::ZERO.after(Duration::from_secs(secs));
        let mut beats = Vec::new();
        for secs in 0..16 {
            supervisor.turned(at(secs));
            if heard(&theirs) == "WATCHDOG=1" {
                beats.push(secs);
            }
        }
        assert_eq!(beats, [0, 5, 10, 15]);
        assert_eq!(supervisor.due(), Some(at(20)));
    }

    #[test]
    fn states_are_told_in_systemds_words() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("notify");
        let theirs = UnixDatagram::bind(&path).expect("a writable directory");
        let supervisor = Supervisor::new(connect(path.as_os_str()), None);
        supervisor.ready("serving eth0");
        assert_eq!(heard(&theirs), "READY=1\nSTATUS=serving eth0");
        supervisor.reloading();
        let told = heard(&theirs);
        let mut lines = told.lines();
        assert_eq!(lines.next(), Some("RELOADING=1"));
        let micros = lines.next().and_then(|it| it.strip_prefix("MONOTONIC_USEC="));
        assert!(micros.is_some_and(|it| it.parse().is_ok_and(|micros: u64| micros > 0)), "{told}");
        supervisor.stopping();
        assert!(heard(&theirs).starts_with("STOPPING=1\n"));
        assert_eq!(supervisor.due(), None);
    }

    #[test]
    fn nobody_is_told_where_nobody_listens() {
        let mut nobody = Supervisor::new(None, Some(Duration::from_secs(1)));
        nobody.turned(Mono::ZERO);
        assert_eq!(nobody.due(), None, "no loop comes round for nothing");
        assert!(connect(OsStr::new("vsock:2:1")).is_none());
        assert!(connect(OsStr::new("/no/such/socket")).is_none());
    }
}
