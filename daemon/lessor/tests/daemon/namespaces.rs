//! Two network namespaces, one for the server and one for its clients, joined by a virtual cable.

use std::process::Command;

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
        let pid = std::process::id();
        let net = Self { server: format!("lessor-s-{pid}"), clients: format!("lessor-c-{pid}") };
        for name in [&net.server, &net.clients] {
            let made = Command::new("ip").args(["netns", "add", name]).output();
            match made {
                Ok(made) if made.status.success() => {}
                Ok(made) => return Err(String::from_utf8_lossy(&made.stderr).trim().to_owned()),
                Err(why) => return Err(format!("ip: {why}")),
            }
        }
        net.server_ip("link add served0 type veth peer name client0");
        run("ip", ["-n", &net.server, "link", "set", CLIENT_LINK, "netns", &net.clients]);
        net.server_ip("addr add 192.0.2.1/24 dev served0");
        net.server_ip("link set served0 up");
        run("ip", ["-n", &net.clients, "link", "set", CLIENT_LINK, "up"]);
        Ok(net)
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
