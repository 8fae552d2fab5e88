//! One type for both directions, where what the server reads and what it writes are the same to a language.

use super::{Alternative, Field, Record, Type};

/// The one type for a value that the server both reads and writes, or `None` where a language must show two.
///
/// It is the written form. A field that may be null there and may be left out when it is sent (an `Option`)
/// is no difference: what comes from the server can be sent back as it is.
pub(super) fn unify(read: &Type, written: &Type) -> Option<Type> {
    match (read, written) {
        (Type::List(read), Type::List(written)) => Some(Type::List(Box::new(unify(read, written)?))),
        (Type::Map(read), Type::Map(written)) => Some(Type::Map(Box::new(unify(read, written)?))),
        (Type::Tuple(read), Type::Tuple(written)) => Some(Type::Tuple(pairs(read, written)?)),
        (Type::All(read), Type::All(written)) => Some(Type::All(pairs(read, written)?)),
        (Type::Record(read), Type::Record(written)) => Some(Type::Record(records(read, written)?)),
        (Type::Union(read), Type::Union(written)) => unions(read, written),
        (Type::Named(read), Type::Named(written)) => {
            (read.name == written.name).then(|| Type::Named(written.clone()))
        }
        (Type::Literal(read), Type::Literal(written)) => {
            let same = read.len() == written.len()
                && read.iter().all(|a| written.iter().any(|b| a.value == b.value));
            same.then(|| Type::Literal(written.clone()))
        }
        (read, written) => (read == written).then(|| written.clone()),
    }
}

fn pairs(read: &[Type], written: &[Type]) -> Option<Vec<Type>> {
    if read.len() != written.len() {
        return None;
    }
    read.iter().zip(written).map(|(read, written)| unify(read, written)).collect()
}

fn unions(read: &[Alternative], written: &[Alternative]) -> Option<Type> {
    if read.len() != written.len() {
        return None;
    }
    let alternatives = read.iter().zip(written).map(|(read, written)| {
        Some(Alternative { body: unify(&read.body, &written.body)?, ..written.clone() })
    });
    Some(Type::Union(alternatives.collect::<Option<_>>()?))
}

fn records(read: &Record, written: &Record) -> Option<Record> {
    let rest = match (&read.rest, &written.rest) {
        (None, None) => None,
        (Some(read), Some(written)) => Some(Box::new(unify(read, written)?)),
        _ => return None,
    };
    if read.fields.len() != written.fields.len() {
        return None;
    }
    let fields = written.fields.iter().map(|written| {
        let read = read.fields.iter().find(|read| read.wire == written.wire)?;
        let body = unify(&read.body, &written.body)?;
        let omittable = match (read.required, written.required) {
            (false, true) if written.body.is_nullable() => true,
            (read, written) if read == written => false,
            _ => return None,
        };
        Some(Field { body, omittable, ..written.clone() })
    });
    Some(Record { fields: fields.collect::<Option<_>>()?, rest })
}
