//! A power cut at every point, and at every octet of what was being written.

use lessor_lease::Lease;
use lessor_sim_disk::{Crash, Kind, SimDisk, Survival};
use lessor_store_contract::rows::{any_lease, lease, unit};
use lessor_types::{Unit, Wall};
use proptest::prelude::*;

use crate::oracle::Oracle;
use crate::world::{Action, World, recover};

fn put(last: u8, client: u8) -> (Unit, Option<Lease>) {
    let expires = Wall::from_secs(1_700_000_000 + i64::from(client));
    let lease = Lease { expires, ..lease(last, client) };
    (unit(last), Some(lease))
}

fn gone(last: u8) -> (Unit, Option<Lease>) {
    (unit(last), None)
}

/// Opening, commits, rotation, a compaction with commits in between, one that is abandoned in each
/// of several places and taken up again, a failed sync, a full disk, reopening.
fn session() -> Vec<Action> {
    use Action::{Abandon, Commit, Compact, FailNext, Reopen, Room, Rotate};
    let mut actions = vec![
        Commit(vec![put(1, 1), put(2, 2), put(3, 3)]),
        Commit(vec![put(2, 12)]),
        Commit(vec![gone(3), put(4, 4)]),
        Rotate,
        Compact(2, 2),
        Commit(vec![put(1, 11), gone(2)]),
        Compact(100, 2),
        Commit(vec![put(3, 13)]),
        Rotate,
        Compact(1, 1),
        Commit(vec![put(5, 5)]),
        Abandon,
        Reopen,
        Commit(vec![gone(1)]),
    ];
    for (steps, client) in (6..13).zip(106..) {
        actions.extend([Rotate, Compact(steps, 3), Commit(vec![put(6, client), gone(5)]), Abandon]);
    }
    actions.extend([
        Reopen,
        Compact(100, 100),
        FailNext(Kind::Sync),
        Commit(vec![put(1, 21), gone(4)]),
        Commit(vec![put(7, 7)]),
        Room(Some(100)),
        Commit(vec![put(1, 31), put(2, 32), put(8, 8)]),
        Room(None),
        Commit(vec![put(9, 9)]),
        Rotate,
        Commit(vec![put(1, 41)]),
        Compact(100, 100),
    ]);
    actions
}

/// Runs the session with a crash at every point, lets every mixture of changes survive, and
/// recovers; says how many recoveries there were.
fn explore(lie: fn(&SimDisk)) -> Result<usize, String> {
    let mut tried = 0;
    for k in 0.. {
        let mut world = World::new(k);
        lie(&world.disk);
        world.disk.crash_at(k);
        world.run(&session())?;
        if !world.disk.crashed() {
            break;
        }
        let World { disk, oracle, .. } = world;
        for crash in crashes(&disk) {
            let what = || {
                let last = disk.trace().last().map(ToString::to_string);
                format!("crash at change {k}, {last:?}, {crash:?}: ")
            };
            let after = disk.fork();
            after.crash(crash);
            // The recovery has an honest disk with room, so that it is the session that is judged.
            after.set_capacity(None);
            after.forget_syncs(false);
            after.forget_dir_syncs(false);
            let twice = corners().contains(&crash);
            tried += try_recovery(&after, &oracle, twice).map_err(|why| what() + &why)?;
        }
    }
    Ok(tried)
}

/// The end of the process, and power cuts at which all or nothing of each kind survives.
fn corners() -> Vec<Crash> {
    let ends = [Survival::Nothing, Survival::Everything];
    let mut crashes = vec![Crash::Process];
    for data in ends {
        crashes.extend(ends.map(|names| Crash::Power { data, names }));
    }
    crashes
}

/// Those of them that differ on this disk.
fn corners_of(disk: &SimDisk) -> Vec<Crash> {
    let pending = disk.names().iter().any(|name| disk.pending_octets(name) > 0);
    if pending || disk.pending_names() > 0 {
        return corners();
    }
    corners().into_iter().take(2).collect()
}

