//! A small pretty printer, so that what is written is what a formatter would have written.
//!
//! It is the algorithm of Wadler in the form that Prettier gave it: a group is printed on one line where it
//! fits, and broken at all of its own lines where it does not.

use std::borrow::Cow;

/// A piece of layout.
#[derive(Debug, Clone)]
pub(crate) enum Doc {
    /// Text without a line break.
    Text(Cow<'static, str>),
    /// A space, or a line break where the group is broken.
    Line,
    /// Nothing, or a line break where the group is broken.
    SoftLine,
    /// Always a line break; breaks every group around it.
    HardLine,
    /// One step further in after each line break.
    Indent(Box<Self>),
    /// All on one line, or broken at all of its own lines.
    Group {
        /// What it holds.
        body: Box<Self>,
        /// Whether it holds a hard line, so that it cannot be on one.
        broken: bool,
    },
    /// One text where the group around it is broken, another where it is on one line.
    IfBroken(&'static str, &'static str),
    /// The first that fits up to its first line break; the last otherwise.
    Choice(Vec<Self>),
    /// One after the other.
    Concat(Vec<Self>),
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Flat,
    Broken,
}

impl From<&'static str> for Doc {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Doc {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Vec<Self>> for Doc {
    fn from(docs: Vec<Self>) -> Self {
        Self::Concat(docs)
    }
}

impl Doc {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self::Concat(Vec::new())
    }

    /// One step further in.
    pub(crate) fn indent(body: impl Into<Self>) -> Self {
        Self::Indent(Box::new(body.into()))
    }

    /// On one line where it fits.
    pub(crate) fn group(body: impl Into<Self>) -> Self {
        let body = body.into();
        Self::Group { broken: body.has_hard_line(), body: Box::new(body) }
    }

    /// `docs` with `separator` between each two.
    pub(crate) fn join(separator: impl Into<Self>, docs: impl IntoIterator<Item = Self>) -> Self {
        let separator = separator.into();
        let mut joined = Vec::new();
        for doc in docs {
            if !joined.is_empty() {
                joined.push(separator.clone());
            }
            joined.push(doc);
        }
        Self::Concat(joined)
    }

    /// Each on a line of its own.
    pub(crate) fn lines(docs: impl IntoIterator<Item = Self>) -> Self {
        Self::join(Self::HardLine, docs)
    }

    /// Whether it cannot be on one line.
    pub(crate) fn has_hard_line(&self) -> bool {
        match self {
            Self::HardLine => true,
            Self::Indent(body) => body.has_hard_line(),
            Self::Group { broken, .. } => *broken,
            Self::Concat(docs) => docs.iter().any(Self::has_hard_line),
            Self::Choice(choices) => choices.first().is_some_and(Self::has_hard_line),
            Self::Text(_) | Self::Line | Self::SoftLine | Self::IfBroken(..) => false,
        }
    }

    /// The text, with lines of at most `width` columns where possible and `step` columns of indent.
    pub(crate) fn render(&self, width: usize, step: usize) -> String {
        let mut printer = Printer { width, step, out: String::new(), column: 0 };
        printer.print(self);
        printer.out
    }
}

type Command<'d> = (usize, Mode, &'d Doc);

struct Printer {
    width: usize,
    step: usize,
    out: String,
    column: usize,
}

impl Printer {
    fn print(&mut self, doc: &Doc) {
        let mut rest: Vec<Command<'_>> = vec![(0, Mode::Broken, doc)];
        while let Some((depth, mode, doc)) = rest.pop() {
            match doc {
                Doc::Text(text) => self.text(text),
                Doc::IfBroken(broken, flat) => self.text(if mode == Mode::Broken { broken } else { flat }),
                Doc::Line if mode == Mode::Flat => self.text(" "),
                Doc::SoftLine if mode == Mode::Flat => {}
                Doc::Line | Doc::SoftLine | Doc::HardLine => self.line_break(depth),
                Doc::Indent(body) => rest.push((depth + 1, mode, body)),
                Doc::Concat(docs) => rest.extend(docs.iter().rev().map(|doc| (depth, mode, doc))),
                Doc::Group { body, broken } => {
                    let flat = !broken && self.fits((depth, Mode::Flat, body), &rest);
                    rest.push((depth, if flat { Mode::Flat } else { Mode::Broken }, body));
                }
                Doc::Choice(choices) => {
                    if let Some(chosen) = self.choose(choices, depth, &rest) {
                        rest.push(chosen);
                    }
                }
            }
        }
    }

