//! Whether the rules of `#[check(…)]` fit their field, as far as its tokens tell. What they do not tell, trait bounds do.

use syn::Type;

use super::pattern;
use super::types::{Class, class};
use crate::attr::rules::{Number, Rule, RuleKind};
use crate::errors::Errors;

/// The rules that fit `ty`; notes a mistake on each that does not.
pub(crate) fn fitting(rules: Vec<Rule>, ty: &Type, errors: &Errors) -> Vec<Rule> {
    let before = errors.count();
    fit(&rules, ty, errors);
    if errors.count() == before { rules } else { Vec::new() }
}

fn fit(rules: &[Rule], ty: &Type, errors: &Errors) {
    for (index, rule) in rules.iter().enumerate() {
        let name = rule.kind.name();
        let again = rules.iter().take(index).any(|earlier| earlier.kind.name() == name && name != "custom");
        if again {
            errors.at(rule.span, format!("`{name}` is given twice; keep one"));
        } else {
            one(rule, class(ty), errors);
        }
    }
}

fn one(rule: &Rule, class: Class<'_>, errors: &Errors) {
    let refuse = |message: &str| errors.at(rule.span, message);
    match (&rule.kind, class) {
        (RuleKind::Length { .. }, Class::Signed | Class::Unsigned | Class::Float) => {
            refuse("`length` is for strings, lists and maps; for a number write `range(min = …, max = …)`");
        }
        (RuleKind::Length { .. }, Class::Bool | Class::Char) => {
            refuse("`length` is for strings, lists and maps; remove it");
        }
        (RuleKind::Range { .. }, Class::Text | Class::Items(_)) => {
            refuse("`range` is for numbers; for strings, lists and maps write `length(min = …, max = …)`");
        }
        (RuleKind::Range { .. }, Class::Bool | Class::Char) => refuse("`range` is for numbers; remove it"),
        (RuleKind::Range { min, max }, class) => {
            [min, max].into_iter().flatten().for_each(|number| bound(number, class, errors));
        }
        (RuleKind::Pattern(_) | RuleKind::Email | RuleKind::Url, Class::Items(_)) => {
            let name = rule.kind.name();
            refuse(&format!(
                "`{name}` is for strings; for every item of a list write `each({name}{})`",
                rest(&rule.kind)
            ));
        }
        (
            RuleKind::Pattern(_) | RuleKind::Email | RuleKind::Url,
            Class::Signed | Class::Unsigned | Class::Float | Class::Bool | Class::Char,
        ) => refuse(&format!("`{}` is for strings; remove it", rule.kind.name())),
        (RuleKind::Pattern(text), _) => pattern::check(text, errors),
        (RuleKind::Each(rules), Class::Items(Some(item))) => fit(rules, item, errors),
        (RuleKind::Each(rules), Class::Items(None) | Class::Unknown) => {
            for rule in rules {
                one(rule, Class::Unknown, errors);
            }
        }
        (RuleKind::Each(_), _) => refuse("`each` is for lists and maps; put the rules on the field itself"),
        _ => {}
    }
}

fn rest(kind: &RuleKind) -> &'static str {
    if matches!(kind, RuleKind::Pattern(_)) { " = \"…\"" } else { "" }
}

fn bound(number: &Number, class: Class<'_>, errors: &Errors) {
    match (class, &number.lit) {
        (Class::Unsigned, _) if number.negative => {
            errors.on(&number.lit, "the field has no negative values; give a bound of 0 or above");
        }
        (Class::Signed | Class::Unsigned, syn::Lit::Float(_)) => {
            errors.on(&number.lit, "the field is a whole number; give the bound without a fraction");
        }
        _ => {}
    }
}
