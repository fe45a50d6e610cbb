//! Two network namespaces, one for the server and one for its clients, joined by a virtual cable.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::run;

/// The pair, removed when dropped.
pub(crate) struct Net {
    server: String,
    clients: String,
}

/// The interface at the server's end; it has 192.0.2.1/24.
pub(crate) const SERVER_LINK: &str = "served0";
/// The interface at the clients' end; it has no address.
pub(crate) const CLIENT_LINK: &str = "client0";

impl Net {
    /// Makes them; why not, if this machine or user cannot.
    pub(crate) fn new() -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("lessor-{side}-{}-{number}", std::process::id());
        let net = Self { server: name("s"), clients: name("c") };
        for name in [&net.server, &net.clients] {
            let made = Command::new("ip").args(["netns", "add", name]).output();
            match made {
                Ok(made) if made.status.success() => {}
                Ok(made) => return Err(String::from_utf8_lossy(&made.stderr).trim().to_owned()),
                Err(why) => return Err(format!("ip: {why}")),
            }
        }
        net.lay_cable();
        Ok(net)
    }

    /// Joins them; again, if an end was deleted.
    pub(crate) fn lay_cable(&self) {
        let clients = &self.clients;
        self.server_ip(&format!("link add served0 type veth peer name client0 netns {clients}"));
        self.server_ip("addr add 192.0.2.1/24 dev served0");
        self.server_ip("link set served0 up");
        run("ip", ["-n", clients, "link", "set", CLIENT_LINK, "up"]);
    }

    /// Runs `ip` at the server's end.
    pub(crate) fn server_ip(&self, arguments: &str) {
        run("ip", ["-n", &self.server].into_iter().chain(arguments.split(' ')));
    }

    /// The same command, at the server's end.
    pub(crate) fn at_server(&self, command: &Command) -> Command {
        inside(&self.server, command)
    }

    /// The same command, at the clients' end.
    pub(crate) fn at_clients(&self, command: &Command) -> Command {
        inside(&self.clients, command)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in [&self.server, &self.clients] {
            let _ = Command::new("ip").args(["netns", "del", name]).output();
        }
    }
}

fn inside(name: &str, command: &Command) -> Command {
    // `ip netns exec` becomes the program, so signals reach it.
    let mut wrapped = Command::new("ip");
    wrapped.args(["netns", "exec", name]).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(key, value);
        }
    }
    wrapped
}