    fn choose<'d>(&self, choices: &'d [Doc], depth: usize, rest: &[Command<'d>]) -> Option<Command<'d>> {
        let (last, others) = choices.split_last()?;
        let fitting =
            others.iter().map(|doc| (depth, Mode::Flat, doc)).find(|choice| self.fits(*choice, rest));
        Some(fitting.unwrap_or((depth, Mode::Broken, last)))
    }

    /// Whether the line goes on to its next break without leaving the page.
    fn fits(&self, first: Command<'_>, rest: &[Command<'_>]) -> bool {
        let mut room = self.width.saturating_sub(self.column);
        let mut behind = rest.iter().rev();
        let mut stack = vec![first];
        while let Some((depth, mode, doc)) = stack.pop().or_else(|| behind.next().copied()) {
            let used = match doc {
                Doc::Text(text) => text.chars().count(),
                Doc::IfBroken(broken, flat) => (if mode == Mode::Broken { broken } else { flat }).len(),
                Doc::Line if mode == Mode::Flat => 1,
                Doc::SoftLine if mode == Mode::Flat => 0,
                Doc::Line | Doc::SoftLine | Doc::HardLine => return true,
                Doc::Indent(body) => {
                    stack.push((depth, mode, body));
                    0
                }
                Doc::Concat(docs) => {
                    stack.extend(docs.iter().rev().map(|doc| (depth, mode, doc)));
                    0
                }
                Doc::Group { body, broken } => {
                    stack.push((depth, if *broken { Mode::Broken } else { mode }, body));
                    0
                }
                Doc::Choice(choices) => {
                    stack.extend(choices.first().map(|doc| (depth, mode, doc)));
                    0
                }
            };
            match room.checked_sub(used) {
                Some(left) => room = left,
                None => return false,
            }
        }
        true
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn line_break(&mut self, depth: usize) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
        self.column = depth * self.step;
        self.out.extend(std::iter::repeat_n(' ', self.column));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &[&'static str]) -> Doc {
        let arguments =
            Doc::join(Doc::from(vec![",".into(), Doc::Line]), arguments.iter().map(|text| (*text).into()));
        Doc::group(vec![
            "f(".into(),
            Doc::indent(vec![Doc::SoftLine, arguments]),
            Doc::IfBroken(",", ""),
            Doc::SoftLine,
            ")".into(),
        ])
    }

    #[test]
    fn a_group_that_fits_is_on_one_line() {
        assert_eq!(call(&["a", "b"]).render(8, 2), "f(a, b)");
    }

    #[test]
    fn a_group_that_does_not_fit_is_broken_at_each_of_its_lines() {
        assert_eq!(call(&["aaaa", "b"]).render(8, 2), "f(\n  aaaa,\n  b,\n)");
    }

    #[test]
    fn what_stands_behind_a_group_counts() {
        let doc = Doc::from(vec![call(&["a", "b"]), ";".into()]);
        assert_eq!(doc.render(7, 2), "f(\n  a,\n  b,\n);");
    }

    #[test]
    fn a_hard_line_breaks_the_groups_around_it() {
        let doc = Doc::group(vec![
            "{".into(),
            Doc::indent(vec![Doc::Line, "a".into(), Doc::HardLine, "b".into()]),
            Doc::Line,
            "}".into(),
        ]);
        assert_eq!(doc.render(80, 2), "{\n  a\n  b\n}");
    }

    #[test]
    fn an_empty_line_has_no_trailing_spaces() {
        let doc = Doc::indent(vec!["a".into(), Doc::HardLine, Doc::HardLine, "b".into()]);
        assert_eq!(doc.render(80, 2), "a\n\n  b");
    }
}
