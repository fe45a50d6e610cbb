use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_server::ExchangeId;
use lessor_types::Secs;

use super::*;

const CONFIG: &str = r#"{ "Dhcp4": { "subnet4": [
    { "id": 1, "subnet": "192.0.2.0/24", "pools": [
        { "pool": "192.0.2.10-192.0.2.19" }, { "pool": "192.0.2.20-192.0.2.24", "pool-id": 3 } ] },
    { "id": 2, "subnet": "198.51.100.0/24", "pools": [ { "pool": "198.51.100.0/25" } ] } ] } }"#;

fn config(text: &str) -> Config {
    Config::parse(text, "t").expect("a lawful configuration").0
}

fn statistics() -> (Statistics, Topology) {
    let config = config(CONFIG);
    (Statistics::new(&config, at(0)), Topology::new(Arc::new(config)))
}

fn at(secs: i64) -> Wall {
    Wall::from_secs(secs)
}

fn values(statistics: &mut Statistics, name: &str) -> Option<Vec<u64>> {
    match statistics.ask(&Query::One(name.to_owned()), at(99)) {
        Told::Series(series) => Some(series[0].1.iter().map(|sample| sample.value).collect()),
        _ => None,
    }
}

fn value(statistics: &mut Statistics, name: &str) -> u64 {
    values(statistics, name).expect("there is one")[0]
}

fn ended(ask: Option<Ask>, outcome: Outcome) -> Event {
    Event::Ended { exchange: ExchangeId::default(), client: None, ask, outcome }
}

#[test]
fn everything_is_there_from_the_start() {
    let (mut statistics, _) = statistics();
    for name in Name::ALL.iter().filter(|name| **name != Name::TotalAddresses) {
        assert_eq!(values(&mut statistics, name.text()), Some(vec![0]), "{}", name.text());
    }
    assert_eq!(value(&mut statistics, "subnet[1].total-addresses"), 15);
    assert_eq!(value(&mut statistics, "subnet[1].pool[0].total-addresses"), 10);
    assert_eq!(value(&mut statistics, "subnet[1].pool[3].total-addresses"), 5);
    assert_eq!(value(&mut statistics, "subnet[2].pool[0].assigned-addresses"), 0);
    assert_eq!(value(&mut statistics, "subnet[2].reclaimed-leases"), 0);
    for absent in ["total-addresses", "subnet[3].total-addresses", "pkt4-nak-received"] {
        assert_eq!(values(&mut statistics, absent), None, "{absent}");
    }
}

#[test]
fn a_packet_counts_as_what_it_was_and_what_became_of_it() {
    let unit = Unit::V4(Ipv4Addr::new(192, 0, 2, 10));
    let addr = Ipv4Addr::new(192, 0, 2, 10);
    let (discover, extend) = (Some(Ask::Discover), Some(Ask::Extend { addr }));
    let inform = Some(Ask::Inform { addr });
    let leased = Outcome::Answered(Effect::Leased(unit, Secs(9)));
    for (ask, outcome, expected) in [
        (discover, Outcome::Answered(Effect::Offered(unit)), "discover-received sent offer-sent"),
        (discover, leased, "discover-received sent ack-sent"),
        (
            discover,
            Outcome::Answered(Effect::NoneFree),
            "discover-received sent offer-sent v4-allocation-fail",
        ),
        (
            discover,
            Outcome::Dropped(DropReason::NoFreeAddress),
            "discover-received receive-drop v4-allocation-fail",
        ),
        (extend, leased, "request-received sent ack-sent"),
        (
            extend,
            Outcome::Answered(Effect::Reused(unit, Secs(9))),
            "request-received sent ack-sent v4-lease-reuses",
        ),
        (extend, Outcome::Answered(Effect::Refused(unit)), "request-received sent nak-sent"),
        (inform, Outcome::Answered(Effect::Informed), "inform-received sent ack-sent"),
        (
            Some(Ask::Release { addr, server: addr }),
            Outcome::Done(Effect::Released(unit)),
            "release-received",
        ),
        (
            Some(Ask::Decline { addr, server: addr }),
            Outcome::Done(Effect::Declined(unit)),
            "decline-received",
        ),
        (None, Outcome::Dropped(DropReason::NotDhcp), "receive-drop parse-failed"),
        (
            extend,
            Outcome::Dropped(DropReason::ServiceDisabled),
            "request-received receive-drop service-disabled",
        ),
        (extend, Outcome::Dropped(DropReason::UnknownClient), "request-received receive-drop"),
        (Some(Ask::Bootp), leased, "sent"),
    ] {
        let (mut statistics, topology) = statistics();
        statistics.event(&ended(ask, outcome), &topology);
        statistics.seal(at(1));
        let whole = |word: &str| match word.starts_with("v4-") {
            true => word.to_owned(),
            false => format!("pkt4-{word}"),
        };
        let expected: BTreeSet<String> =
            expected.split(' ').chain(["received"]).map(whole).collect();
        let counted = |name: &&Name| {
            **name != Name::TotalAddresses && value(&mut statistics, name.text()) == 1
        };
        let counted: Vec<&Name> = Name::ALL.iter().filter(counted).collect();
        let counted: BTreeSet<String> =
            counted.into_iter().map(|name| name.text().to_owned()).collect();
        assert_eq!(counted, expected, "{ask:?} {outcome:?}");
    }
}

#[test]
fn a_turn_is_one_value() {
    let (mut statistics, topology) = statistics();
    let event = ended(None, Outcome::Dropped(DropReason::NotDhcp));
    for turn in 1..=30 {
        statistics.event(&event, &topology);
        statistics.event(&event, &topology);
        statistics.seal(at(turn));
        statistics.seal(at(turn));
    }
    let kept = values(&mut statistics, "pkt4-received").expect("there is one");
    assert_eq!(kept, (11..=30).rev().map(|turn| 2 * turn).collect::<Vec<_>>());
}

