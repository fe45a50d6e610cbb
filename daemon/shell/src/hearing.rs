//! What an operator should know about who is heard, and who is not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_config::{Config, SocketType};
use lessor_policy::{Ask, DropReason, Effect};
use lessor_server::{Event, event::Outcome};
use lessor_types::{Link, Links};

use crate::notice::Notice;
use crate::packets::Listening;

/// Other servers that are remembered: with more, something else is wrong.
const RIVALS_MAX: usize = 64;

/// What was said last about where packets are heard.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    links: Option<Arc<Links>>,
    troubles: BTreeSet<String>,
    remarks: BTreeSet<String>,
    /// Other servers, with how many messages chose them.
    rivals: BTreeMap<Ipv4Addr, u64>,
}

impl Hearing {
    /// What is new, in words: what persists is said once.
    pub(crate) fn news(&mut self, listening: &Listening, config: &Config) -> Vec<Notice> {
        let troubles: BTreeSet<String> = listening.troubles.iter().cloned().collect();
        let mut remarks: BTreeSet<String> = listening.remarks.iter().cloned().collect();
        remarks.extend(remarks_on(config, &listening.links));
        let mut news: Vec<Notice> =
            troubles.difference(&self.troubles).cloned().map(Notice::SocketTrouble).collect();
        news.extend(remarks.difference(&self.remarks).cloned().map(Notice::SocketRemark));
        if self.links.as_ref() != Some(&listening.links) {
            self.links = Some(Arc::clone(&listening.links));
            news.push(told(&listening.links));
        }
        self.troubles = troubles;
        self.remarks = remarks;
        news
    }

    /// What a packet's end says about other servers: each of them is told of once.
    pub(crate) fn rival(&mut self, event: &Event) -> Option<Notice> {
        let Event::Ended { ask: Some(ask), outcome, .. } = event else {
            return None;
        };
        let server = match (outcome, ask) {
            (
                Outcome::Dropped(DropReason::OtherServer) | Outcome::Done(Effect::LetGo),
                Ask::Selecting { server, .. }
                | Ask::Decline { server, .. }
                | Ask::Release { server, .. },
            ) => *server,
            _ => return None,
        };
        if let Some(times) = self.rivals.get_mut(&server) {
            *times += 1;
            return None;
        }
        if self.rivals.len() >= RIVALS_MAX {
            return None;
        }
        self.rivals.insert(server, 1);
        Some(Notice::OtherServer(server))
    }
}

fn told(links: &Links) -> Notice {
    if links.0.is_empty() { Notice::NotListening } else { Notice::Listening(shown(links)) }
}

/// Interfaces with the addresses that answers come from.
pub(crate) fn shown(links: &Links) -> String {
    let links = links.0.iter().map(|link| match link.addrs.first() {
        Some((addr, _)) => format!("{} ({addr})", link.name),
        None => link.name.to_string(),
    });
    links.collect::<Vec<String>>().join(", ")
}

/// Where clients on the link itself are heard badly or not at all. Those behind relays are no
/// matter of interfaces.
fn remarks_on(config: &Config, links: &Links) -> Vec<String> {
    let (attached, bare): (Vec<&Link>, Vec<&Link>) =
        links.0.iter().partition(|link| has_subnet(config, link));
    let mut remarks = Vec::new();
    if config.socket_type == SocketType::Udp && !attached.is_empty() {
        remarks.push(format!(
            "clients on {} have subnets, but `dhcp-socket-type` is \"udp\": only broadcasts answer \
             them, and a firewall or reverse-path filter may keep them from being heard; set it to \
             \"raw\" unless all clients are behind relays",
            names(&attached),
        ));
    }
    let bare: Vec<&Link> = bare.into_iter().filter(|link| !is_loopback(link)).collect();
    if !config.subnets.is_empty() && !bare.is_empty() {
        remarks.push(format!(
            "clients on {} get nothing, unless through a relay: no subnet has an address of the \
             interface or names it",
            names(&bare),
        ));
    }
    remarks
}

fn has_subnet(config: &Config, link: &Link) -> bool {
    config.subnets.iter().any(|subnet| {
        subnet.interface.as_deref() == Some(&*link.name)
            || link.addrs.iter().any(|(addr, _)| subnet.prefix.contains(*addr))
    })
}

fn is_loopback(link: &Link) -> bool {
    link.addrs.iter().all(|(addr, _)| addr.is_loopback())
}

