//! The faults that touched it.

use std::collections::BTreeSet;

use super::{Followed, words};
use crate::history::Station;
use crate::lan::cuts;
use crate::schedule::{Fault, FaultKind};

/// A fault in words, as it begins; none of a kind that shows in what it does to packets.
pub(super) fn begins(fault: &FaultKind, for_ms: u64) -> Option<String> {
    let long = || words::length(for_ms.saturating_mul(1_000_000));
    Some(match fault {
        FaultKind::Squat { addr } => {
            format!("somebody with a fixed address began to use {addr}, for {}", long())
        }
        FaultKind::Pause { server } => format!("server {server} stood still for {}", long()),
        // Whether it could strike is said by the server's going down.
        FaultKind::Crash { .. } => return None,
        FaultKind::CrashAtDisk { server, calls, power } => format!(
            "it was arranged that {} server {server} at the {} call from then that changes its disk",
            if *power { "power fails at" } else { "something kills" },
            ordinal(*calls)
        ),
        FaultKind::ClockJump { server, by_ms } => format!(
            "the wall clock of server {server} leapt {} by {}",
            if *by_ms < 0 { "backward" } else { "forward" },
            words::length(by_ms.unsigned_abs().saturating_mul(1_000_000))
        ),
        FaultKind::Reconfigure { config } => {
            format!("the servers were given configuration {config}")
        }
        FaultKind::DiskSlow { server, max_ms } => format!(
            "the disk of server {server} grew slow (up to {max_ms} ms for a sync), for {}",
            long()
        ),
        FaultKind::DiskFail { server, call } => {
            format!("the disk of server {server} was to fail at its next {call:?}")
        }
        FaultKind::DiskFull { server, room } => {
            format!("the disk of server {server} had {room} octets left, for {}", long())
        }
        FaultKind::StoreOutage => format!("the shared store went silent for {}", long()),
        FaultKind::StoreSlow { max_ms } => {
            format!("the shared store grew slow (up to {max_ms} ms one way), for {}", long())
        }
        FaultKind::StoreCutBefore { .. }
        | FaultKind::StoreCutAfter { .. }
        | FaultKind::StoreRetry { .. } => return None,
        FaultKind::PartnerSlow { max_ms } => {
            format!("the partner grew slow (up to {max_ms} ms), for {}", long())
        }
        FaultKind::PartnerRejects { .. } => {
            format!("the partner began to disagree, for {}", long())
        }
        FaultKind::PartnerGone { detect_ms } => format!(
            "the partner fell silent for {}, which is noticed after {}",
            long(),
            words::length(detect_ms.saturating_mul(1_000_000))
        ),
        FaultKind::Restore { server } => format!("the lease file of server {server} was copied"),
        FaultKind::ClockLost { server } => {
            format!("the machine of server {server} went down, and lost its clock")
        }
        FaultKind::Loss { .. }
        | FaultKind::Duplicate { .. }
        | FaultKind::Delay { .. }
        | FaultKind::Partition { .. }
        | FaultKind::RelayLoss { .. }
        | FaultKind::RelayDuplicate { .. } => return None,
        #[allow(unreachable_patterns, reason = "a kind that has no words yet has a name")]
        other => format!(
            "trouble of the kind {} began, for {}",
            FaultKind::NAMES.get(other.index()).unwrap_or(&"unknown"),
            long()
        ),
    })
}

/// A fault in words, as it ends; none where nothing is to be said.
pub(super) fn ends(fault: &FaultKind) -> Option<String> {
    Some(match fault {
        FaultKind::Squat { addr } => format!("whoever used {addr} was gone"),
        FaultKind::StoreOutage => "the shared store answered again".to_owned(),
        FaultKind::PartnerGone { .. } => "the partner was there again".to_owned(),
        FaultKind::Restore { server } => {
            format!("the copy of the lease file was put in its place at server {server}")
        }
        FaultKind::ClockLost { server } => {
            format!("the wall clock of server {server} was set right")
        }
        _ => return None,
    })
}

/// Whether a fault has to do with what is followed.
pub(super) fn touches(fault: &FaultKind, followed: Followed) -> bool {
    match (fault, followed) {
        (FaultKind::Squat { addr }, Followed::Addr(followed)) => *addr == followed,
        (FaultKind::Squat { .. }, Followed::Client(_)) => false,
        _ => true,
    }
}

/// Why a packet may have been lost between two stations.
pub(super) fn why_lost(from: Station, to: Station, active: &[&Fault]) -> String {
    let mut why = BTreeSet::new();
    for fault in active {
        let relay = [from, to].iter().any(|it| matches!(it, Station::Relay(_)));
        match fault.kind {
            FaultKind::Partition { .. } if cuts(&fault.kind, from, to) => {
                return " in a partition".to_owned();
            }
            FaultKind::Loss { .. } => {
                why.insert("packets are being lost");
            }
            FaultKind::RelayLoss { .. } if relay => {
                why.insert("the relay is losing packets");
            }
            _ => {}
        }
    }
    match why.len() {
        0 => String::new(),
        _ => format!(" ({})", why.into_iter().collect::<Vec<_>>().join(", and ")),
    }
}

fn ordinal(number: u64) -> String {
    match number {
        0 | 1 => "next".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        _ => format!("{number}th"),
    }
}