/// Every tear of the last write (of long copies every 31st), and every prefix of the directory
/// changes.
fn crashes(disk: &SimDisk) -> Vec<Crash> {
    let ends = [Survival::Nothing, Survival::Everything];
    let mut crashes = corners_of(disk);
    crashes.push(Crash::DRAWN);
    let octets = disk.names().iter().map(|name| disk.pending_octets(name)).max();
    let octets = octets.unwrap_or(0);
    let stride = if octets > 300 { 31 } else { 1 };
    let names = disk.pending_names();
    let which = if names == 0 { &ends[..1] } else { &ends };
    for data in (0..octets).step_by(stride).map(Survival::First) {
        crashes.extend(which.iter().map(|names| Crash::Power { data, names: *names }));
    }
    for names in (1..names).map(Survival::First) {
        crashes.extend(ends.map(|data| Crash::Power { data, names }));
    }
    crashes
}

/// Recovers: at once, and (if `twice`) after a second crash at each point of a first recovery. What
/// a recovery has told must be there after any further crash.
fn try_recovery(disk: &SimDisk, oracle: &Oracle, twice: bool) -> Result<usize, String> {
    let mut tried = 0;
    let first = disk.fork();
    let before = first.ops();
    recover_twice(&first, oracle)?;
    let points = if twice { first.ops() - before } else { 0 };
    for j in 0..points {
        let cut = disk.fork();
        cut.crash_at(j);
        if recover(&cut).is_ok() {
            break;
        }
        for crash in corners_of(&cut) {
            let again = cut.fork();
            again.crash(crash);
            recover_twice(&again, oracle)
                .map_err(|why| format!("again at {j} of the recovery, {crash:?}: {why}"))?;
            tried += 1;
        }
    }
    Ok(tried + 1)
}

fn recover_twice(disk: &SimDisk, oracle: &Oracle) -> Result<(), String> {
    let rows = recover(disk).map_err(|error| error.to_string())?;
    oracle.check(&rows)?;
    disk.crash(Crash::Power { data: Survival::Nothing, names: Survival::Nothing });
    let again = recover(disk).map_err(|error| error.to_string())?;
    if rows != again {
        return Err(format!("told {rows:?}\nand after a power cut {again:?}"));
    }
    Ok(())
}

#[test]
fn no_crash_loses_what_was_done_or_finds_what_was_not() {
    let tried = explore(|_| {}).unwrap_or_else(|why| panic!("{why}"));
    assert!(tried > 10_000, "only {tried} recoveries");
}

/// The exploration would notice a store that does not sync, and a directory that is not synced.
#[test]
fn a_disk_that_lies_is_found_out() {
    let lies: [fn(&SimDisk); 2] =
        [|disk| disk.forget_syncs(true), |disk| disk.forget_dir_syncs(true)];
    for lie in lies {
        let why = explore(lie).expect_err("it lost what was synced");
        let lost_rows = why.contains("but may only be one of");
        let lost_header = why.contains("line 1: found `\0");
        assert!(lost_rows || lost_header, "{why}");
    }
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let goal = (0_u8..8).prop_flat_map(|last| {
        let to = prop::option::weighted(0.7, any_lease(last));
        (Just(unit(last)), to)
    });
    let batch = prop::collection::vec(goal, 0..5).prop_map(|mut goals| {
        goals.sort_by_key(|(unit, _)| *unit);
        goals.dedup_by_key(|(unit, _)| *unit);
        Action::Commit(goals)
    });
    let kinds = [
        Kind::Open,
        Kind::Read,
        Kind::Create,
        Kind::Append,
        Kind::Truncate,
        Kind::Sync,
        Kind::Rename,
        Kind::Remove,
        Kind::SyncDir,
    ];
    let crashes = prop_oneof![Just(Crash::DRAWN), prop::sample::select(corners()),];
    let action = prop_oneof![
        10 => batch,
        2 => Just(Action::Rotate),
        6 => (1_usize..8, 1_usize..5).prop_map(|(steps, rows)| Action::Compact(steps, rows)),
        1 => Just(Action::Abandon),
        2 => prop::sample::select(kinds.to_vec()).prop_map(Action::FailNext),
        1 => prop::option::of(0_u64..300).prop_map(Action::Room),
        1 => Just(Action::Reopen),
        2 => crashes.prop_map(Action::Crash),
    ];
    prop::collection::vec(action, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Through any history of faults and crashes the file says what was answered.
    #[test]
    fn the_file_agrees_with_the_answers(seed in any::<u64>(), actions in actions()) {
        let mut world = World::new(seed);
        world.run(&actions).map_err(TestCaseError::fail)?;
        world.run(&[Action::Crash(Crash::DRAWN)]).map_err(TestCaseError::fail)?;
    }
}
