//! The pieces of Python's syntax, laid out as ruff does.

use serde_json::Value;

use crate::print::layout::Doc;
pub(super) use crate::print::quote::quoted as string;

/// A literal type's value.
pub(super) fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), string)
}

/// `open`, the items, `close`: on one line, or inside on one line, or one item a line.
pub(super) fn list(open: impl Into<Doc>, items: Vec<Doc>, close: &'static str) -> Doc {
    let trailing = Doc::IfBroken(",", "");
    Doc::group(enclosed(open, items, close, trailing))
}

/// As [`list`], which also breaks where what stands behind it does not fit.
pub(super) fn list_before(open: impl Into<Doc>, items: Vec<Doc>, close: &'static str, behind: Doc) -> Doc {
    let trailing = Doc::IfBroken(",", "");
    Doc::group(vec![enclosed(open, items, close, trailing), behind])
}

/// As [`list`], for brackets in which a trailing comma means something.
pub(super) fn subscript(open: impl Into<Doc>, items: Vec<Doc>) -> Doc {
    let trailing = if items.len() > 1 { Doc::IfBroken(",", "") } else { Doc::empty() };
    Doc::group(enclosed(open, items, "]", trailing))
}

/// A value that is a list or a tuple: on one line, or one item a line.
pub(super) fn brackets(open: &'static str, items: Vec<Doc>, close: &'static str) -> Doc {
    // The comma of a tuple of one is what makes it a tuple.
    let trailing = if items.len() == 1 && close == ")" { ",".into() } else { Doc::IfBroken(",", "") };
    let items = Doc::join(vec![",".into(), Doc::Line], items);
    let inner = vec![Doc::SoftLine, items, trailing];
    Doc::group(vec![open.into(), Doc::indent(inner), Doc::SoftLine, close.into()])
}

fn enclosed(open: impl Into<Doc>, items: Vec<Doc>, close: &'static str, trailing: Doc) -> Doc {
    if items.is_empty() {
        return Doc::Concat(vec![open.into(), close.into()]);
    }
    let items = Doc::join(vec![",".into(), Doc::Line], items);
    let inner = Doc::group(vec![items, trailing]);
    Doc::Concat(vec![open.into(), Doc::indent(vec![Doc::SoftLine, inner]), Doc::SoftLine, close.into()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_inside_before_it_goes_one_a_line() {
        let call = |width| list("call(", vec!["aaaa".into(), "bbbb".into()], ")").render(width, 4);
        assert_eq!(call(20), "call(aaaa, bbbb)");
        assert_eq!(call(15), "call(\n    aaaa, bbbb\n)");
        assert_eq!(call(12), "call(\n    aaaa,\n    bbbb,\n)");
    }
}
