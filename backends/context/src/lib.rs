//! A lease's user context: a JSON map that belongs to the operator, with one member that is ours.
//!
//! Kea's lease files and tables have no room for some of what a lease must remember. It rides here.
//!
//! # Map
//! - [`Ours`]: what our member says.
//! - [`join`], [`split`]: both parts as one text, and apart again.
//!
//! # Does not
//! Know which store keeps the text, or which of its columns said the rest.
//!
//! # Invariants
//! The operator's members are kept to the letter and in their order: the text around our member is
//! cut and joined, never printed again.
#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use lessor_lease::Promises;
use lessor_types::{HwAddr, Wall};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// The member that is ours.
const KEY: &str = "lessor";

/// What a store's columns have no room for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ours {
    /// What must be remembered between partners.
    pub promises: Option<Box<Promises>>,
    /// The hardware type, where it is not Ethernet's.
    pub htype: Option<u16>,
    /// When the lease ends, in seconds since 1970, where the column for it cannot say.
    pub expires: Option<i64>,
    /// The state's number, where the table's version does not know that state.
    pub state: Option<u8>,
    /// The pool, where the table's version has no column for it.
    pub pool: Option<u32>,
}

impl Ours {
    /// What goes with every row of this link-layer address and these promises.
    #[must_use]
    pub fn of(hw: &HwAddr, promises: Option<&Promises>) -> Self {
        Self {
            promises: promises.map(|promises| Box::new(*promises)),
            htype: (hw.htype() != HwAddr::ETHERNET).then_some(hw.htype()),
            ..Self::default()
        }
    }
}

/// The text of a context that holds both; empty where there is neither.
///
/// # Errors
/// Says what is wrong where `foreign` is not a JSON map or has our member already.
pub fn join<'a>(foreign: Option<&'a str>, ours: &Ours) -> Result<Cow<'a, str>, String> {
    let foreign = foreign.unwrap_or("");
    let last = if foreign.is_empty() {
        None
    } else {
        let members = members(foreign)?;
        if members.iter().any(|member| member.ours) {
            return Err(format!("the member `{KEY}` is reserved"));
        }
        members.last().map(|member| member.end)
    };
    if *ours == Ours::default() {
        return Ok(Cow::Borrowed(foreign));
    }
    let (head, tail) = last.and_then(|end| foreign.split_at_checked(end)).unwrap_or(("{", "}"));
    let comma = if last.is_some() { "," } else { "" };
    Ok(Cow::Owned(format!("{head}{comma}{ours}{tail}")))
}

/// The foreign context, if there is one, and what is ours in `text`.
///
/// # Errors
/// Says what is wrong where the text is not a JSON map, or our member not one of ours.
pub fn split(text: &str) -> Result<(Option<Cow<'_, str>>, Ours), String> {
    if text.is_empty() {
        return Ok((None, Ours::default()));
    }
    let members = members(text)?;
    let mut found = members.iter().enumerate().filter(|(_, member)| member.ours);
    let Some((place, member)) = found.next() else {
        let foreign = (!members.is_empty()).then_some(Cow::Borrowed(text));
        return Ok((foreign, Ours::default()));
    };
    if found.next().is_some() {
        return Err(format!("the member `{KEY}` is there twice"));
    }
    let ours = parse(member.value.get())?;
    let before = place.checked_sub(1).and_then(|place| members.get(place));
    let cut = match before {
        Some(before) => before.end..member.end,
        None if members.len() == 1 => return Ok((None, ours)),
        None => {
            let open = text.find('{').unwrap_or(0) + 1;
            let comma = text.get(member.end..).and_then(|rest| rest.find(','));
            open..member.end + comma.unwrap_or(0) + 1
        }
    };
    let mut foreign = text.to_owned();
    foreign.replace_range(cut, "");
    Ok((Some(Cow::Owned(foreign)), ours))
}

