//! The tree as text.

use std::fmt;

use super::{Node, Value};

/// On one line; with `{:#}`, indented by two spaces per level. Keys keep their order.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = if f.alternate() { Layout::Indented(0) } else { Layout::OneLine };
        print(f, self, layout)
    }
}

#[derive(Clone, Copy)]
enum Layout {
    OneLine,
    Indented(usize),
}

impl Layout {
    const fn deeper(self) -> Self {
        match self {
            Self::OneLine => Self::OneLine,
            Self::Indented(level) => Self::Indented(level + 1),
        }
    }

    fn new_line(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneLine => Ok(()),
            Self::Indented(level) => write!(f, "\n{:width$}", "", width = 2 * level),
        }
    }

    /// Between two elements.
    fn comma(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneLine => ", ",
            Self::Indented(_) => ",",
        })
    }
}

fn print(f: &mut fmt::Formatter<'_>, value: &Value, layout: Layout) -> fmt::Result {
    match &value.node {
        Node::Null => f.write_str("null"),
        Node::Bool(truth) => write!(f, "{truth}"),
        Node::Int(number) => write!(f, "{number}"),
        Node::Real(number) => write!(f, "{number:?}"),
        Node::Text(text) => print_text(f, text),
        Node::List(values) => {
            // A list of plain values reads best on one line.
            let plain =
                !values.iter().any(|value| matches!(value.node, Node::List(_) | Node::Map(_)));
            let layout = if plain { Layout::OneLine } else { layout };
            f.write_str("[")?;
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    layout.comma(f)?;
                }
                layout.deeper().new_line(f)?;
                print(f, value, layout.deeper())?;
            }
            if !values.is_empty() {
                layout.new_line(f)?;
            }
            f.write_str("]")
        }
        Node::Map(map) => {
            f.write_str("{")?;
            for (index, member) in map.0.iter().enumerate() {
                if index > 0 {
                    layout.comma(f)?;
                }
                layout.deeper().new_line(f)?;
                print_text(f, &member.key)?;
                f.write_str(": ")?;
                print(f, &member.value, layout.deeper())?;
            }
            if !map.0.is_empty() {
                layout.new_line(f)?;
            }
            f.write_str("}")
        }
    }
}

fn print_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use std::fmt::Write as _;
    f.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            // Bare, it stands for octets that could not be read.
            char::REPLACEMENT_CHARACTER => f.write_str("\\ufffd")?,
            control if u32::from(control) < 0x20 => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_char('"')
}
