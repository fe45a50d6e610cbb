//! Loggers, and what else tells how the server is.

use super::context;
use crate::json::{Map, Node, Value};
use crate::model::{Config, LogOutput, Logger, Severity};

pub(super) fn loggers(config: &Config) -> Value {
    config.loggers.iter().map(logger).collect()
}

fn logger(logger: &Logger) -> Map {
    let detail = match logger.severity {
        Severity::Debug(detail) => u32::from(detail),
        _ => 0,
    };
    Map::default()
        .with("name", logger.name.as_str())
        .with("severity", logger.severity.word())
        .with("debuglevel", detail)
        .with("output-options", logger.outputs.iter().map(output).collect::<Value>())
        .with_some("user-context", context(&logger.context, []))
}

fn output(output: &LogOutput) -> Map {
    let max_size = i64::try_from(output.max_size).unwrap_or(i64::MAX);
    Map::default()
        .with("output", output.to.to_string())
        .with("flush", output.flush)
        .with("maxsize", Value::from(Node::Int(max_size)))
        .with("maxver", output.max_files)
        .with("pattern", output.pattern.as_ref().map_or("", |it| it.text()))
}

/// What no Kea has, if there is any of it.
pub(super) fn own(config: &Config) -> Option<Map> {
    let metrics = config.metrics?;
    let metrics = Map::default()
        .with("address", metrics.address.to_string())
        .with("port", u32::from(metrics.port));
    Some(Map::default().with("metrics", metrics))
}
