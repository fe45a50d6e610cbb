//! Which message goes where.

use std::collections::BTreeMap;

use lessor_config::{LogDestination, LogOutput, LogPattern, Logger, Severity};
use lessor_messages::logger::ROOT;
use lessor_messages::{Level, Message};

use super::Usual;

/// Where each message goes, by its index.
#[derive(Debug)]
pub(super) struct Plan {
    /// Places, each once.
    pub(super) outlets: Vec<PlannedOutlet>,
    /// Outlets with what lines look like there.
    pub(super) outputs: Vec<PlannedOutput>,
    /// Which outputs each message goes to.
    pub(super) routes: Vec<Vec<usize>>,
}

/// A place where lines go.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum PlannedOutlet {
    /// That of which the configuration says nothing.
    Console,
    /// One that it names.
    Named(LogOutput),
}

/// What lines look like at a place.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct PlannedOutput {
    /// Which of the outlets.
    pub(super) outlet: usize,
    /// None is as usual there.
    pub(super) pattern: Option<LogPattern>,
}

/// The console is the first of the outlets and of the outputs.
pub(super) const CONSOLE: usize = 0;

impl Plan {
    pub(super) fn new(loggers: &[Logger], usual: Usual) -> Self {
        let mut plan = Self {
            outlets: vec![PlannedOutlet::Console],
            outputs: vec![PlannedOutput { outlet: CONSOLE, pattern: None }],
            routes: Vec::new(),
        };
        let mut known = BTreeMap::new();
        let by_logger: Vec<Vec<usize>> =
            loggers.iter().map(|logger| plan.outputs_of(&logger.outputs, &mut known)).collect();
        let stdout = [LogOutput::new(LogDestination::Stdout)];
        let is_configured = loggers.iter().any(|logger| part_of(ROOT, &logger.name).is_some());
        let default = is_configured.then(|| plan.outputs_of(&stdout, &mut known));
        for message in Message::all() {
            let route = route(message, loggers, &by_logger, default.as_deref(), usual);
            plan.routes.push(route);
        }
        plan
    }

    /// Whether anybody reads a message.
    pub(super) fn wants(&self, message: Message) -> bool {
        self.routes.get(message.index()).is_some_and(|route| !route.is_empty())
    }

    fn outputs_of(
        &mut self,
        outputs: &[LogOutput],
        known: &mut BTreeMap<LogDestination, usize>,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for output in outputs {
            let next = self.outlets.len();
            let outlet = *known.entry(output.to.clone()).or_insert(next);
            if outlet == next {
                self.outlets.push(PlannedOutlet::Named(output.clone()));
            }
            let pattern = output.pattern.clone().or_else(|| usual_pattern(&output.to));
            found.push(self.outputs.len());
            self.outputs.push(PlannedOutput { outlet, pattern });
        }
        found
    }
}

/// Kea's patterns; the journal has fields instead.
fn usual_pattern(to: &LogDestination) -> Option<LogPattern> {
    let text = match to {
        LogDestination::Journald => return None,
        LogDestination::Syslog(_) => LogPattern::SYSLOG,
        LogDestination::Stdout | LogDestination::Stderr | LogDestination::File(_) => {
            LogPattern::USUAL
        }
    };
    Some(LogPattern::parse(text).0)
}

/// How much of a name a logger's name takes, if it is the name or one that it begins with.
fn part_of(name: &str, logger: &str) -> Option<usize> {
    let rest = name.strip_prefix(logger)?;
    (rest.is_empty() || rest.starts_with('.')).then_some(logger.len())
}

fn route(
    message: Message,
    loggers: &[Logger],
    by_logger: &[Vec<usize>],
    default: Option<&[usize]>,
    usual: Usual,
) -> Vec<usize> {
    let name = message.logger().full_name();
    let above = || {
        let with_outputs = loggers.iter().zip(by_logger);
        with_outputs.filter_map(|it| Some((part_of(name, &it.0.name)?, it)))
    };
    let nearest = above().max_by_key(|(length, _)| *length).map(|(_, (logger, _))| logger);
    let writers = above().filter(|(_, (_, outputs))| !outputs.is_empty());
    let outputs = writers.max_by_key(|(length, _)| *length).map(|(_, (_, outputs))| outputs);
    let (wanted, outputs) = match nearest {
        None => (message.level() >= usual.least, vec![CONSOLE]),
        Some(logger) => {
            let outputs = outputs.map(Vec::as_slice).or(default).unwrap_or(&[CONSOLE]);
            (shows(logger.severity, message), outputs.to_vec())
        }
    };
    match (usual.verbose, wanted) {
        (false, false) => Vec::new(),
        (false, true) => outputs,
        (true, _) => {
            let others = outputs.into_iter().filter(|output| *output != CONSOLE);
            std::iter::once(CONSOLE).chain(others).collect()
        }
    }
}

