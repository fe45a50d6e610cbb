use std::collections::BTreeMap;
use std::sync::Arc;

use lessor_config::Config;
use lessor_types::Seed;
use proptest::prelude::*;

use super::*;

const POOL: PoolKey = PoolKey(0);

fn occupancy(allocator: &str, pool: &str, left_out: bool) -> Occupancy {
    let text = format!(
        r#"{{"Dhcp4": {{"allocator": "{allocator}", "compatibility": {{"exclude-first-last-24": {left_out}}},
        "subnet4": [{{"id": 1, "subnet": "10.0.0.0/16", "pools": [{{"pool": "{pool}"}}]}}]}}}}"#
    );
    let (config, _) = Config::parse(&text, "t").expect("lawful");
    Occupancy::new(&Topology::new(Arc::new(config)))
}

fn unit(number: u32) -> Unit {
    Unit::V4(Ipv4Addr::from(0x0a00_0100 + number))
}

fn free(occupancy: &Occupancy, attempt: u64) -> Vec<Unit> {
    occupancy.free(POOL, &Seed(7).keyed(1, attempt)).collect()
}

/// What a pool must know of its addresses: since when each is free, by the number of the step.
#[derive(Default)]
struct Naive(BTreeMap<Unit, (Use, u64)>);

impl Naive {
    fn free(&self) -> Vec<Unit> {
        self.0.iter().filter(|(_, (what, _))| *what != Use::Taken).map(|(unit, _)| *unit).collect()
    }
}

proptest! {
    /// Whatever is taken and freed, each allocator lists exactly the free addresses, each once; so
    /// it never gives one twice, and finds the last one. The queue lists what was freed longest
    /// ago first.
    #[test]
    fn every_allocator_lists_what_is_free(
        allocator in prop::sample::select(vec!["iterative", "random", "flq"]),
        size in 1_u32..70,
        steps in prop::collection::vec((0_u32..70, 0_u8..4), 0..150),
    ) {
        let range = format!("10.0.1.0 - 10.0.1.{}", size - 1);
        let mut occupancy = occupancy(allocator, &range, false);
        let mut naive = Naive::default();
        naive.0.extend((0..size).map(|number| (unit(number), (Use::Vacant, 0))));
        for ((number, what), step) in steps.into_iter().zip(1_u64..) {
            let unit = unit(number % size);
            let what = match what {
                0 => Use::Vacant,
                1 => Use::Reusable,
                _ => Use::Taken,
            };
            occupancy.mark(POOL, unit, what);
            if let Some((before, since)) = naive.0.get_mut(&unit) {
                let freed = *before == Use::Taken && what != Use::Taken;
                let found = *before == Use::Vacant && what == Use::Reusable && *since == 0;
                *since = if freed || found { step } else { *since };
                *before = what;
            }
            let listed = free(&occupancy, step);
            let mut sorted = listed.clone();
            sorted.sort();
            prop_assert_eq!(&sorted, &naive.free());
            let in_use = occupancy.in_use(POOL).expect("a pool");
            prop_assert_eq!(in_use.size, u64::from(size));
            prop_assert_eq!(in_use.taken, u64::from(size) - sorted.len() as u64);
            if allocator == "flq" {
                let since: Vec<u64> = listed.iter().map(|unit| naive.0[unit].1).collect();
                prop_assert!(since.is_sorted(), "{:?}", since);
            }
        }
    }
}

#[test]
fn random_draws_differ_by_attempt_and_agree_with_themselves() {
    let occupancy = occupancy("random", "10.0.1.0 - 10.0.4.255", false);
    let firsts: Vec<Unit> = (0..64).map(|attempt| free(&occupancy, attempt)[0]).collect();
    let again: Vec<Unit> = (0..64).map(|attempt| free(&occupancy, attempt)[0]).collect();
    assert_eq!(firsts, again);
    let different: std::collections::BTreeSet<Unit> = firsts.into_iter().collect();
    assert!(different.len() > 48, "{different:?}");
}

#[test]
fn random_finds_the_last_free_address() {
    let mut occupancy = occupancy("random", "10.0.1.0 - 10.0.255.255", false);
    for number in 0..65_280 {
        if number != 40_000 {
            occupancy.mark(POOL, unit(number), Use::Taken);
        }
    }
    assert!((0..100).all(|attempt| free(&occupancy, attempt) == [unit(40_000)]));
}

#[test]
fn the_ends_of_each_256_are_left_out() {
    let mut occupancy = occupancy("iterative", "10.0.1.254 - 10.0.3.1", true);
    let in_use = occupancy.in_use(POOL).expect("a pool");
    assert_eq!((in_use.taken, in_use.size), (0, 1 + 254 + 1));
    for number in [255, 256, 511, 512] {
        occupancy.mark(POOL, unit(number), Use::Vacant);
        occupancy.mark(POOL, unit(number), Use::Reusable);
        assert!(!free(&occupancy, 0).contains(&unit(number)));
    }
    assert_eq!(free(&occupancy, 0).len(), 256);
}