#[test]
fn leases_count_in_pool_subnet_and_server() {
    let (mut statistics, topology) = statistics();
    let count = |assigned, declined, granted| Count { assigned, declined, granted };
    statistics.counted(SubnetId(1), PoolId(0), count(2, 1, 3));
    statistics.counted(SubnetId(1), PoolId(3), count(1, 0, 1));
    statistics.counted(SubnetId(7), PoolId(0), count(1, 0, 0));
    statistics.counted(SubnetId(1), PoolId(0), count(1, 0, 3));
    let declined = Unit::V4(Ipv4Addr::new(192, 0, 2, 21));
    let beside = Unit::V4(Ipv4Addr::new(192, 0, 2, 200));
    statistics.event(&Event::ProbationEnded(declined), &topology);
    statistics.event(&Event::Reclaimed(beside), &topology);
    statistics.seal(at(1));
    for (name, expected) in [
        ("assigned-addresses", 3),
        ("subnet[1].assigned-addresses", 2),
        ("subnet[1].pool[0].assigned-addresses", 1),
        ("subnet[1].declined-addresses", 0),
        ("cumulative-assigned-addresses", 4),
        ("subnet[1].cumulative-assigned-addresses", 4),
        ("reclaimed-leases", 2),
        ("subnet[1].reclaimed-leases", 2),
        ("subnet[1].pool[3].reclaimed-leases", 1),
        ("subnet[1].pool[0].reclaimed-leases", 0),
        ("reclaimed-declined-addresses", 1),
    ] {
        assert_eq!(value(&mut statistics, name), expected, "{name}");
    }
    assert_eq!(values(&mut statistics, "subnet[7].assigned-addresses"), None);

    // The subnet that goes takes its statistics along, and finds the leases when it is back.
    let other = r#"{ "Dhcp4": { "subnet4": [ { "id": 7, "subnet": "203.0.113.0/24" } ] } }"#;
    statistics.configured(&config(other));
    statistics.seal(at(2));
    assert_eq!(value(&mut statistics, "subnet[7].assigned-addresses"), 1);
    assert_eq!(values(&mut statistics, "subnet[1].assigned-addresses"), None);
    statistics.configured(&config(CONFIG));
    statistics.seal(at(2));
    assert_eq!(value(&mut statistics, "subnet[1].assigned-addresses"), 2);
    assert_eq!(value(&mut statistics, "subnet[1].total-addresses"), 15);
    let again = values(&mut statistics, "subnet[1].assigned-addresses");
    statistics.configured(&config(CONFIG));
    statistics.seal(at(3));
    assert_eq!(values(&mut statistics, "subnet[1].assigned-addresses"), again);
}

#[test]
fn what_is_forgotten_comes_back_with_the_next_value() {
    let (mut statistics, topology) = statistics();
    let event = ended(None, Outcome::Dropped(DropReason::NotDhcp));
    let some = |name: &str| Some(name.to_owned());
    statistics.event(&event, &topology);
    statistics.seal(at(1));
    let asked = statistics.ask(&Query::Reset(some("pkt4-received")), at(2));
    assert_eq!(asked, Told::Done);
    assert_eq!(values(&mut statistics, "pkt4-received"), Some(vec![0]));
    assert_eq!(statistics.ask(&Query::Remove(some("pkt4-received")), at(2)), Told::Done);
    assert_eq!(statistics.ask(&Query::Remove(some("pkt4-received")), at(2)), Told::Unknown);
    assert_eq!(statistics.ask(&Query::Reset(some("nonsense")), at(2)), Told::Unknown);
    statistics.ask(&Query::Keep(None, Samples::Count(2)), at(2));
    for turn in 3..9 {
        statistics.event(&event, &topology);
        statistics.seal(at(turn));
    }
    assert_eq!(values(&mut statistics, "pkt4-received"), Some(vec![6, 5]));
    statistics.ask(&Query::Remove(None), at(9));
    assert_eq!(statistics.ask(&Query::Page(None), at(9)), Told::Series(Vec::new()));
    let count = Count { assigned: 1, ..Count::default() };
    statistics.counted(SubnetId(1), PoolId(0), count);
    statistics.seal(at(9));
    assert_eq!(values(&mut statistics, "subnet[1].assigned-addresses"), Some(vec![1]));
}

#[test]
fn a_configuration_puts_right_what_was_reset_or_removed() {
    let (mut statistics, _) = statistics();
    statistics.counted(SubnetId(1), PoolId(0), Count { assigned: 2, ..Count::default() });
    statistics.ask(&Query::Reset(None), at(1));
    let removed = "subnet[2].total-addresses".to_owned();
    assert_eq!(statistics.ask(&Query::Remove(Some(removed.clone())), at(1)), Told::Done);
    assert_eq!(value(&mut statistics, "subnet[1].assigned-addresses"), 0);
    statistics.configured(&config(CONFIG));
    statistics.seal(at(2));
    assert_eq!(value(&mut statistics, "subnet[1].assigned-addresses"), 2);
    assert_eq!(value(&mut statistics, "subnet[1].pool[3].total-addresses"), 5);
    assert_eq!(value(&mut statistics, &removed), 128);
    // Nothing is to be put right now: what is there stays as it is.
    let before = values(&mut statistics, "subnet[1].assigned-addresses");
    statistics.configured(&config(CONFIG));
    statistics.seal(at(3));
    assert_eq!(values(&mut statistics, "subnet[1].assigned-addresses"), before);
}