const fn shows(severity: Severity, message: Message) -> bool {
    let least = match severity {
        Severity::None => return false,
        Severity::Fatal => Level::Fatal,
        Severity::Error => Level::Error,
        Severity::Warn => Level::Warn,
        Severity::Info => Level::Info,
        Severity::Debug(detail) => return message.detail() <= detail,
    };
    message.level() as u8 >= least as u8
}

#[cfg(test)]
mod tests {
    use lessor_config::Config;
    use lessor_messages as messages;

    use super::*;

    const USUAL: Usual = Usual { least: Level::Info, verbose: false };

    fn loggers(text: &str) -> Vec<Logger> {
        let text = format!(r#"{{"Dhcp4": {{"loggers": [{text}]}}}}"#);
        Config::parse(&text, "t").expect("lawful").0.loggers
    }

    /// Where a message goes.
    fn goes(plan: &Plan, message: Message) -> Vec<String> {
        let outlet = |output: &usize| match &plan.outlets[plan.outputs[*output].outlet] {
            PlannedOutlet::Console => "console".to_owned(),
            PlannedOutlet::Named(output) => output.to.to_string(),
        };
        plan.routes[message.index()].iter().map(outlet).collect()
    }

    #[test]
    fn without_loggers_what_is_worth_a_line_goes_to_the_console() {
        let plan = Plan::new(&[], USUAL);
        assert_eq!(goes(&plan, messages::DHCP4_LEASE_COMMITTED), ["console"]);
        assert_eq!(goes(&plan, messages::DHCP4_LEASE_OFFERED), [""; 0]);
        assert!(!plan.wants(messages::DHCP4_LEASE_OFFERED) && plan.wants(messages::STORE_LOST));
    }

    #[test]
    fn the_longest_name_decides_and_outputs_are_inherited() {
        let plan = Plan::new(
            &loggers(
                r#"{"name": "kea-dhcp4", "severity": "WARN", "output-options": [{"output": "a"}]},
                {"name": "kea-dhcp4.leases", "severity": "DEBUG", "debuglevel": 40},
                {"name": "kea-dhcp4.bad-packets", "severity": "DEBUG", "debuglevel": 14},
                {"name": "kea-dhcp4.hosts", "severity": "NONE"},
                {"name": "kea-dhcp4.commands", "output_options": [{"output": "b"},
                    {"output": "a", "pattern": "%m"}]},
                {"name": "kea-dhcp4.comm", "severity": "FATAL"},
                {"name": "kea-dhcp4.ha-hooks.x", "severity": "DEBUG"}"#,
            ),
            USUAL,
        );
        assert_eq!(goes(&plan, messages::DHCP4_STARTED), [""; 0]);
        assert_eq!(goes(&plan, messages::DHCP4_NOT_LISTENING), ["a"]);
        assert_eq!(goes(&plan, messages::DHCP4_LEASE_OFFERED), ["a"]);
        assert_eq!(goes(&plan, messages::DHCP4_NOT_DHCP), [""; 0]);
        assert_eq!(goes(&plan, messages::DHCP4_RESERVATION_MISSED), [""; 0]);
        assert_eq!(goes(&plan, messages::CONTROL_COMMAND), ["b", "a"]);
        assert_eq!(goes(&plan, messages::PARTNER_CONTACT_BEGAN), [""; 0]);
        // One file, however many loggers write to it.
        assert_eq!(plan.outlets.len(), 4);
        let patterns: Vec<_> = plan.outputs.iter().map(|it| it.pattern.as_ref()).collect();
        let shown = patterns.iter().map(|it| it.map_or("", LogPattern::text)).collect::<Vec<_>>();
        assert_eq!(shown, ["", LogPattern::USUAL, LogPattern::USUAL, "%m", LogPattern::USUAL]);
    }

    #[test]
    fn what_no_logger_is_for_goes_where_it_always_goes() {
        let plan = Plan::new(
            &loggers(r#"{"name": "kea-dhcp4.leases", "output-options": [{"output": "a"}]}"#),
            USUAL,
        );
        assert_eq!(goes(&plan, messages::DHCP4_LEASE_COMMITTED), ["a"]);
        assert_eq!(goes(&plan, messages::DHCP4_STARTED), ["console"]);
        let plan = Plan::new(&loggers(r#"{"name": "kea-dhcp4"}"#), USUAL);
        assert_eq!(goes(&plan, messages::DHCP4_STARTED), ["stdout"]);
    }

    #[test]
    fn verbose_is_everything_and_on_the_console_too() {
        let usual = Usual { verbose: true, ..USUAL };
        let plan = Plan::new(
            &loggers(
                r#"{"name": "kea-dhcp4", "severity": "NONE", "output-options": [{"output": "a"}]}"#,
            ),
            usual,
        );
        assert_eq!(goes(&plan, messages::DHCP4_LEASE_OFFERED), ["console", "a"]);
        assert_eq!(goes(&Plan::new(&[], usual), messages::DHCP4_LEASE_OFFERED), ["console"]);
    }
}
