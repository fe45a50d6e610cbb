//! From text to `Config` and back: the entry points.

use crate::canonical;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{self, Loader, Value};
use crate::model::Config;
use crate::sections;
use crate::source::{Source, Sources, Span};

impl Config {
    /// Reads a text that includes no files. Beside the configuration come warnings and remarks.
    ///
    /// # Errors
    /// Everything that is wrong with the text, and the warnings and remarks too; only the first
    /// thing if it is not JSON at all.
    pub fn parse(text: &str, file_name: &str) -> Result<(Self, Diagnostics), Diagnostics> {
        parse(text, file_name, None)
    }

    /// As [`Config::parse`], with a way to the text of included files.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn parse_with(
        text: &str,
        file_name: &str,
        loader: &mut Loader<'_>,
    ) -> Result<(Self, Diagnostics), Diagnostics> {
        parse(text, file_name, Some(loader))
    }

    /// The configuration in Kea's spelling, with everything that was left to defaults or to
    /// inheritance written out. Reading it gives an equal configuration.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.to_tree())
    }

    /// As [`Config::to_json`], as a tree without places.
    #[must_use]
    pub fn to_tree(&self) -> Value {
        canonical::tree(self)
    }
}

fn parse(
    text: &str,
    file_name: &str,
    loader: Option<&mut Loader<'_>>,
) -> Result<(Config, Diagnostics), Diagnostics> {
    let mut sources = Sources::default();
    let Some(file) = sources.add(Source::new(file_name, text)) else {
        let mut out = Diagnostics::new(sources);
        let told = format!("{file_name} is too long");
        out.push(Diagnostic::error(Span::default(), "", told).hint("at most 4 GiB"));
        return Err(out);
    };
    let outcome = json::parse(&mut sources, file, loader);
    let mut out = Diagnostics::new(sources);
    let (root, repeated) = match outcome {
        Ok(read) => read,
        Err(finding) => {
            out.push(finding);
            return Err(out);
        }
    };
    repeated.into_iter().for_each(|finding| out.push(finding));
    let config = sections::read(&root, &mut out);
    out.sort();
    if out.has_errors() { Err(out) } else { Ok((config, out)) }
}
