//! What shows leases.

use std::sync::Arc;

use lessor_env::Env;
use lessor_lease::{Lease, State};
use lessor_server::{Command, LeaseQuery, Reply};
use lessor_types::Unit;
use serde_json::{Value, json};

use super::lease_query::{self as query, Key};
use super::{aside, command, ending};
use crate::control::envelope::Answer;
use crate::control::{Desk, leases};

type Leases = Vec<Arc<Lease>>;

pub(super) async fn get(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let (query, subnet) = match query::key(arguments) {
        Ok(Key::Unit(unit)) => (LeaseQuery::Unit(unit), None),
        Ok(Key::HwAddr(hw, subnet)) => (LeaseQuery::HwAddr(hw), Some(subnet)),
        Ok(Key::ClientId(id, subnet)) => (LeaseQuery::ClientId(id), Some(subnet)),
        Err(why) => return Answer::error(why),
    };
    match gather(desk, &query).await {
        Ok(found) => {
            let is_there = |row: &&Arc<Lease>| subnet.is_none_or(|subnet| row.subnet == subnet);
            match found.iter().find(is_there) {
                Some(row) => Answer::success("IPv4 lease found.").with(leases::lease4(row)),
                None => Answer { result: Answer::EMPTY, ..Answer::success("Lease not found.") },
            }
        }
        Err(answer) => answer,
    }
}

pub(super) async fn get_all(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let subnets = match query::subnets(arguments) {
        Ok(subnets) => subnets,
        Err(why) => return Answer::error(why),
    };
    let Some(subnets) = subnets else {
        return shown(desk, walk(desk, None, None, |_| true).await).await;
    };
    let place = |row: &Lease| subnets.iter().position(|subnet| *subnet == row.subnet);
    let mut found = walk(desk, None, None, |row| place(row).is_some()).await;
    if let Ok(found) = &mut found {
        // In the order in which they were asked for; it keeps that of the units within each.
        found.sort_by_key(|row| place(row));
    }
    shown(desk, found).await
}

pub(super) async fn get_by_client_id(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    match query::client_id(arguments) {
        Ok(id) => shown(desk, gather(desk, &LeaseQuery::ClientId(id)).await).await,
        Err(why) => Answer::error(why),
    }
}

pub(super) async fn get_by_hw_address(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    match query::hw_address(arguments) {
        Ok(hw) => shown(desk, gather(desk, &LeaseQuery::HwAddr(hw)).await).await,
        Err(why) => Answer::error(why),
    }
}

pub(super) async fn get_by_hostname(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let name = match query::hostname(arguments) {
        Ok(name) => name,
        Err(why) => return Answer::error(why),
    };
    let has_name = |row: &Lease| {
        row.hostname.as_deref().is_some_and(|hostname| hostname.eq_ignore_ascii_case(name))
    };
    shown(desk, walk(desk, None, None, has_name).await).await
}

pub(super) async fn get_by_state(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let (number, subnet) = match query::state(arguments) {
        Ok(asked) => asked,
        Err(why) => return Answer::error(why),
    };
    let state = State::from_number(number);
    let is_so =
        |row: &Lease| Some(row.state) == state && subnet.is_none_or(|subnet| row.subnet == subnet);
    let mut answer = shown(desk, walk(desk, None, None, is_so).await).await;
    if answer.result != Answer::ERROR {
        let named = match state {
            Some(state) => format!("{} ({number})", query::state_name(state)),
            None => number.to_string(),
        };
        let within = subnet.map(|subnet| format!(" in subnet {subnet}")).unwrap_or_default();
        let found = answer.text.trim_end_matches('.');
        answer.text = format!("{found} with state {named}{within}.");
    }
    answer
}

pub(super) async fn get_page(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let (after, limit) = match query::page(arguments) {
        Ok(page) => page,
        Err(why) => return Answer::error(why),
    };
    let mut answer = shown(desk, walk(desk, after, Some(limit), |_| true).await).await;
    if let Some(Value::Object(shown)) = &mut answer.arguments {
        let count = shown.get("leases").and_then(Value::as_array).map_or(0, Vec::len);
        shown.insert("count".to_owned(), json!(count));
    }
    answer
}

/// The answer with these leases. Thousands as text take their time.
async fn shown(desk: &Desk<impl Env>, found: Result<Leases, Answer>) -> Answer {
    let found = match found {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let shown = aside(desk, move || {
        let leases: Vec<Value> = found.iter().map(|lease| leases::lease4(lease)).collect();
        let count = leases.len();
        Answer {
            result: if count == 0 { Answer::EMPTY } else { Answer::SUCCESS },
            text: format!("{count} IPv4 lease(s) found."),
            arguments: Some(json!({ "leases": leases })),
        }
    });
    shown.await.unwrap_or_else(ending)
}

/// Leases that the machine finds by itself, in steps, so that none holds it up.
async fn gather(desk: &Desk<impl Env>, query: &LeaseQuery) -> Result<Leases, Answer> {
    let mut found = Leases::new();
    let mut after = None;
    loop {
        let some = step(desk, query.clone(), after, u32::MAX).await?;
        let Some(last) = some.last() else {
            return Ok(found);
        };
        after = Some(last.unit);
        found.extend(some);
        if matches!(query, LeaseQuery::Unit(_)) {
            return Ok(found);
        }
    }
}

/// Those of all leases, as they are now, that are to be kept: behind a unit, and no more than
/// `limit`.
async fn walk(
    desk: &Desk<impl Env>,
    after: Option<Unit>,
    limit: Option<u32>,
    keep: impl Fn(&Lease) -> bool,
) -> Result<Leases, Answer> {
    let Some(Reply::Snapshot(snapshot)) = command(desk, Command::Snapshot).await else {
        return Err(ending());
    };
    let query = LeaseQuery::All(snapshot);
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut found = Leases::new();
    let mut place = after;
    let outcome = loop {
        let rest = u32::try_from(limit - found.len()).unwrap_or(u32::MAX);
        if rest == 0 {
            break Ok(());
        }
        let some = match step(desk, query.clone(), place, rest).await {
            Ok(some) => some,
            Err(answer) => break Err(answer),
        };
        let Some(last) = some.last() else {
            break Ok(());
        };
        place = Some(last.unit);
        found.extend(some.into_iter().filter(|row| keep(row)));
    };
    command(desk, Command::EndSnapshot(snapshot)).await;
    outcome.map(|()| found)
}

async fn step(
    desk: &Desk<impl Env>,
    query: LeaseQuery,
    after: Option<Unit>,
    limit: u32,
) -> Result<Leases, Answer> {
    match command(desk, Command::Leases { query, after, limit }).await {
        Some(Reply::Leases(some)) => Ok(some),
        Some(Reply::Outdated) => {
            Err(Answer::error("the leases were read anew from the store meanwhile: ask again"))
        }
        Some(Reply::StoreUnavailable) => Err(Answer::error("the lease database does not answer")),
        Some(_) | None => Err(ending()),
    }
}
