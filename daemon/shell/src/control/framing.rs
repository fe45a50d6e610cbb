//! Where a command ends in a stream of octets.

/// Follows brackets, strings and comments just far enough to see where the outermost value closes.
#[derive(Debug, Default)]
pub(super) struct Framing {
    state: State,
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Plain,
    Text,
    Escape,
    /// A slash that may begin a comment.
    Slash,
    LineComment,
    BlockComment,
    /// A star that may end one.
    Star,
}

/// What the octets so far come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framed {
    /// More must follow.
    Partial,
    /// The value is whole with so many octets of the last piece.
    Whole(usize),
    /// No command begins so.
    Stray(u8),
}

impl Framing {
    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Framed {
        for (at, octet) in piece.iter().enumerate() {
            match self.step(*octet) {
                Framed::Partial => {}
                Framed::Whole(_) => return Framed::Whole(at + 1),
                stray @ Framed::Stray(_) => return stray,
            }
        }
        Framed::Partial
    }

    fn step(&mut self, octet: u8) -> Framed {
        self.state = match (self.state, octet) {
            (State::Escape, _) => State::Text,
            (State::Text, b'\\') => State::Escape,
            (State::Text, b'"') => State::Plain,
            (State::Text, _) => State::Text,
            (State::LineComment, b'\n') => State::Plain,
            (State::LineComment, _) => State::LineComment,
            (State::Star, b'/') => State::Plain,
            (State::BlockComment | State::Star, b'*') => State::Star,
            (State::BlockComment | State::Star, _) => State::BlockComment,
            (State::Slash, b'/') => State::LineComment,
            (State::Slash, b'*') => State::BlockComment,
            (State::Plain | State::Slash, _) => return self.plain(octet),
        };
        Framed::Partial
    }

    fn plain(&mut self, octet: u8) -> Framed {
        let before = self.state;
        self.state = State::Plain;
        match octet {
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Framed::Whole(0);
                }
            }
            b'#' => self.state = State::LineComment,
            b'/' => self.state = State::Slash,
            b' ' | b'\t' | b'\r' | b'\n' if before == State::Plain => {}
            _ if self.depth == 0 => return Framed::Stray(octet),
            b'"' => self.state = State::Text,
            _ => {}
        }
        Framed::Partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Framed {
        Framing::default().feed(text.as_bytes())
    }

    #[test]
    fn the_end_is_the_outermost_bracket() {
        assert_eq!(whole(r#"{"a":[{}]} x"#), Framed::Whole(10));
        assert_eq!(whole(" \n[ ]"), Framed::Whole(5));
        assert_eq!(whole(r#"{"a":"}\"}"}"#), Framed::Whole(12));
        assert_eq!(whole("# }\n{ // }\n /* } **/ }"), Framed::Whole(22));
        assert_eq!(whole(r#"{ "a" "#), Framed::Partial);
        assert_eq!(whole(""), Framed::Partial);
    }

    #[test]
    fn what_is_no_bracket_is_refused_at_once() {
        assert_eq!(whole(" utter"), Framed::Stray(b'u'));
        assert_eq!(whole("\"x\""), Framed::Stray(b'"'));
        assert_eq!(whole("}"), Framed::Stray(b'}'));
        assert_eq!(whole("/ {"), Framed::Stray(b' '));
    }

    #[test]
    fn pieces_of_any_size_come_to_the_same() {
        let text = "/* c */ { \"a\\\"\": [1, 2] } # rest";
        let Framed::Whole(end) = whole(text) else {
            panic!("it is whole");
        };
        let mut framing = Framing::default();
        for (at, octet) in text.bytes().enumerate() {
            let framed = framing.feed(&[octet]);
            if at + 1 == end {
                assert_eq!(framed, Framed::Whole(1));
                return;
            }
            assert_eq!(framed, Framed::Partial, "after {at}");
        }
    }
}
