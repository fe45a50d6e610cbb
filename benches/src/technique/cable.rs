//! Two network namespaces, joined by a virtual cable.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::process::Command;

use lessor_net::{Interface, interfaces};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The cable with both ends; gone when this is dropped.
pub(crate) struct Cable {
    server: String,
    client: String,
    pub(crate) server_end: Option<Interface>,
    pub(crate) client_end: Option<Interface>,
}

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

impl Cable {
    pub(crate) fn lay() -> Result<Self, String> {
        let name = |side| format!("lessor-{side}-technique-{}", std::process::id());
        let mut cable =
            Self { server: name("s"), client: name("c"), server_end: None, client_end: None };
        let Self { server, client, .. } = &cable;
        for command in [
            format!("netns add {server}"),
            format!("netns add {client}"),
            format!("-n {server} link add t0 type veth peer name t0 netns {client}"),
            format!("-n {server} addr add {SERVER}/24 dev t0"),
            format!("-n {client} addr add {CLIENT}/24 dev t0"),
            format!("-n {server} link set t0 up"),
            format!("-n {client} link set t0 up"),
        ] {
            ip(&command)?;
        }
        cable.server_end = cable.at_server(end);
        cable.client_end = cable.at_client(end);
        Ok(cable)
    }

    /// The index and the link-layer address of the server's end.
    pub(crate) fn server(&self) -> (u32, [u8; 6]) {
        known(self.server_end.as_ref())
    }

    /// The index and the link-layer address of the client's end.
    pub(crate) fn client(&self) -> (u32, [u8; 6]) {
        known(self.client_end.as_ref())
    }

    /// Does something at the server's end.
    pub(crate) fn at_server<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        within(&self.server, what)
    }

    /// Does something at the client's end.
    pub(crate) fn at_client<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        within(&self.client, what)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in [&self.server, &self.client] {
            let _ = ip(&format!("netns del {name}"));
        }
    }
}

fn known(end: Option<&Interface>) -> (u32, [u8; 6]) {
    end.map(|end| (end.link.id.0, end.hw)).unwrap_or_default()
}

fn end() -> Option<Interface> {
    interfaces::list().ok()?.into_iter().find(|it| &*it.link.name == "t0")
}

/// A thread is what enters a namespace.
fn within<T: Send>(name: &str, what: impl FnOnce() -> T + Send) -> T {
    let enter = || {
        let file = File::open(format!("/run/netns/{name}"))?;
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
        std::io::Result::Ok(())
    };
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter().expect("the namespace is there and root may enter it");
            what()
        });
        inside.join().expect("the thread ends well")
    })
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|why| format!("ip: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {arguments}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
