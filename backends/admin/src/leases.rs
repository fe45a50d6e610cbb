//! Leases out of the tables and into them, as lines of Kea's lease file.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use lessor_schema::form::Addresses;
use lessor_schema::{Dialect, Form, Revision};

use crate::connection::Texts;
use crate::{Connection, Error, upkeep};

/// Which leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `lease4`
    V4,
    /// `lease6`
    V6,
}

/// A lifetime without end: a lease file counts it into `expire`, a table does not.
const INFINITE: u64 = 0xffff_ffff;

/// What a column is, in the file and in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Address,
    Octets,
    Number,
    /// Signed in PostgreSQL.
    Iaid,
    Flag,
    Expire,
    Text,
}

const COLUMNS4: [(&str, Kind); 12] = [
    ("address", Kind::Address),
    ("hwaddr", Kind::Octets),
    ("client_id", Kind::Octets),
    ("valid_lifetime", Kind::Number),
    ("expire", Kind::Expire),
    ("subnet_id", Kind::Number),
    ("fqdn_fwd", Kind::Flag),
    ("fqdn_rev", Kind::Flag),
    ("hostname", Kind::Text),
    ("state", Kind::Number),
    ("user_context", Kind::Text),
    ("pool_id", Kind::Number),
];

const COLUMNS6: [(&str, Kind); 18] = [
    ("address", Kind::Address),
    ("duid", Kind::Octets),
    ("valid_lifetime", Kind::Number),
    ("expire", Kind::Expire),
    ("subnet_id", Kind::Number),
    ("pref_lifetime", Kind::Number),
    ("lease_type", Kind::Number),
    ("iaid", Kind::Iaid),
    ("prefix_len", Kind::Number),
    ("fqdn_fwd", Kind::Flag),
    ("fqdn_rev", Kind::Flag),
    ("hostname", Kind::Text),
    ("hwaddr", Kind::Octets),
    ("state", Kind::Number),
    ("user_context", Kind::Text),
    ("hwtype", Kind::Number),
    ("hwaddr_source", Kind::Number),
    ("pool_id", Kind::Number),
];

impl Family {
    fn table(self) -> &'static str {
        match self {
            Self::V4 => "lease4",
            Self::V6 => "lease6",
        }
    }

    fn columns(self, form: Form) -> &'static [(&'static str, Kind)] {
        let all: &[(&str, Kind)] = match self {
            Self::V4 => &COLUMNS4,
            Self::V6 => &COLUMNS6,
        };
        // The pool came last, in files as in tables.
        if form.pools { all } else { &all[..all.len() - 1] }
    }
}

/// A database's language and form, and the family: what SQL depends on.
#[derive(Clone, Copy)]
struct Way {
    dialect: Dialect,
    form: Form,
    family: Family,
}

impl Way {
    async fn of(connection: &mut Connection, family: Family) -> Result<Self, Error> {
        let revision: Revision = upkeep::revision(connection).await?;
        let dialect = connection.dialect();
        Ok(Self { dialect, form: Form::of(dialect, revision), family })
    }

