//! Figures for a reader: one Markdown table for each part, and the bars.

use std::fmt::Write as _;

use super::bars;
use super::figures::{Figures, Measure, Ratio, Series};
use super::subject::Subject;

/// Everything, as Markdown. Cells hold the median and, in parentheses, the least and greatest
/// sample.
pub(crate) fn markdown(figures: &Figures) -> String {
    let mut text = format!("Measured on: {}.\n", figures.machine);
    for note in &figures.notes {
        let _ = writeln!(text, "\n{note}");
    }
    let mut parts: Vec<&str> = Vec::new();
    for series in &figures.series {
        if !parts.contains(&series.measure.part.as_str()) {
            parts.push(&series.measure.part);
        }
    }
    for part in parts {
        let _ = write!(text, "\n{}", table(figures, part));
    }
    let bars = bars::judge(figures);
    if !bars.is_empty() {
        text.push_str("\n| bar | wanted | found | |\n|---|---|---|---|\n");
    }
    for bar in bars {
        let verdict = if bar.is_reached() { "reached" } else { "**not reached**" };
        let found = ratio(&bar.found);
        let _ = writeln!(text, "| {} | {} | {found} | {verdict} |", bar.text, bar.wanted());
    }
    text
}

fn table(figures: &Figures, part: &str) -> String {
    let of_part = || figures.series.iter().filter(|series| series.measure.part == part);
    let mut subjects: Vec<&str> = Vec::new();
    let mut measures: Vec<&Measure> = Vec::new();
    for series in of_part() {
        if !subjects.contains(&series.subject.as_str()) {
            subjects.push(&series.subject);
        }
        if !measures.contains(&&series.measure) {
            measures.push(&series.measure);
        }
    }
    let compared = compared(&subjects);
    let mut text = format!("| {part} |");
    for subject in &subjects {
        let _ = write!(text, " {subject} |");
    }
    if let Some((one, _)) = compared {
        let _ = write!(text, " {one} by the other |");
    }
    let columns = 1 + subjects.len() + usize::from(compared.is_some());
    let _ = writeln!(text, "\n|{}", "---|".repeat(columns));
    for measure in measures {
        let of = |subject: &str| figures.get(part, &measure.name, subject);
        let unit = if measure.unit.is_empty() { "" } else { ", " };
        let _ = write!(text, "| {}{unit}{} |", measure.name, measure.unit);
        for subject in &subjects {
            let _ = write!(text, " {} |", of(subject).map(cell).unwrap_or_default());
        }
        if let Some((one, others)) = &compared {
            let found = of(one)
                .zip(figures.best(part, &measure.name, others))
                .and_then(|(one, other)| Ratio::of(one, other));
            let _ = write!(text, " {} |", found.as_ref().map(ratio).unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

/// Which subject is held against which others, if that makes sense.
fn compared<'s>(subjects: &[&'s str]) -> Option<(&'s str, Vec<&'s str>)> {
    let kea = [Subject::Kea.name(), Subject::KeaThreads.name()];
    let others: Vec<&str> =
        subjects.iter().copied().filter(|subject| kea.contains(subject)).collect();
    let ours = subjects.iter().find(|subject| **subject == Subject::Lessor.name());
    match (ours, subjects) {
        (Some(ours), _) if !others.is_empty() => Some((ours, others)),
        (None, [one, other]) => Some((one, vec![other])),
        _ => None,
    }
}

fn cell(series: &Series) -> String {
    let (least, greatest) = series.spread();
    if series.samples.len() == 1 {
        return number(series.median());
    }
    format!("{} ({}–{})", number(series.median()), number(least), number(greatest))
}

fn ratio(ratio: &Ratio) -> String {
    format!("{} ({}–{})", number(ratio.of_medians), number(ratio.least), number(ratio.greatest))
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "–".to_owned(),
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::Better;
    use super::*;

    #[test]
    fn a_row_has_medians_spreads_and_the_ratio_to_the_better_kea() {
        let mut figures = Figures::new("a machine");
        let measure = Measure {
            part: "cpu".to_owned(),
            name: "user".to_owned(),
            unit: "µs".to_owned(),
            better: Better::Less,
        };
        for (subject, samples) in [
            (Subject::Lessor, [12.0, 10.0, 11.0]),
            (Subject::Kea, [110.0, 120.0, 100.0]),
            (Subject::KeaThreads, [200.0, 210.0, 220.0]),
        ] {
            for sample in samples {
                figures.add(&measure, subject.name(), sample);
            }
        }
        let table = table(&figures, "cpu");
        let lines: Vec<&str> = table.lines().collect();
        let head = "| cpu | Lessor | Kea, one thread | Kea, threads on | Lessor by the other |";
        let row = "| user, µs | 11.0 (10.0–12.0) | 110 (100–120) | 210 (200–220) | \
                   0.100 (0.083–0.110) |";
        assert_eq!(lines, [head, "|---|---|---|---|---|", row]);
    }
}
