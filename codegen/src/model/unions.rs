//! How types are put together: one of several, or all of several at once.

use super::{Alternative, Record, Type};

/// One of these types: nested unions opened, literals gathered, what is there twice dropped.
pub(crate) fn one_of(alternatives: Vec<Alternative>) -> Type {
    let mut flat: Vec<Alternative> = Vec::new();
    for alternative in alternatives {
        match alternative.body {
            Type::Union(inner) => inner.into_iter().for_each(|inner| add(&mut flat, inner)),
            _ => add(&mut flat, alternative),
        }
    }
    if flat.iter().any(|alternative| alternative.body == Type::Unknown) {
        return Type::Unknown;
    }
    match flat.len() {
        0 => Type::Unknown,
        1 => flat.pop().map_or(Type::Unknown, |only| only.body),
        _ => Type::Union(flat),
    }
}

fn add(flat: &mut Vec<Alternative>, new: Alternative) {
    if let Type::Literal(more) = &new.body {
        let gathered = flat.iter_mut().find_map(|known| match &mut known.body {
            Type::Literal(literals) => Some(literals),
            _ => None,
        });
        if let Some(literals) = gathered {
            for literal in more {
                if !literals.iter().any(|known| known.value == literal.value) {
                    literals.push(literal.clone());
                }
            }
            return;
        }
    }
    if !flat.iter().any(|known| known.body == new.body) {
        flat.push(new);
    }
}

/// All of these types at once: records become one record, and a union of records takes it into each.
pub(crate) fn all(parts: Vec<Type>) -> Type {
    let mut record: Option<Record> = None;
    let mut others: Vec<Type> = Vec::new();
    for part in parts {
        match part {
            Type::Unknown => {}
            Type::Record(more) => merge(record.get_or_insert_default(), more),
            Type::All(inner) => others.extend(inner),
            other if others.contains(&other) => {}
            other => others.push(other),
        }
    }
    match (record, others.len()) {
        (None, 0) => Type::Unknown,
        (Some(record), 0) => Type::Record(record),
        (None, 1) => others.pop().unwrap_or(Type::Unknown),
        (Some(record), 1) if matches!(others.as_slice(), [Type::Union(_)]) => distribute(&record, others),
        (record, _) => Type::All(record.map(Type::Record).into_iter().chain(others).collect()),
    }
}

fn distribute(record: &Record, others: Vec<Type>) -> Type {
    let alternatives = others.into_iter().flat_map(|other| match other {
        Type::Union(alternatives) => alternatives,
        _ => Vec::new(),
    });
    let alternatives = alternatives.map(|alternative| {
        let body = match alternative.body {
            Type::Record(own) => {
                let mut merged = record.clone();
                merge(&mut merged, own);
                Type::Record(merged)
            }
            body => Type::All(vec![Type::Record(record.clone()), body]),
        };
        Alternative { body, ..alternative }
    });
    one_of(alternatives.collect())
}

/// Adds the members of `more`; one of the same name gives way.
pub(crate) fn merge(record: &mut Record, more: Record) {
    record.rest = record.rest.take().or(more.rest);
    for field in more.fields {
        if !record.fields.iter().any(|known| known.wire == field.wire) {
            record.fields.push(field);
        }
    }
}
