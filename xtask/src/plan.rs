//! From the table and what was asked for to what runs and what is skipped; pure.

use crate::arguments::Choice;
use crate::parts::{Need, Part, Work};

/// A part and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    /// The part.
    pub(crate) part: Part,
    /// The name given to `--without` that leaves it out.
    pub(crate) skipped_for: Option<&'static str>,
}

/// Chooses among `parts`; the error names what is no part and no need.
///
/// Setup always runs, since the others build on it. A part left out by `--only` is not in the plan at all; one left out by
/// `--without` is in it, as skipped, so that nobody takes the run for a whole one.
pub(crate) fn plan(parts: &[Part], choice: &Choice) -> Result<Vec<Planned>, String> {
    for name in &choice.only {
        if !parts.iter().any(|part| part.name == name) {
            return Err(format!("no part `{name}`; there are: {}", names(parts)));
        }
    }
    for name in &choice.without {
        let known =
            parts.iter().any(|part| part.name == name) || Need::ALL.iter().any(|need| need.name() == name);
        if !known {
            let needs = Need::ALL.map(Need::name).join(", ");
            return Err(format!(
                "nothing is called `{name}`; the parts are: {}; they need: {needs}",
                names(parts)
            ));
        }
    }
    let wanted = |part: &Part| {
        choice.only.is_empty()
            || matches!(part.work, Work::Setup)
            || choice.only.iter().any(|name| name == part.name)
    };
    Ok(parts
        .iter()
        .filter(|part| wanted(part))
        .map(|part| Planned { part: *part, skipped_for: skipped_for(part, &choice.without) })
        .collect())
}

/// The first name of `without` that leaves `part` out.
fn skipped_for(part: &Part, without: &[String]) -> Option<&'static str> {
    let mut reasons = std::iter::once(part.name).chain(part.needs.iter().map(|need| need.name()));
    reasons.find(|reason| without.iter().any(|name| name == reason))
}

/// What the parts that run need, each once. Setup alone is for all that may be run after it.
pub(crate) fn needs(parts: &[Part], choice: &Choice, plan: &[Planned]) -> Vec<Need> {
    let setup_alone = plan.iter().all(|it| matches!(it.part.work, Work::Setup));
    let runs = |part: &Part| {
        skipped_for(part, &choice.without).is_none()
            && (setup_alone || plan.iter().any(|it| it.part.name == part.name))
    };
    let needed = |need: &Need| parts.iter().any(|part| runs(part) && part.needs.contains(need));
    Need::ALL.into_iter().filter(needed).collect()
}

fn names(parts: &[Part]) -> String {
    parts.iter().map(|part| part.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: &[Part] = &[
        Part { name: "setup", about: "", needs: &[], work: Work::Setup },
        Part { name: "fmt", about: "", needs: &[], work: Work::Steps(&[]) },
        Part { name: "broker", about: "", needs: &[Need::Redis], work: Work::Steps(&[]) },
        Part { name: "page", about: "", needs: &[Need::Node, Need::Browser], work: Work::Steps(&[]) },
    ];

    fn choice(only: &[&str], without: &[&str]) -> Choice {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Choice { only: owned(only), without: owned(without) }
    }

    fn planned(only: &[&str], without: &[&str]) -> Result<Vec<Planned>, String> {
        plan(PARTS, &choice(only, without))
    }

    fn needed(only: &[&str], without: &[&str]) -> Vec<Need> {
        let choice = choice(only, without);
        needs(PARTS, &choice, &plan(PARTS, &choice).expect("a plan"))
    }

    fn shown(plan: &[Planned]) -> Vec<(&'static str, Option<&'static str>)> {
        plan.iter().map(|it| (it.part.name, it.skipped_for)).collect()
    }

    #[test]
    fn everything_runs_unless_told_otherwise() {
        let plan = planned(&[], &[]).expect("a plan");
        assert_eq!(shown(&plan), [("setup", None), ("fmt", None), ("broker", None), ("page", None)]);
        assert_eq!(needed(&[], &[]), [Need::Node, Need::Redis, Need::Browser]);
    }

    #[test]
    fn without_a_need_skips_what_needs_it_and_says_so() {
        let plan = planned(&[], &["browser", "fmt"]).expect("a plan");
        assert_eq!(
            shown(&plan),
            [("setup", None), ("fmt", Some("fmt")), ("broker", None), ("page", Some("browser"))]
        );
        assert_eq!(needed(&[], &["browser", "fmt"]), [Need::Redis]);
    }

    #[test]
    fn setup_by_itself_sets_up_what_all_parts_need_and_with_others_what_they_do() {
        assert_eq!(needed(&["setup"], &[]), [Need::Node, Need::Redis, Need::Browser]);
        assert_eq!(needed(&["setup"], &["browser"]), [Need::Redis]);
        assert_eq!(needed(&["setup", "broker"], &[]), [Need::Redis]);
        assert_eq!(needed(&["fmt"], &[]), []);
    }

    #[test]
    fn only_keeps_setup_and_its_order() {
        let plan = planned(&["broker", "fmt"], &[]).expect("a plan");
        assert_eq!(shown(&plan), [("setup", None), ("fmt", None), ("broker", None)]);
    }

    #[test]
    fn an_unknown_name_is_refused_rather_than_ignored() {
        assert_eq!(
            planned(&["brokers"], &[]).map(|_| ()),
            Err("no part `brokers`; there are: setup, fmt, broker, page".to_owned())
        );
        assert!(
            planned(&[], &["rediss"]).is_err_and(|message| message.contains("nothing is called `rediss`"))
        );
    }
}
