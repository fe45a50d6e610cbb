//! Which known word was meant.

/// Words longer than this are not compared: the cost is the product of two lengths.
const LENGTH_MAX: usize = 64;

/// The candidate that is fewest edits away from `word`, if few enough to be a slip.
#[must_use]
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > LENGTH_MAX {
        return None;
    }
    let slips_max = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LENGTH_MAX)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// The first candidate of two words that has `word` for one of them, in singular or plural.
#[must_use]
pub(crate) fn fuller<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let root = |word: &str| word.strip_suffix('s').unwrap_or(word).to_ascii_lowercase();
    let wanted = root(word);
    candidates.into_iter().find(|candidate| {
        let words = candidate.split_once('-').filter(|(_, rest)| !rest.contains('-'));
        words.is_some_and(|(one, other)| root(one) == wanted || root(other) == wanted)
    })
}

/// How many letters to add, drop, replace or swap with their neighbour turn `a` into `b`, taking
/// case and `_` for `-` as no difference.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| -> Vec<char> {
        let fold = |letter: char| match letter {
            '_' => '-',
            other => other.to_ascii_lowercase(),
        };
        text.chars().map(fold).collect()
    };
    let (a, b) = (fold(a), fold(b));
    let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(0);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = cell(&last, j) + usize::from(from != to);
            let mut least = replaced.min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                least = least.min(cell(&before_last, j - 1) + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    cell(&last, b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("vaild", "valid", 1),
            ("a_b", "A-b", 0),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn only_slips_are_guessed() {
        let known = ["pools", "pool", "valid-lifetime"];
        assert_eq!(nearest("valid-lifetme", known), Some("valid-lifetime"));
        assert_eq!(nearest("Pools", known), Some("pools"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"p".repeat(100_000), known), None);
    }
}
