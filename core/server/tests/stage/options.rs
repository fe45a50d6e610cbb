//! Options that a step gives a client's message, and those that a scenario shows of an answer.

use std::net::Ipv4Addr;

use lessor_server::Output;
use lessor_wire::name::DomainName;
use lessor_wire::v4::fqdn::{Fqdn, FqdnFlags};
use lessor_wire::v4::print::OptionText;
use lessor_wire::v4::{Message, View, code};

use super::SERVER;

/// Sets what a field of a step says; false if it is not a field.
pub(super) fn set(message: &mut Message, key: &str, value: &str) -> bool {
    let options = &mut message.options;
    match key {
        "opt" => {
            let (code, hex) = value.split_once(':').expect("code:hex");
            options.insert(code.parse().expect("a code"), octets(hex));
        }
        "rai" => options.insert(code::RELAY_AGENT, octets(value)),
        "host" => options.insert(code::HOST_NAME, value.as_bytes()),
        "fqdn" => options.insert(code::FQDN, fqdn(value).to_octets()),
        "ask" => {
            let codes = value.split(',').map(|code| code.parse().expect("a code"));
            options.insert(code::PARAMETER_LIST, codes.collect::<Vec<u8>>());
        }
        "sub" => {
            let addr: Ipv4Addr = value.parse().expect("an address");
            options.insert(code::SUBNET_SELECTION, addr.octets());
        }
        _ => return false,
    }
    true
}

/// What an answer says besides address and times, where it says anything.
pub(super) fn show(message: &Message) -> String {
    let options = &message.options;
    let mut line = String::new();
    if let Some(server) = message.server_id().filter(|server| *server != SERVER) {
        line += &format!(" sid={server}");
    }
    if let Some(name) = options.get(code::HOST_NAME) {
        line += &format!(" host={}", name.escape_ascii());
    }
    if let Some(octets) = options.get(code::FQDN) {
        line += &match Fqdn::parse(octets) {
            Some(fqdn) => format!(" fqdn={}", letters(&fqdn)),
            None => format!(" fqdn=?{}", hex(octets)),
        };
    }
    if options.contains(code::RAPID_COMMIT) {
        line += " rapid";
    }
    if let Some(secs) = options.u32(code::V6_ONLY_PREFERRED) {
        line += &format!(" v6only={secs}");
    }
    if let Some(value) = options.u8(code::AUTO_CONFIG) {
        line += &format!(" autoconf={value}");
    }
    if let Some(subnet) = options.ipv4(code::SUBNET_SELECTION) {
        line += &format!(" sub={subnet}");
    }
    if let Some(agent) = options.get(code::RELAY_AGENT) {
        line += &format!(" rai={}", hex(agent));
    }
    line
}

/// The options of an answer that say what was configured, in the order in which they were sent.
pub(super) fn all(output: &Output) -> Option<String> {
    const TOLD: [u8; 3] = [code::MESSAGE_TYPE, code::SERVER_ID, code::LEASE_TIME];
    let Output::Send(transmit) = output else {
        return None;
    };
    let view = View::parse(&transmit.payload).expect("we understand ourselves");
    let mut line = "  with".to_owned();
    let mut before = None;
    for raw in view.options().filter(|raw| !TOLD.contains(&raw.code)) {
        // Pieces of a split option are shown as what they are together.
        if before.replace(raw.code) != Some(raw.code) {
            let value = view.option(raw.code).expect("it is there");
            line += &format!(" {}", OptionText { code: raw.code, value: &value });
        }
    }
    Some(line)
}

/// `flags/name`, such as `es/host.example.org.`; in capital letters, the result codes are not 255.
fn letters(fqdn: &Fqdn) -> String {
    let FqdnFlags { s, o, e, n } = fqdn.flags;
    let set = [(s, 's'), (o, 'o'), (e, 'e'), (n, 'n')];
    let flags: String = set.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect();
    let told = fqdn.rcode1 == Fqdn::RCODE && fqdn.rcode2 == Fqdn::RCODE;
    format!("{}/{}", if told { flags } else { flags.to_ascii_uppercase() }, fqdn.name)
}

fn fqdn(text: &str) -> Fqdn {
    let (flags, name) = text.split_once('/').expect("flags/name");
    let is = |letter| flags.contains(letter);
    let flags = FqdnFlags { s: is('s'), o: is('o'), e: is('e'), n: is('n') };
    Fqdn { flags, name: DomainName::parse(name).expect("a name"), ..Fqdn::default() }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().collect();
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(text, 16).expect("hexadecimal digits")
    };
    digits.chunks(2).map(pair).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
