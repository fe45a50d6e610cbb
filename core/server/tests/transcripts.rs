//! Scenario files: steps and everything that they cause, in one readable text.
//!
//! A line that begins with `at` is a step; the indented lines below it are what the server did.
//! `UPDATE_EXPECT=1 cargo test -p lessor-server` writes the files anew; read the difference before
//! you keep it. The steps:
//!
//! ```text
//! config NAME                          the configuration, scenarios/configs/NAME.json
//! store shared                         the store is the truth (default: exclusive)
//! at T  c > TYPE key=value …           client c (a…z) sends; keys: req sid ci gi cid vc want xid,
//!                                      from (its address), host, fqdn=FLAGS/NAME, rai=HEX, sub,
//!                                      ask=CODE,…, opt=CODE:HEX, and the words bcast, unicast,
//!                                      no-hw; TYPE may be BOOTREQUEST
//! at T  store done|retry|refused|full|unknown|unknown-applied|lost|reopened
//!                                      the oldest batch is settled; the store goes or comes
//! at T  fetched | fetch fails          the oldest question is answered
//! at T  probe ADDR answered|nobody|unsent|silent
//!                                      the youngest probe of an address comes to something, or not
//! at T  row ADDR c LIFE                somebody else writes a row
//! at T  partner on|off|acks|rejects    contact; the oldest update is answered
//! at T  config NAME                    a new configuration
//! at T  wall SECONDS                   the wall clock leaps
//! at T  crash | reboot                 the server, or its machine, is gone, and another begins with
//!                                      what is durable
//! at T  backup | restore               the rows are copied; a server begins with the copy
//! at T  hold-off SECONDS | end-hold-off  commands
//! clock floor SECONDS                  no wall clock is believed that shows less after the start
//! at T  tick                           nothing happens but time
//! ```

mod stage;

use std::path::{Path, PathBuf};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads and blesses its files")]
fn every_scenario_reads_as_written() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(scenarios())
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "scn"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let played = stage::play(&text, &scenarios().join("configs"));
        if played == text {
            continue;
        }
        if update {
            std::fs::write(&file, played).expect("writable");
        } else {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            wrong.push(format!("{name}: {}", first_difference(&text, &played)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn first_difference(expected: &str, found: &str) -> String {
    let (mut a, mut b) = (expected.lines(), found.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (a.next(), b.next()) {
            (x, y) if x == y && x.is_some() => {}
            (x, y) => {
                let [x, y] = [x, y].map(|line| line.unwrap_or("(end of file)").to_owned());
                return format!("line {number}\n  expected {x}\n  found    {y}");
            }
        }
    }
}