    fn columns(self) -> &'static [(&'static str, Kind)] {
        self.family.columns(self.form)
    }

    /// A column as text: numbers as digits, octets as hexadecimal digits.
    fn out(self, name: &str, kind: Kind) -> String {
        let hex = |name: &str| match self.dialect {
            Dialect::PostgreSql => format!("encode({name}, 'hex')"),
            Dialect::MySql | Dialect::Sqlite => format!("HEX({name})"),
        };
        let text = |name: &str| match self.dialect {
            Dialect::PostgreSql => format!("({name})::text"),
            Dialect::MySql => format!("CAST({name} AS CHAR)"),
            Dialect::Sqlite => format!("CAST({name} AS TEXT)"),
        };
        match (kind, self.dialect) {
            (Kind::Address, _) if self.family == Family::V6 => match self.form.addresses {
                Addresses::Text => name.to_owned(),
                Addresses::Inet => format!("host({name})"),
                Addresses::Binary => hex(name),
            },
            (Kind::Octets, _) => hex(name),
            (Kind::Flag, Dialect::PostgreSql) => text(&format!("{name}::int")),
            (Kind::Expire, Dialect::PostgreSql) => {
                text(&format!("extract(epoch FROM {name})::bigint"))
            }
            (Kind::Expire, Dialect::MySql) => text(&format!("UNIX_TIMESTAMP({name})")),
            (Kind::Text, _) => name.to_owned(),
            _ => text(name),
        }
    }

    /// The place of a text in a statement, as the column wants it.
    fn place(self, number: usize, kind: Kind) -> String {
        let mark = match self.dialect {
            Dialect::PostgreSql => format!("${number}::text"),
            Dialect::MySql | Dialect::Sqlite => "?".to_owned(),
        };
        let octets = |mark: &str| match self.dialect {
            Dialect::PostgreSql => format!("decode({mark}, 'hex')"),
            Dialect::MySql | Dialect::Sqlite => format!("UNHEX({mark})"),
        };
        match (kind, self.dialect) {
            (Kind::Address, _) if self.family == Family::V6 => match self.form.addresses {
                Addresses::Text => mark,
                Addresses::Inet => format!("{mark}::inet"),
                Addresses::Binary => octets(&mark),
            },
            (Kind::Octets, _) => octets(&mark),
            (Kind::Flag, Dialect::PostgreSql) => format!("{mark}::int::boolean"),
            (Kind::Expire, Dialect::PostgreSql) => format!("to_timestamp({mark}::bigint)"),
            (Kind::Expire, Dialect::MySql) => format!("FROM_UNIXTIME({mark})"),
            (Kind::Text, _) => mark,
            (_, Dialect::PostgreSql) => format!("{mark}::bigint"),
            (_, Dialect::MySql) => mark,
            (_, Dialect::Sqlite) => format!("CAST({mark} AS INTEGER)"),
        }
    }
}

/// All leases of a family as lines of Kea's lease file, the header first, by address.
///
/// # Errors
/// The statement that failed.
pub async fn dump(connection: &mut Connection, family: Family) -> Result<Vec<String>, Error> {
    let way = Way::of(connection, family).await?;
    let columns = way.columns();
    let table = family.table();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = columns.iter().map(|(name, kind)| way.out(name, *kind)).collect();
    let sql = format!("SELECT {} FROM {table} ORDER BY address", values.join(", "));
    let rows = connection.ask(table, &sql).await?;
    let mut lines = vec![names.join(",")];
    lines.extend(rows.into_iter().map(|row| line(way, row)));
    Ok(lines)
}

