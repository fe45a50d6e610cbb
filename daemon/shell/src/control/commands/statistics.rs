//! What shows, resets and forgets statistics.

use lessor_config::Samples;
use lessor_env::Env;
use lessor_types::Secs;
use serde_json::{Map, Value, json};

use super::{ask, ending};
use crate::control::Desk;
use crate::control::envelope::Answer;
use crate::request::Request;
use crate::statistics::{Key, Query, Sample, Told};

pub(super) async fn get(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let name = match name(arguments) {
        Ok(name) => name,
        Err(why) => return Answer::error(why),
    };
    match tell(desk, Query::One(name)).await {
        Some(Told::Series(series)) => Answer::success("").with(Value::Object(shown(series))),
        // Clients ask for what may not have happened yet.
        Some(_) => Answer::success("").with(json!({})),
        None => ending(),
    }
}

pub(super) async fn get_all(desk: &Desk<impl Env>) -> Answer {
    pages(desk, |_| true).await
}

pub(super) async fn global_get_all(desk: &Desk<impl Env>) -> Answer {
    pages(desk, Key::is_global).await
}

pub(super) async fn reset(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    change(name(arguments), desk, Query::Reset, |name| format!("Statistic '{name}' reset.")).await
}

pub(super) async fn reset_all(desk: &Desk<impl Env>) -> Answer {
    told(desk, Query::Reset(None), "", "All statistics reset to neutral values.").await
}

pub(super) async fn remove(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    change(name(arguments), desk, Query::Remove, |name| format!("Statistic '{name}' removed."))
        .await
}

pub(super) async fn remove_all(desk: &Desk<impl Env>) -> Answer {
    let text = "Warning: statistic-remove-all command is deprecated. All statistics removed.";
    told(desk, Query::Remove(None), "", text).await
}

pub(super) async fn age_set(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let keep = |_: &str| age(arguments);
    set(arguments, desk, keep, "duration").await
}

pub(super) async fn age_set_all(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    match age(arguments) {
        Ok(keep) => {
            let query = Query::Keep(None, keep);
            told(desk, query, "", "All statistics duration limit are set.").await
        }
        Err(why) => Answer::error(why),
    }
}

pub(super) async fn count_set(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    let keep = |_: &str| count(arguments);
    set(arguments, desk, keep, "count").await
}

pub(super) async fn count_set_all(arguments: Option<&Value>, desk: &Desk<impl Env>) -> Answer {
    match count(arguments) {
        Ok(keep) => {
            told(desk, Query::Keep(None, keep), "", "All statistics count limit are set.").await
        }
        Err(why) => Answer::error(why),
    }
}

async fn set(
    arguments: Option<&Value>,
    desk: &Desk<impl Env>,
    keep: impl FnOnce(&str) -> Result<Samples, String>,
    what: &str,
) -> Answer {
    let asked = name(arguments).and_then(|name| keep(&name).map(|keep| (name, keep)));
    match asked {
        Ok((name, keep)) => {
            let text = format!("Statistic '{name}' {what} limit is set.");
            let query = Query::Keep(Some(name.clone()), keep);
            told(desk, query, &name, &text).await
        }
        Err(why) => Answer::error(why),
    }
}

async fn change(
    name: Result<String, String>,
    desk: &Desk<impl Env>,
    query: impl FnOnce(Option<String>) -> Query,
    text: impl FnOnce(&str) -> String,
) -> Answer {
    match name {
        Ok(name) => told(desk, query(Some(name.clone())), &name, &text(&name)).await,
        Err(why) => Answer::error(why),
    }
}

async fn told(desk: &Desk<impl Env>, query: Query, name: &str, text: &str) -> Answer {
    match tell(desk, query).await {
        Some(Told::Unknown) => Answer::error(format!("No '{name}' statistic found")),
        Some(_) => Answer::success(text),
        None => ending(),
    }
}

async fn tell(desk: &Desk<impl Env>, query: Query) -> Option<Told> {
    ask(desk, |answer| Request::Statistics(query, answer)).await
}

/// All that are to be shown, in steps, so that none holds the loop up.
async fn pages(desk: &Desk<impl Env>, keep: impl Fn(Key) -> bool) -> Answer {
    let mut all = Map::new();
    let mut after = None;
    loop {
        let some = match tell(desk, Query::Page(after)).await {
            Some(Told::Series(some)) => some,
            Some(_) => return Answer::error("statistics cannot be listed"),
            None => return ending(),
        };
        let Some((last, _)) = some.last() else {
            return Answer::success("").with(Value::Object(all));
        };
        after = Some(*last);
        all.extend(shown(some.into_iter().filter(|(key, _)| keep(*key)).collect()));
    }
}

fn shown(series: Vec<(Key, Vec<Sample>)>) -> Map<String, Value> {
    let sample = |sample: &Sample| json!([sample.value, sample.stamp()]);
    let samples = |samples: Vec<Sample>| samples.iter().map(sample).collect::<Value>();
    series.into_iter().map(|(key, values)| (key.to_string(), samples(values))).collect()
}

fn field<'a>(arguments: Option<&'a Value>, name: &str) -> Result<&'a Value, String> {
    arguments
        .and_then(|arguments| arguments.get(name))
        .ok_or_else(|| format!("Missing mandatory '{name}' parameter."))
}

fn name(arguments: Option<&Value>) -> Result<String, String> {
    let name = field(arguments, "name")?.as_str();
    name.map(str::to_owned).ok_or_else(|| "'name' parameter expected to be a string.".to_owned())
}

fn number(arguments: Option<&Value>, name: &str) -> Result<u32, String> {
    let value = field(arguments, name)?;
    let number =
        value.as_i64().ok_or_else(|| format!("'{name}' parameter expected to be an integer."))?;
    u32::try_from(number)
        .map_err(|_| format!("'{name}' parameter is not a 32 bit unsigned integer."))
}

fn age(arguments: Option<&Value>) -> Result<Samples, String> {
    number(arguments, "duration").map(|secs| Samples::Age(Secs(secs)))
}

fn count(arguments: Option<&Value>) -> Result<Samples, String> {
    match number(arguments, "max-samples")? {
        0 => Err("'max-samples' parameter must not be zero".to_owned()),
        count => Ok(Samples::Count(count)),
    }
}
