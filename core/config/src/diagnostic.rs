//! What is wrong with a configuration, where, and what would be right.

use std::fmt;

use crate::source::{Sources, Span};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but does not do all that it says.
    Warning,
    /// Something to know.
    Info,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Where it is.
    pub span: Span,
    /// The way there through the tree, such as `Dhcp4.subnet4[0].pools[1].pool`; may be empty.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// Other places that have to do with it, each with what is there.
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A finding without a hint.
    #[must_use]
    pub fn new(
        level: Level,
        span: Span,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            level,
            span,
            path: path.into(),
            message: message.into(),
            hint: None,
            related: Vec::new(),
        }
    }

    /// An error.
    #[must_use]
    pub fn error(span: Span, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Error, span, path, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(span: Span, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, span, path, message)
    }

    /// Something to know.
    #[must_use]
    pub fn info(span: Span, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Level::Info, span, path, message)
    }

    /// Adds what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related.push((span, what.into()));
        self
    }
}

/// All findings about one configuration, with the texts that they point into.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diagnostics {
    sources: Sources,
    findings: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No findings yet.
    #[must_use]
    pub const fn new(sources: Sources) -> Self {
        Self { sources, findings: Vec::new() }
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// The findings, by place once [`Diagnostics::sort`] was called.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.findings.iter()
    }

    /// How many findings there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.findings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether there is an error among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.iter().any(|finding| finding.level == Level::Error)
    }

    /// The texts.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Orders the findings as a reader meets their places.
    pub fn sort(&mut self) {
        self.findings.sort_by_key(|finding| (finding.span.file, finding.span.start));
    }

    /// One finding as `file:line:column: level: path: message; hint`, and a line for each related
    /// place.
    #[must_use]
    pub fn render(&self, finding: &Diagnostic) -> String {
        let mut text = format!("{}: {}: ", self.sources.locate(finding.span), finding.level);
        if !finding.path.is_empty() {
            text.push_str(&finding.path);
            text.push_str(": ");
        }
        text.push_str(&finding.message);
        if let Some(hint) = &finding.hint {
            text.push_str("; ");
            text.push_str(hint);
        }
        for (span, what) in &finding.related {
            text.push_str("\n    ");
            text.push_str(&self.sources.locate(*span));
            text.push_str(": ");
            text.push_str(what);
        }
        text
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Every finding on lines of its own.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self {
            writeln!(f, "{}", self.render(finding))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
