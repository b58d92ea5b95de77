//! "Did you mean": the known word nearest to a mistyped one.

/// The candidate closest to `typed`, if it is close enough to be a slip of the fingers.
pub(super) fn nearest<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase().replace('-', "_");
    // A third of the letters, and always one: beyond that it is another word.
    let furthest = (typed.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            let folded = candidate.to_ascii_lowercase().replace('-', "_");
            (distance(&typed, &folded), candidate)
        })
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The candidates that a mistyped word may have meant, nearest first: slips of the fingers, and
/// those that it is a part of.
pub(crate) fn near<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let typed = typed.to_ascii_lowercase().replace('_', "-");
    let furthest = (typed.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let is_part = typed.len() > 2 && candidate.contains(&typed);
            let distance = distance(&typed, candidate);
            (is_part || distance <= furthest).then_some((distance, candidate))
        })
        .collect();
    near.sort_unstable();
    near.truncate(most);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Letters to insert, remove, change or swap with their neighbour to get from one to the other.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(LONGEST).collect();
    let to: Vec<char> = to.chars().take(LONGEST).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let changed = last[column] + usize::from(letter != other);
            let mut best = changed.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped =
                row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if swapped {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

/// No key is longer; what an operator pastes by mistake may be.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_slips() {
        let rows = [
            ("every", "every", 0),
            ("evry", "every", 1),
            ("evrey", "every", 1),
            ("everyy", "every", 1),
            ("jitter", "jotted", 2),
            ("", "abc", 3),
        ];
        for (from, to, slips) in rows {
            assert_eq!(distance(from, to), slips, "{from} -> {to}");
        }
    }

    #[test]
    fn a_part_of_a_word_is_near_it() {
        let known = ["auth-refused", "stls-refused", "cut-off", "no-answer"];
        for (typed, expected) in [
            ("auth-refuse", &["auth-refused"][..]),
            ("refused", &["auth-refused", "stls-refused"]),
            ("CUT_OF", &["cut-off"]),
            ("quota", &[]),
            ("", &[]),
        ] {
            assert_eq!(near(typed, known, 3), expected, "{typed}");
        }
    }

    #[test]
    fn only_a_near_word_is_suggested() {
        let known = ["every", "every_min", "every_max", "at_once", "jitter"];
        let rows = [
            ("evry", Some("every")),
            ("at-once", Some("at_once")),
            ("Jitter", Some("jitter")),
            ("every_mni", Some("every_min")),
            ("quota", None),
            ("x", None),
        ];
        for (typed, suggestion) in rows {
            assert_eq!(nearest(typed, known), suggestion, "{typed}");
        }
    }
}
