//! The engine under every language: layout, imports, names and doc comments. It knows no language.

pub(crate) mod docs;
pub(crate) mod imports;
pub(crate) mod layout;
pub(crate) mod names;
pub(crate) mod quote;
