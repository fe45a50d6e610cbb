//! Two network namespaces joined by a veth pair, and a client's end of the wire.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lessor_net::frame::{self, Udp};
use lessor_net::{Options, SocketType, Sockets, interfaces};
use socket2::{Domain, Protocol, Socket, Type};

pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);
/// Octets before the IPv4 header.
pub(crate) const ETHERNET: usize = 14;

/// A server's namespace (`srv0`, 192.0.2.1/24) and a client's (`cli0`, 192.0.2.100/24), deleted
/// when this is dropped.
pub(crate) struct Bench {
    server: String,
    client: String,
    pub(crate) server_hw: [u8; 6],
    pub(crate) client_hw: [u8; 6],
}

impl Bench {
    /// Sets it up, or says aloud why the test is skipped.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("lessor-{side}-{}-{number}", std::process::id());
        let mut bench =
            Self { server: name("s"), client: name("c"), server_hw: [0; 6], client_hw: [0; 6] };
        if let Err(why) = bench.set_up() {
            skip(&why);
            return None;
        }
        bench.server_hw = within(&bench.server, || hardware_address("srv0"));
        bench.client_hw = within(&bench.client, || hardware_address("cli0"));
        Some(bench)
    }

    fn set_up(&self) -> Result<(), String> {
        ip(&format!("netns add {}", self.server))?;
        ip(&format!("netns add {}", self.client))?;
        ip(&format!(
            "-n {} link add srv0 type veth peer name cli0 netns {}",
            self.server, self.client
        ))?;
        for (namespace, link, addr) in
            [(&self.server, "srv0", SERVER), (&self.client, "cli0", CLIENT)]
        {
            ip(&format!("-n {namespace} link set lo up"))?;
            ip(&format!("-n {namespace} addr add {addr}/24 dev {link}"))?;
            ip(&format!("-n {namespace} link set {link} up"))?;
        }
        // Relayed packets and rebinding clients must pass the strictest reverse-path filter.
        within(&self.server, || {
            std::fs::write("/proc/sys/net/ipv4/conf/all/rp_filter", "1").map_err(|e| e.to_string())
        })
    }

    /// Runs `ip` on the server's namespace.
    pub(crate) fn ip_server(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.server)).expect("iproute2 obeys");
    }

    /// The same, where the kernel may lack what is asked for.
    pub(crate) fn try_ip_server(&self, arguments: &str) -> Result<(), String> {
        ip(&format!("-n {} {arguments}", self.server))
    }

    /// Runs `ip` on the client's namespace.
    pub(crate) fn ip_client(&self, arguments: &str) {
        ip(&format!("-n {} {arguments}", self.client)).expect("iproute2 obeys");
    }

    /// Runs `ip` on the server's namespace for many commands at once.
    pub(crate) fn ip_server_batch(&self, commands: impl Iterator<Item = String>) {
        use std::io::Write as _;
        let mut child = Command::new("ip")
            .args(["-n", &self.server, "-batch", "-"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("iproute2 is there");
        let mut input = child.stdin.take().expect("a pipe");
        for command in commands {
            writeln!(input, "{command}").expect("it reads");
        }
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }

    /// Does something on the server's host.
    pub(crate) fn at_server<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        within(&self.server, what)
    }

    /// Another program of the server's host that has port 67, on one interface or on all.
    pub(crate) fn rival(&self, link: Option<&str>) -> Socket {
        self.at_server(|| {
            let socket =
                Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("opens");
            socket.set_reuse_address(true).expect("an option");
            socket.bind_device(link.map(str::as_bytes)).expect("the interface is there");
            socket.bind(&SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 67).into()).expect("binds");
            socket
        })
    }

    /// Lays the wire again after the server's end was deleted; `end` names that end, and may say
    /// more about it.
    pub(crate) fn make_link(&self, end: &str) {
        self.ip_server(&format!("link add {end} type veth peer name cli0 netns {}", self.client));
        self.ip_server(&format!("addr add {SERVER}/24 dev srv0"));
        self.ip_server("link set srv0 up");
        self.ip_client("link set cli0 up");
    }

    /// Adds wires from `many0` and on (10.20.x.1/24) to `peer0` and on.
    pub(crate) fn many_links(&self, count: usize) {
        let client = &self.client;
        self.ip_server_batch((0..count).flat_map(|at| {
            [
                format!("link add many{at} type veth peer name peer{at} netns {client}"),
                format!("addr add 10.20.{at}.1/24 dev many{at}"),
                format!("link set many{at} up"),
            ]
        }));
        for at in 0..count {
            self.ip_client(&format!("link set peer{at} up"));
        }
    }

    /// Makes packets leave the server slowly, so that they pile up; about 2000 small ones a second.
    pub(crate) fn slow_down(&self) -> Result<(), String> {
        let arguments = "qdisc add dev srv0 root tbf rate 1mbit burst 2k limit 10mb";
        run("tc", &format!("-n {} {arguments}", self.server))
    }

    /// Opens the server's sockets on port 67 of all interfaces.
    pub(crate) fn sockets(&self, socket_type: SocketType) -> Sockets {
        let options = Options { socket_type, ..Options::default() };
        within(&self.server, || Sockets::open(&options)).expect("opens")
    }

    /// A UDP socket of the client's host.
    pub(crate) fn client_udp(&self, port: u16) -> std::net::UdpSocket {
        let socket =
            within(&self.client, || std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)))
                .expect("binds");
        socket.set_broadcast(true).expect("an option");
        socket.set_read_timeout(Some(Duration::from_secs(3))).expect("an option");
        socket
    }

    /// Adds a second wire, from `srv1` with this address to `cli1`.
    pub(crate) fn second_link(&self, server: Ipv4Addr) {
        let peer = format!("peer name cli1 netns {}", self.client);
        self.ip_server(&format!("link add srv1 type veth {peer}"));
        self.ip_server(&format!("addr add {server}/24 dev srv1"));
        self.ip_server("link set srv1 up");
        self.ip_client("link set cli1 up");
    }

    /// The client's end of the wire.
    pub(crate) fn wire(&self) -> Wire {
        self.wire_on("cli0")
    }

    /// The client's end of one of the wires.
    pub(crate) fn wire_on(&self, name: &str) -> Wire {
        within(&self.client, || {
            let index = index_of(name);
            let protocol = i32::from(ETHERTYPE_IPV4.to_be());
            let socket = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(protocol)))
                .expect("root may");
            rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 4 << 20)
                .expect("root may");
            bind_to_link(&socket, index);
            socket.set_read_timeout(Some(Duration::from_secs(3))).expect("an option");
            Wire { socket, from: self.client_hw }
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // The pair goes with either namespace.
        for namespace in [&self.server, &self.client] {
            let _ = ip(&format!("netns del {namespace}"));
        }
    }
}

