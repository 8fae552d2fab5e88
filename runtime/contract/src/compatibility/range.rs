//! Which numbers a schema allows, and how long what it allows may be.

use serde_json::Value;

use super::form::Form;

/// The largest integer that crosses the wire as a number: what is above fails where it is written.
const MOST: f64 = 9_007_199_254_740_991.0;

/// Numbers from one to another, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
}

impl Range {
    /// What the writer may write.
    pub(super) fn written(form: &Form<'_>) -> Self {
        if let Some(number) = form.constant.and_then(Value::as_f64) {
            return Self { low: number, high: number };
        }
        Self::of_type(form).and(form.number("minimum"), form.number("maximum"))
    }

    /// What the reader takes: only what its type is able to hold, where it runs no checks.
    pub(super) fn taken(form: &Form<'_>, checked: bool) -> Self {
        if checked { Self::written(form) } else { Self::of_type(form) }
    }

    pub(super) fn holds(self, other: Self) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    fn and(self, low: Option<f64>, high: Option<f64>) -> Self {
        Self {
            low: low.map_or(self.low, |low| low.max(self.low)),
            high: high.map_or(self.high, |high| high.min(self.high)),
        }
    }

    fn of_type(form: &Form<'_>) -> Self {
        let of = |low: f64, high: f64| Self { low, high };
        match form.text("format") {
            _ if !form.is_integer() => of(f64::NEG_INFINITY, f64::INFINITY),
            Some("int8") => of(i8::MIN.into(), i8::MAX.into()),
            Some("int16") => of(i16::MIN.into(), i16::MAX.into()),
            Some("int32") => of(i32::MIN.into(), i32::MAX.into()),
            Some("uint8") => of(0.0, u8::MAX.into()),
            Some("uint16") => of(0.0, u16::MAX.into()),
            Some("uint32") => of(0.0, u32::MAX.into()),
            Some("uint" | "uint64" | "uint128") => of(0.0, MOST),
            _ => of(-MOST, MOST),
        }
    }
}

/// The keywords that bound a length.
pub(super) const LENGTHS: [(&str, &str); 4] = [
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("x-minBytes", "x-maxBytes"),
];

/// Whether every length that the writer allows is one that the reader takes. Without checks the reader minds only a
/// length that is fixed, since that one is part of its type.
pub(super) fn length_fits(
    writer: &Form<'_>,
    reader: &Form<'_>,
    (least, most): (&str, &str),
    checked: bool,
) -> bool {
    let length =
        |form: &Form<'_>| (form.number(least).unwrap_or(0.0), form.number(most).unwrap_or(f64::INFINITY));
    let ((low, high), (from, to)) = (length(writer), length(reader));
    let minds = checked || from >= to;
    !minds || (from <= low && high <= to)
}
