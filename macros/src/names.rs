//! Names: serde's case rules, so that both agree on every wire name, and the nearest of several names.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// A rule of `#[serde(rename_all = "…")]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// The rule of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, case)| case)
    }

    /// The rule's own name.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, case)| *case == self).map_or("snake_case", |(name, _)| name)
    }

    /// The names of all rules.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(|(name, _)| name)
    }

    /// Applies the rule to a variant's name, which is in `PascalCase`.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => lower_first(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// Applies the rule to a field's name, which is in `snake_case`.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => lower_first(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

/// `PostBody` as `post_body`, by serde's rule: each capital letter starts a word.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn pascal(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    });
    words.collect()
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// `name` as an identifier at `like`'s place; with `r#` where it is a keyword. `None` where no identifier can have it.
pub(crate) fn ident(name: &str, like: &Ident) -> Option<Ident> {
    if let Ok(mut ident) = syn::parse_str::<Ident>(name) {
        ident.set_span(like.span());
        return Some(ident);
    }
    let mut ident = syn::parse_str::<Ident>(&format!("r#{name}")).ok()?;
    ident.set_span(like.span());
    Some(ident)
}

/// The one of `known` that `given` was probably meant to be.
pub(crate) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let (distance, name) = known.iter().map(|name| (distance(given, name), *name)).min()?;
    (distance <= given.len().max(name.len()) / 3 + 1 && distance < name.len()).then_some(name)
}

/// `` one of `a`, `b`, `c` `` with, where one is near to `given`, `` ; did you mean `b`? ``
pub(crate) fn one_of(given: &str, known: &[&str]) -> String {
    let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let list = match list.as_slice() {
        [only] => format!("expected {only}"),
        _ => format!("expected one of {}", list.join(", ")),
    };
    nearest(given, known).map_or_else(|| list.clone(), |name| format!("{list}; did you mean `{name}`?"))
}

/// How many letters have to be added, removed, exchanged or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let above = rows.last().map_or(&[][..], Vec::as_slice);
            let mut least =
                (at(above, j + 1) + 1).min(at(&row, j) + 1).min(at(above, j) + usize::from(a != b));
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            if let Some(earlier) = rows.len().checked_sub(2).and_then(|row| rows.get(row)).filter(|_| swapped)
            {
                least = least.min(at(earlier, j - 1) + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Case, nearest, one_of, snake};

    #[test]
    fn cases_are_those_of_serde() {
        let all = |apply: &dyn Fn(Case) -> String| Case::ALL.map(|(_, case)| apply(case));
        assert_eq!(
            all(&|case| case.variant("VeryTasty")),
            [
                "verytasty",
                "VERYTASTY",
                "VeryTasty",
                "veryTasty",
                "very_tasty",
                "VERY_TASTY",
                "very-tasty",
                "VERY-TASTY"
            ]
        );
        assert_eq!(
            all(&|case| case.field("very_tasty")),
            [
                "very_tasty",
                "VERY_TASTY",
                "VeryTasty",
                "veryTasty",
                "very_tasty",
                "VERY_TASTY",
                "very-tasty",
                "VERY-TASTY"
            ]
        );
        assert_eq!(snake("Z42"), "z42");
    }

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["returns", "error", "timeout"];
        assert_eq!(nearest("retruns", &known), Some("returns"));
        assert_eq!(nearest("return", &known), Some("returns"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(one_of("time_out", &["timeout"]), "expected `timeout`; did you mean `timeout`?");
    }
}