/// Whole Ethernet frames, in and out.
pub(crate) struct Wire {
    socket: Socket,
    from: [u8; 6],
}

impl Wire {
    /// Sends a UDP datagram to a station.
    pub(crate) fn send(&self, to: [u8; 6], source: Ipv4Addr, dest: Ipv4Addr, payload: &[u8]) {
        self.send_packet(to, &packet(source, SocketAddrV4::new(dest, 67), payload));
    }

    /// Sends an IPv4 packet to a station.
    pub(crate) fn send_packet(&self, to: [u8; 6], packet: &[u8]) {
        self.send_frame(to, &[&ETHERTYPE_IPV4.to_be_bytes()[..], packet].concat());
    }

    /// Sends an IPv4 packet to a station of a virtual LAN (IEEE 802.1Q).
    pub(crate) fn send_tagged(&self, tag: u16, to: [u8; 6], packet: &[u8]) {
        let tagged = [ETHERTYPE_VLAN, tag, ETHERTYPE_IPV4].map(u16::to_be_bytes).concat();
        self.send_frame(to, &[&tagged[..], packet].concat());
    }

    fn send_frame(&self, to: [u8; 6], rest: &[u8]) {
        self.socket.send(&[&to, &self.from, rest].concat()).expect("sends");
    }

    /// The next frame that carries IPv4, if one comes in time.
    pub(crate) fn receive(&mut self) -> Option<Vec<u8>> {
        use std::io::Read as _;
        let mut frame = vec![0; 2048];
        let len = self.socket.read(&mut frame).ok()?;
        frame.truncate(len);
        Some(frame)
    }

    /// All frames that come within a moment.
    pub(crate) fn rest(&mut self) -> Vec<Vec<u8>> {
        self.socket.set_read_timeout(Some(Duration::from_millis(100))).expect("an option");
        std::iter::from_fn(|| self.receive()).collect()
    }
}

/// An IPv4 packet from port 68.
pub(crate) fn packet(source: Ipv4Addr, dest: SocketAddrV4, payload: &[u8]) -> Vec<u8> {
    let datagram = Udp { source: SocketAddrV4::new(source, 68), dest, payload };
    [&frame::headers(&datagram).expect("short enough")[..], payload].concat()
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_VLAN: u16 = 0x8100;

fn ip(arguments: &str) -> Result<(), String> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &str) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments.split(' '))
        .output()
        .map_err(|why| format!("cannot run {program}: {why}"))?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{program} {arguments}: {}", said.trim()))
    }
}

/// Says that a test was not run, past the test harness, which would keep it to itself.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs root and iproute2 ({why})");
}

/// Runs `what` in a network namespace, on a thread of its own, since a thread is what enters one.
fn within<T: Send>(namespace: &str, what: impl FnOnce() -> T + Send) -> T {
    let file = File::open(format!("/run/netns/{namespace}")).expect("the namespace is there");
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                enter(&file);
                what()
            })
            .join()
            .expect("the thread ends well")
    })
}

#[expect(unsafe_code, reason = "no safe wrapper is at hand")]
fn enter(namespace: &File) {
    // SAFETY: the call takes no pointer; it changes this thread alone, which ends soon.
    let result = unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "setns: {}", std::io::Error::last_os_error());
}

#[expect(unsafe_code, reason = "no safe wrapper knows link-layer addresses")]
fn bind_to_link(socket: &Socket, index: u32) {
    // SAFETY: the structure is one of numbers, for which zeros are a value.
    let mut addr: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    addr.sll_family = u16::try_from(libc::AF_PACKET).expect("small");
    addr.sll_protocol = ETHERTYPE_IPV4.to_be();
    addr.sll_ifindex = i32::try_from(index).expect("small");
    let len = u32::try_from(size_of_val(&addr)).expect("small");
    // SAFETY: pointer and length are those of `addr`, which outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const addr).cast(), len) };
    assert_eq!(result, 0, "bind: {}", std::io::Error::last_os_error());
}

fn hardware_address(name: &str) -> [u8; 6] {
    let all = interfaces::list().expect("lists");
    all.iter().find(|i| &*i.link.name == name).expect("was made").hw
}

fn index_of(name: &str) -> u32 {
    let all = interfaces::list().expect("lists");
    all.iter().find(|i| &*i.link.name == name).expect("was made").link.id.0
}