fn names(links: &[&Link]) -> String {
    links.iter().map(|link| &*link.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use lessor_server::ExchangeId;
    use lessor_types::LinkId;

    use super::*;

    fn config(more: &str) -> Config {
        let text = format!(
            r#"{{ "Dhcp4": {{ {more} "subnet4": [ {{ "id": 1, "subnet": "192.0.2.0/24" }},
                {{ "id": 2, "subnet": "198.51.100.0/24", "interface": "far0" }} ] }} }}"#
        );
        Config::parse(&text, "t").expect("lawful").0
    }

    fn listening(links: &[(&str, [u8; 4])]) -> Listening {
        let link = |(at, (name, addr)): (usize, &(&str, [u8; 4]))| Link {
            id: LinkId(u32::try_from(at).expect("few")),
            name: (*name).into(),
            addrs: vec![((*addr).into(), 24)],
        };
        let links = Links(links.iter().enumerate().map(link).collect());
        Listening { links: Arc::new(links), ..Listening::default() }
    }

    fn ids(news: &[Notice]) -> Vec<&'static str> {
        news.iter().map(|it| it.message().id()).collect()
    }

    #[test]
    fn what_persists_is_said_once() {
        let config = config("");
        let mut hearing = Hearing::default();
        let mut now = listening(&[("eth0", [192, 0, 2, 1])]);
        now.troubles = vec!["eth1 is not served".to_owned()];
        let news = hearing.news(&now, &config);
        assert_eq!(ids(&news), ["DHCP4_SOCKET_TROUBLE", "DHCP4_LISTENING"]);
        assert_eq!(hearing.news(&now, &config), []);
        now.troubles.push("eth2 is not served".to_owned());
        let news = hearing.news(&now, &config);
        assert_eq!(news, [Notice::SocketTrouble("eth2 is not served".to_owned())]);
        now.troubles.clear();
        assert_eq!(hearing.news(&now, &config), []);
        now.troubles.push("eth1 is not served".to_owned());
        assert_eq!(ids(&hearing.news(&now, &config)), ["DHCP4_SOCKET_TROUBLE"], "anew");
        assert_eq!(ids(&hearing.news(&Listening::default(), &config)), ["DHCP4_NOT_LISTENING"]);
    }

    #[test]
    fn interfaces_without_subnet_are_named_in_one_line() {
        let links = [
            ("eth0", [192, 0, 2, 1]),
            ("far0", [10, 0, 0, 1]),
            ("lan1", [10, 1, 0, 1]),
            ("lan2", [10, 2, 0, 1]),
            ("lo", [127, 0, 0, 1]),
        ];
        let told = remarks_on(&config(""), &listening(&links).links);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("clients on lan1, lan2 get nothing"), "{}", told[0]);
        assert_eq!(remarks_on(&Config::default(), &listening(&links).links), [""; 0]);
    }

    #[test]
    fn udp_where_clients_are_attached_is_remarked() {
        let udp = config(r#""interfaces-config": { "dhcp-socket-type": "udp" },"#);
        let links = listening(&[("eth0", [192, 0, 2, 1])]).links;
        let told = remarks_on(&udp, &links);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("eth0") && told[0].contains("\"raw\""), "{}", told[0]);
        assert_eq!(remarks_on(&config(""), &links), [""; 0]);
    }

    #[test]
    fn each_other_server_is_told_of_once() {
        let chosen = |last, outcome| Event::Ended {
            exchange: ExchangeId::default(),
            client: None,
            ask: Some(Ask::Selecting {
                server: Ipv4Addr::new(192, 0, 2, last),
                addr: Ipv4Addr::new(192, 0, 2, 99),
            }),
            outcome,
        };
        let dropped = Outcome::Dropped(DropReason::OtherServer);
        let mut hearing = Hearing::default();
        let first = hearing.rival(&chosen(7, Outcome::Done(Effect::LetGo)));
        assert_eq!(first, Some(Notice::OtherServer(Ipv4Addr::new(192, 0, 2, 7))));
        assert_eq!(hearing.rival(&chosen(7, dropped)), None);
        assert!(hearing.rival(&chosen(8, dropped)).is_some());
        assert_eq!(hearing.rival(&chosen(9, Outcome::Dropped(DropReason::NoSubnet))), None);
        for last in 10..=255 {
            let _ = hearing.rival(&chosen(last, dropped));
        }
        assert_eq!(hearing.rivals.len(), RIVALS_MAX);
        assert_eq!(hearing.rivals.get(&Ipv4Addr::new(192, 0, 2, 7)), Some(&2));
    }
}