fn line(way: Way, row: Texts) -> String {
    let infinite = way.columns().iter().zip(&row).any(|((name, _), value)| {
        *name == "valid_lifetime" && number(value.as_deref()) == INFINITE
    });
    let cells: Vec<String> = way
        .columns()
        .iter()
        .zip(row)
        .map(|((_, kind), value)| {
            let value = value.unwrap_or_default();
            match kind {
                Kind::Address => address_out(way.family, value),
                Kind::Octets => colons(&value),
                Kind::Expire if infinite => {
                    number(Some(&value)).saturating_add(INFINITE).to_string()
                }
                Kind::Iaid => unsigned(value),
                Kind::Text => escaped(&value),
                Kind::Number | Kind::Flag | Kind::Expire => value,
            }
        })
        .collect();
    cells.join(",")
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn address_out(family: Family, text: String) -> String {
    match family {
        Family::V4 => text.parse().map_or(text, |bits| Ipv4Addr::from_bits(bits).to_string()),
        Family::V6 => {
            let bits = (text.len() == 32).then(|| u128::from_str_radix(&text, 16).ok()).flatten();
            bits.map_or(text, |bits| Ipv6Addr::from_bits(bits).to_string())
        }
    }
}

fn colons(digits: &str) -> String {
    let digits = digits.to_lowercase();
    let pairs: Vec<&str> =
        (0..digits.len() / 2).filter_map(|pair| digits.get(pair * 2..pair * 2 + 2)).collect();
    pairs.join(":")
}

fn unsigned(text: String) -> String {
    text.parse::<i32>().map_or(text, |signed| signed.cast_unsigned().to_string())
}

/// What would part a cell or a line.
const PARTING: [(&str, &str); 3] = [(",", "&#x2c"), ("\n", "&#x0a"), ("\r", "&#x0d")];

fn escaped(text: &str) -> String {
    PARTING.iter().fold(text.to_owned(), |text, (plain, code)| text.replace(plain, code))
}

fn plain(text: &str) -> String {
    PARTING.iter().fold(text.to_owned(), |text, (plain, code)| text.replace(code, plain))
}

/// Puts the leases of a lease file into a table; gives back how many. Where a file has several
/// lines for an address, the last one counts, and one with the lifetime 0 takes it away.
///
/// All of them go in, or none does.
///
/// # Errors
/// [`Error::Line`] for a line that is none, and the statement that failed otherwise: a lease that
/// is there already, a state that the schema does not know.
pub async fn upload(
    connection: &mut Connection,
    family: Family,
    text: &str,
) -> Result<usize, Error> {
    let way = Way::of(connection, family).await?;
    let rows = rows(way, text)?;
    let names: Vec<&str> = way.columns().iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = way
        .columns()
        .iter()
        .enumerate()
        .map(|(index, (_, kind))| way.place(index + 1, *kind))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        family.table(),
        names.join(", "),
        places.join(", ")
    );
    connection.begin().await?;
    let put = put_all(connection, &sql, &rows).await;
    connection.end(put).await?;
    Ok(rows.len())
}

async fn put_all(
    connection: &mut Connection,
    sql: &str,
    rows: &[(usize, Texts)],
) -> Result<(), Error> {
    for (line, row) in rows {
        connection.put(&format!("line {line}"), sql, row).await?;
    }
    Ok(())
}

/// The rows that a file leaves in the end, each with the line that says so.
fn rows(way: Way, text: &str) -> Result<Vec<(usize, Texts)>, Error> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, header) = lines
        .next()
        .ok_or_else(|| Error::Line { line: 1, what: "there is no header".to_owned() })?;
    let header: Vec<&str> = header.split(',').collect();
    if header.first() != Some(&"address") {
        let what = "a lease file begins with the names of its columns".to_owned();
        return Err(Error::Line { line: 1, what });
    }
    let mut last: BTreeMap<String, (usize, Texts)> = BTreeMap::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() < 5 || cells.len() > header.len() {
            let what = format!("{} cells under {} names", cells.len(), header.len());
            return Err(Error::Line { line: number, what });
        }
        let named: BTreeMap<&str, &str> = header.iter().copied().zip(cells).collect();
        let row = row(way, &named).map_err(|what| Error::Line { line: number, what })?;
        let key = row.first().cloned().flatten().unwrap_or_default();
        if named.get("valid_lifetime") == Some(&"0") {
            last.remove(&key);
        } else {
            last.insert(key, (number, row));
        }
    }
    Ok(last.into_values().collect())
}

/// A line as the table wants it.
fn row(way: Way, named: &BTreeMap<&str, &str>) -> Result<Texts, String> {
    let infinite = named.get("valid_lifetime").is_some_and(|text| number(Some(text)) == INFINITE);
    way.columns()
        .iter()
        .map(|(name, kind)| {
            let text = named.get(name).copied().unwrap_or_default();
            let wrong = || format!("{name} is `{text}`");
            Ok(match kind {
                Kind::Address => Some(address_in(way, text).ok_or_else(wrong)?),
                Kind::Text if text.is_empty() && *name == "user_context" => None,
                Kind::Text => Some(plain(text)),
                Kind::Octets => octets(text).ok_or_else(wrong)?,
                // Files of before there were pools have all in the pool 0.
                Kind::Number if text.is_empty() && *name == "pool_id" => Some("0".to_owned()),
                _ if text.is_empty() => None,
                Kind::Expire | Kind::Number | Kind::Flag | Kind::Iaid => {
                    let value: u64 = text.parse().map_err(|_| wrong())?;
                    Some(match kind {
                        Kind::Expire if infinite => value.saturating_sub(INFINITE).to_string(),
                        Kind::Iaid if way.dialect == Dialect::PostgreSql => {
                            u32::try_from(value).map_err(|_| wrong())?.cast_signed().to_string()
                        }
                        _ => value.to_string(),
                    })
                }
            })
        })
        .collect()
}