impl fmt::Display for Ours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = String::new();
        if let Some(promises) = self.promises.as_deref() {
            write!(
                body,
                r#""epoch":{},"tenancy":{},"version":{}"#,
                promises.epoch, promises.tenancy, promises.version
            )?;
            for (name, wall) in
                [("told", promises.told), ("acked", promises.acked), ("high", promises.high)]
            {
                match wall.map(|wall| (wall.secs(), wall.subsec_nanos())) {
                    Some((secs, 0)) => write!(body, r#","{name}":{secs}"#)?,
                    Some((secs, nanos)) => write!(body, r#","{name}":[{secs},{nanos}]"#)?,
                    None => {}
                }
            }
        }
        for (name, number) in [
            ("htype", self.htype.map(i64::from)),
            ("expires", self.expires),
            ("state", self.state.map(i64::from)),
            ("pool", self.pool.map(i64::from)),
        ] {
            if let Some(number) = number {
                let comma = if body.is_empty() { "" } else { "," };
                write!(body, r#"{comma}"{name}":{number}"#)?;
            }
        }
        write!(f, r#""{KEY}":{{{body}}}"#)
    }
}

/// Reads the value of our member. What it does not know it passes over: a later version wrote it.
fn parse(text: &str) -> Result<Ours, String> {
    let wrong = |name: &str| format!("`{name}` in `{KEY}` is not what it should be");
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let map = value.as_object().ok_or_else(|| wrong(KEY))?;
    let number = |name| match map.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .map(Some)
            .ok_or_else(|| wrong(name)),
    };
    let wall = |name| match map.get(name) {
        None => Ok(None),
        Some(value) => read_wall(value).map(Some).ok_or_else(|| wrong(name)),
    };
    let promises = match number("epoch")? {
        None => None,
        Some(epoch) => Some(Box::new(Promises {
            epoch,
            tenancy: number("tenancy")?.unwrap_or(0),
            version: number("version")?.unwrap_or(0),
            told: wall("told")?,
            acked: wall("acked")?,
            high: wall("high")?,
        })),
    };
    let htype = number("htype")?.map(u16::try_from).transpose().map_err(|_| wrong("htype"))?;
    let state = number("state")?.map(u8::try_from).transpose().map_err(|_| wrong("state"))?;
    let expires = match map.get("expires") {
        None => None,
        Some(value) => Some(value.as_i64().ok_or_else(|| wrong("expires"))?),
    };
    Ok(Ours { promises, htype, expires, state, pool: number("pool")? })
}

fn read_wall(value: &Value) -> Option<Wall> {
    match value.as_array().map(Vec::as_slice) {
        None => Some(Wall::from_secs(value.as_i64()?)),
        Some([secs, nanos]) => {
            let nanos = u32::try_from(nanos.as_u64()?).ok()?;
            Some(Wall::new(secs.as_i64()?, nanos))
        }
        Some(_) => None,
    }
}

/// One member of a map.
struct Member<'a> {
    ours: bool,
    value: &'a RawValue,
    /// Where in the text its value ends.
    end: usize,
}

fn members(text: &str) -> Result<Vec<Member<'_>>, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    (&mut json)
        .deserialize_map(Collect { text })
        .and_then(|members| json.end().map(|()| members))
        .map_err(|error| error.to_string())
}

struct Collect<'a> {
    text: &'a str,
}

impl<'a> Visitor<'a> for Collect<'a> {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<Cow<'a, str>, &'a RawValue>()? {
            // The value is a part of the text: its place is the distance between the two.
            let start = value.get().as_ptr().addr() - self.text.as_ptr().addr();
            members.push(Member { ours: key == KEY, value, end: start + value.get().len() });
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number<T: Arbitrary + 'static>() -> impl Strategy<Value = Option<T>> {
        prop::option::of(any::<T>())
    }

    prop_compose! {
        fn any_ours()(
            tenancy in number::<u32>(),
            told in prop::option::of((any::<i64>(), 0_u32..1_000_000_000)),
            htype in number::<u16>(),
            expires in number::<i64>(),
            state in number::<u8>(),
            pool in number::<u32>(),
        ) -> Ours {
            let told = told.map(|(secs, nanos)| Wall::new(secs, nanos));
            let promises =
                tenancy.map(|tenancy| Box::new(Promises { tenancy, told, ..Promises::default() }));
            Ours { promises, htype, expires, state, pool }
        }
    }

    proptest! {
        /// What was joined is split into the same parts, the operator's to the letter.
        #[test]
        fn joined_and_split_again(
            ours in any_ours(),
            foreign in prop::option::of("\\{ ?\"[a-k]{1,3}\" ?: (1|\"x,\\}\"|\\[\\]) ?\\}"),
        ) {
            let text = join(foreign.as_deref(), &ours).expect("a map");
            let (there, back) = split(&text).expect("what join made");
            prop_assert_eq!(there.as_deref(), foreign.as_deref());
            prop_assert_eq!(back, ours);
        }
    }

    #[test]
    fn our_member_is_found_wherever_it_is() {
        let ours = Ours { pool: Some(7), ..Ours::default() };
        for (text, foreign) in [
            (r#"{"lessor":{"pool":7}}"#, None),
            (r#"{"lessor":{"pool":7,"later":[1]}, "a":1}"#, Some(r#"{ "a":1}"#)),
            (r#"{"a":1 , "lessor":{"pool":7}, "b":2}"#, Some(r#"{"a":1, "b":2}"#)),
        ] {
            let (there, back) = split(text).expect("a map");
            assert_eq!((there.as_deref(), back), (foreign, ours.clone()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for text in [
            "[]",
            "{",
            r#"{"lessor":1}"#,
            r#"{"lessor":{"htype":65536}}"#,
            r#"{"lessor":{"expires":"soon"}}"#,
            r#"{"lessor":{},"lessor":{}}"#,
        ] {
            assert!(split(text).is_err(), "{text}");
        }
        assert!(join(Some(r#"{"lessor":{}}"#), &Ours::default()).is_err());
    }
}
