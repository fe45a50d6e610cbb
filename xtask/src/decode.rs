//! One DHCPv4 message, printed by the printer that logs and snapshots use.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lessor_wire::v4::View;

/// Prints the message in the arguments, in a file, or on standard input.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let octets = match arguments {
        [] => from_stdin()?,
        [only] if only == "-" => from_stdin()?,
        [only] if Path::new(only).is_file() => {
            let contents = std::fs::read(only).with_context(|| format!("cannot read {only}"))?;
            octets_of(contents).with_context(|| format!("in {only}"))?
        }
        // Hexadecimal text may have been given in several words.
        words => from_hex(&words.join(" "))?,
    };
    println!("{}", pretty(&octets)?);
    Ok(ExitCode::SUCCESS)
}

fn from_stdin() -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    std::io::stdin().read_to_end(&mut contents).context("cannot read standard input")?;
    octets_of(contents)
}

/// A message begins with octet 1 or 2, which no text does.
fn octets_of(contents: Vec<u8>) -> Result<Vec<u8>> {
    match contents.first() {
        None => bail!("there is nothing to decode"),
        Some(1 | 2) => Ok(contents),
        Some(_) => match std::str::from_utf8(&contents) {
            Ok(text) => from_hex(text),
            Err(_) => {
                bail!("neither hexadecimal text nor a message, which begins with octet 1 or 2")
            }
        },
    }
}

/// Reads hexadecimal digits; white space, colons, dots, dashes and `0x` in front do not count.
fn from_hex(text: &str) -> Result<Vec<u8>> {
    let start = text.len() - text.trim_start().len();
    let skip = if text.trim_start().starts_with("0x") { start + 2 } else { 0 };
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    for (at, character) in text.char_indices().filter(|(at, _)| *at >= skip) {
        if character.is_whitespace() || matches!(character, ':' | '.' | '-') {
            continue;
        }
        let Some(digit) = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()) else {
            let (line, column) = position(text, at);
            bail!("line {line}, column {column}: {character:?} is not a hexadecimal digit");
        };
        match high.take() {
            None => high = Some(digit),
            Some(high) => octets.push(high << 4 | digit),
        }
    }
    if high.is_some() {
        bail!("an odd number of hexadecimal digits: half of octet {} is missing", octets.len());
    }
    if octets.is_empty() {
        bail!("there is nothing to decode");
    }
    Ok(octets)
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn pretty(octets: &[u8]) -> Result<String> {
    let view = match View::parse(octets) {
        Ok(view) => view,
        Err(error) => bail!("octet {} of {}: {error}", error.at, octets.len()),
    };
    let message = match view.to_message() {
        Ok(message) => message,
        Err(error) => bail!("octet {} of {}: {error}", error.at, octets.len()),
    };
    let mut text = message.pretty().to_string();
    if let Some(at) = view.truncated() {
        text.push_str(&format!("\n  (options end early: octet {at} of {})", octets.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(name: &str) -> Vec<u8> {
        let path = crate::command::root().join("fuzz/seeds/dhcpv4_decode").join(name);
        std::fs::read(path).expect("a seed of the fuzz target")
    }

    #[test]
    fn octets_and_their_hexadecimal_text_print_alike() {
        let raw = seed("discover");
        let hex: Vec<String> = raw.iter().map(|octet| format!("{octet:02X}")).collect();
        let from_raw = pretty(&octets_of(raw.clone()).expect("octets")).expect("a message");
        assert!(from_raw.starts_with("DISCOVER"), "{from_raw}");
        for joint in ["", ":", " ", "\n"] {
            let text = format!(" {}\n", hex.join(joint));
            let octets = octets_of(text.into_bytes()).expect("hexadecimal text");
            assert_eq!(pretty(&octets).expect("a message"), from_raw);
        }
        assert_eq!(from_hex(&format!("0x{}", hex.concat())).expect("hex"), raw);
    }

    #[test]
    fn errors_say_where() {
        let of = |text: &str| from_hex(text).expect_err("not hex").to_string();
        assert_eq!(of("01:02\n0g"), "line 2, column 2: 'g' is not a hexadecimal digit");
        assert_eq!(of("0102 3"), "an odd number of hexadecimal digits: half of octet 2 is missing");
        assert_eq!(of(" "), "there is nothing to decode");
        let error = pretty(&[1; 17]).expect_err("too short").to_string();
        assert_eq!(error, "octet 17 of 17: ends after 17 octets of 240");
    }
}
