//! `loggers`, and where figures are told.

use lessor_config::{Config, LogDestination, Metrics, Severity};

use super::{check, in_dhcp4};

#[test]
fn loggers_and_their_outputs() {
    check(
        &[
            in_dhcp4(
                r#""loggers": [{}, {"name": ""}, {"name": "kea-dhcp6"}, {"name": "kea-dhcp4."}]"#,
            ),
            in_dhcp4(r#""loggers": [{"name": "kea-dhcp4"}, {"name": "kea-dhcp4"}]"#),
            in_dhcp4(
                r#""loggers": [{"name": "kea-dhcp4", "severity": "NOTICE", "debuglevel": 100,
                "output-options": [{}, {"output": ""}, {"output": "stdout", "maxsize": -1}]}]"#,
            ),
            in_dhcp4(
                r#""loggers": [{"name": "kea-dhcp4", "output_options": [
                {"output": "stdout", "pattern": "%k %D{%Y"}]}]"#,
            ),
        ],
        r#"
t:2:13: error: Dhcp4.loggers[0]: `name` is missing; expected "kea-dhcp4" or "kea-dhcp4.leases"
t:2:26: error: Dhcp4.loggers[1].name: a logger without a name; expected "kea-dhcp4" or "kea-dhcp4.leases"
t:2:40: warning: Dhcp4.loggers[2].name: nothing here logs by this name; loggers of this server are "kea-dhcp4" and "kea-dhcp4.leases" and its like
t:2:63: warning: Dhcp4.loggers[3].name: nothing here logs by this name; loggers of this server are "kea-dhcp4" and "kea-dhcp4.leases" and its like
t:2:45: warning: Dhcp4.loggers[1].name: `kea-dhcp4` is given twice; the last one counts; a logger may have several outputs
    t:2:22: the first time
t:2:47: error: Dhcp4.loggers[0].severity: found "NOTICE"; expected one of "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "NONE"
t:2:71: error: Dhcp4.loggers[0].debuglevel: found 100; expected an integer from 0 to 99
t:3:36: error: Dhcp4.loggers[0].output-options[0]: `output` is missing; expected "stdout", "stderr", "syslog" or a file
t:3:51: error: Dhcp4.loggers[0].output-options[1].output: names no place; expected "stdout", "stderr", "syslog" or a file
t:3:88: error: Dhcp4.loggers[0].output-options[2].maxsize: found -1; expected an integer from 0 to 2251799813685248
t:1:11: info: Dhcp4.cache-threshold: not given, so 0.25; Kea had 0 before 3.0; `"cache-threshold": 0` is as it was
    t:2:35: `output_options`, as in files of Kea 2
t:3:49: warning: Dhcp4.loggers[0].output_options[0].pattern: `%k` is not known
t:3:49: warning: Dhcp4.loggers[0].output_options[0].pattern: a brace is not closed
t:3:49: warning: Dhcp4.loggers[0].output_options[0].pattern: no message will be in the log: `%m` is missing
"#,
    );
}

#[test]
fn where_figures_are_told() {
    check(
        &[
            in_dhcp4(r#""user-context": {"lessor": 1}"#),
            in_dhcp4(r#""user-context": {"lessor": {"metric": {}}}"#),
            in_dhcp4(r#""user-context": {"lessor": {"metrics": {"address": "x", "port": 65536}}}"#),
            in_dhcp4(r#""user-context": {"lessor": {"metrics": {"address": "0.0.0.0"}}}"#),
            in_dhcp4(r#""user-context": {"lessor": {"metrics": {}}}"#),
        ],
        r#"
t:2:28: error: Dhcp4.user-context.lessor: found an integer; expected a map
t:2:29: error: Dhcp4.user-context.lessor.metric: unknown key; did you mean `metrics`?
t:2:52: error: Dhcp4.user-context.lessor.metrics.address: not an address; expected an IPv4 or IPv6 address such as "127.0.0.1"
t:2:65: error: Dhcp4.user-context.lessor.metrics.port: found 65536; expected an integer from 0 to 65535
t:2:52: warning: Dhcp4.user-context.lessor.metrics.address: others can read the figures; they are told without authentication; a firewall should say to whom
"#,
    );
}

#[test]
fn both_spellings_mean_the_same() {
    let read = |key: &str| {
        let text = format!(
            r#"{{"Dhcp4": {{"loggers": [{{"name": "kea-dhcp4.leases", "severity": "debug",
            "debuglevel": 40, "{key}": [{{"output": "syslog:daemon"}}, {{"output": "a.log"}}]}}]}}}}"#
        );
        Config::parse(&text, "t").expect("lawful").0
    };
    let (old, new) = (read("output_options"), read("output-options"));
    assert_eq!(old, new);
    let logger = &new.loggers[0];
    assert_eq!(logger.severity, Severity::Debug(40));
    assert_eq!(logger.outputs.len(), 2);
    assert_eq!(logger.outputs[1].to, LogDestination::File("a.log".to_owned()));
    assert_eq!(logger.outputs[1].rotated_at(), Some(10_240_000));
}

#[test]
fn settings_of_ours_are_no_notes() {
    let text = r#"{"Dhcp4": {"user-context": {"a": 1, "lessor": {"metrics": {"port": 99}}}}}"#;
    let (config, _) = Config::parse(text, "t").expect("lawful");
    assert_eq!(config.metrics, Some(Metrics { port: 99, ..Metrics::default() }));
    assert!(config.context.get("lessor").is_none() && config.context.get("a").is_some());
    let none = Config::parse(r#"{"Dhcp4": {}}"#, "t").expect("lawful").0;
    assert_eq!(none.metrics, None);
}