fn address_in(way: Way, text: &str) -> Option<String> {
    Some(match way.family {
        Family::V4 => text.parse::<Ipv4Addr>().ok()?.to_bits().to_string(),
        Family::V6 => {
            let address: Ipv6Addr = text.parse().ok()?;
            match way.form.addresses {
                Addresses::Binary => format!("{:032x}", address.to_bits()),
                Addresses::Text | Addresses::Inet => address.to_string(),
            }
        }
    })
}

/// Digits without colons; nothing for no octets. The outer `None` is no octets at all.
#[expect(clippy::option_option, reason = "a cell may be empty, and it may be wrong")]
fn octets(text: &str) -> Option<Option<String>> {
    let digits = text.replace(':', "");
    if digits.is_empty() {
        return Some(None);
    }
    let lawful =
        digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    lawful.then_some(Some(digits))
}

/// Which version of Kea's lease file a header is, told by the last column that it knows.
#[must_use]
pub fn file_version(header: &str) -> Option<&'static str> {
    let names: Vec<&str> = header.trim_end().split(',').collect();
    let six = names.get(1) == Some(&"duid");
    let last = *names.last()?;
    Some(match (six, last) {
        _ if names.first() != Some(&"address") => return None,
        (_, "hostname") => "1.0",
        (false, "state") | (true, "hwaddr") => "2.0",
        (false, "user_context") => "2.1",
        (false, "pool_id") | (true, "state") => "3.0",
        (true, "user_context") => "3.1",
        (true, "hwaddr_source") => "4.0",
        (true, "pool_id") => "5.0",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_versions() {
        let header = |columns: &[(&str, Kind)]| {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            names.join(",")
        };
        assert_eq!(file_version(&header(&COLUMNS4)), Some("3.0"));
        assert_eq!(file_version(&header(&COLUMNS4[..11])), Some("2.1"));
        assert_eq!(file_version(&header(&COLUMNS6)), Some("5.0"));
        assert_eq!(file_version("a,b"), None);
    }

    #[test]
    fn a_file_ends_in_its_last_lines() {
        let way = Way {
            dialect: Dialect::PostgreSql,
            form: Form::of(Dialect::PostgreSql, Revision::BASE),
            family: Family::V4,
        };
        let text = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                    hostname,state,user_context\n\
                    10.0.0.1,01:02,,60,100,1,0,0,a&#x2cb,0,\n\
                    10.0.0.2,01:03,,60,100,1,0,0,,0,\n\
                    10.0.0.1,01:04,ff,4294967295,4294967395,1,1,0,,0,{ }\n\
                    10.0.0.2,01:03,,0,0,1,0,0,,0,\n";
        let rows = rows(way, text).expect("lawful lines");
        let [(4, row)] = rows.as_slice() else { panic!("{rows:?}") };
        let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect();
        let expected =
            ["167772161", "0104", "ff", "4294967295", "100", "1", "1", "0", "", "0", "{ }"];
        assert_eq!(cells, expected);
        for (line, bad) in [(2, "10.0.0.256,,,1,1,1,0,0,,0,"), (2, "x"), (2, "1.2.3.4,0g,,1,1,1")] {
            let text = format!("{}\n{bad}\n", text.lines().next().unwrap_or_default());
            let refused = super::rows(way, &text);
            assert!(matches!(&refused, Err(Error::Line { line: at, .. }) if *at == line), "{bad}");
        }
        assert!(super::rows(way, "").is_err() && super::rows(way, "10.0.0.1,x\n").is_err());
    }
}
