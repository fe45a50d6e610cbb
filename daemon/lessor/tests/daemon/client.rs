//! A DHCP client that this test program becomes when it is run inside the clients' namespace.
//!
//! Its test is run alone, by name, with an interface in the environment; run otherwise, it has
//! nothing to do.

use std::env;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{DATAGRAM_MIN, Message, MessageType, Op, code};
use socket2::SockRef;

/// Names the interface to be a client on.
const LINK: &str = "LESSOR_TEST_LINK";
/// The number of one who sends a great many packets that nobody can answer, and leases nothing.
pub(crate) const FLOOD: u8 = 255;
/// How often a message is sent before the client gives up.
const TRIES: usize = 40;

/// The command that gets a lease on `link` for client `number` and prints its address.
pub(crate) fn command(link: &str, number: u8) -> Command {
    let mut command = Command::new(env::current_exe().expect("it runs"));
    command.args(["--exact", "client::becomes_a_client", "--nocapture"]);
    command.env(LINK, format!("{link} {number}"));
    command
}

/// The address that such a client printed.
pub(crate) fn leased(mut command: Command) -> Ipv4Addr {
    let output = command.output().expect("it can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().find_map(|line| line.trim().strip_prefix("leased "));
    match told.and_then(|addr| addr.parse().ok()) {
        Some(addr) => addr,
        None => panic!("{text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn becomes_a_client() -> io::Result<()> {
    let Ok(link) = env::var(LINK) else {
        return Ok(());
    };
    let (link, number) = link.split_once(' ').expect("a name and a number");
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 68))?;
    SockRef::from(&socket).bind_device(Some(link.as_bytes()))?;
    socket.set_broadcast(true)?;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let number = number.parse().expect("a small number");
    if number == FLOOD {
        return flood(&socket);
    }
    let client = Client { socket, number };

    let offer = client.exchange(&client.message(MessageType::Discover))?;
    let mut request = client.message(MessageType::Request);
    let server = offer.server_id().expect("every offer has one");
    request.options.insert(code::SERVER_ID, server.octets());
    request.options.insert(code::REQUESTED_ADDRESS, offer.yiaddr.octets());
    let ack = client.exchange(&request)?;
    assert_eq!(ack.message_type(), Some(MessageType::Ack));
    writeln!(io::stdout(), "\nleased {}", ack.yiaddr)
}

/// More than any buffer holds.
fn flood(socket: &UdpSocket) -> io::Result<()> {
    for _ in 0..40_000 {
        socket.send_to(&[0; 300], (Ipv4Addr::BROADCAST, 67))?;
    }
    writeln!(io::stdout(), "\nleased 0.0.0.0")
}

struct Client {
    socket: UdpSocket,
    number: u8,
}

impl Client {
    fn message(&self, kind: MessageType) -> Message {
        let hw = HwAddr::ethernet([2, 0, 0, 0, 1, self.number]);
        let mut message = Message::new(Op::Request, Xid(0x5000 + u32::from(self.number)), hw);
        message.set_message_type(kind);
        message.set_broadcast(true);
        message
    }

    fn exchange(&self, message: &Message) -> io::Result<Message> {
        let octets = message.encode(DATAGRAM_MIN).octets;
        let mut buffer = [0; 1500];
        for _ in 0..TRIES {
            self.socket.send_to(&octets, (Ipv4Addr::BROADCAST, 67))?;
            while let Ok(read) = self.socket.recv(&mut buffer) {
                match Message::decode(&buffer[..read]) {
                    Ok(reply) if reply.op == Op::Reply && reply.xid == message.xid => {
                        return Ok(reply);
                    }
                    _ => {}
                }
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}
