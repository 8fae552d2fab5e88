//! From a value to MessagePack, in the forms that JSON has: structs are maps, keys are texts, absent values nil.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{self, Serialize};

use super::{Error, Malformed, write};
use crate::message::bytes::BYTES;

/// Appends a value.
pub(crate) fn to_writer<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    value.serialize(Serializer { out, place: Place::Value })
}

struct Serializer<'o> {
    out: &'o mut Vec<u8>,
    place: Place,
}

/// Where a value is about to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    /// Before a value in a map, as a text.
    Key,
    /// Inside the newtype of bytes: bytes, or their text where serde has buffered it.
    Bytes,
}

/// An array or a map whose members are written one by one.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
    /// Members that were announced; where nobody knew, the place where their number is to be written.
    announced: Result<usize, usize>,
    written: usize,
}

impl<'o> Serializer<'o> {
    /// What stands here as a value must be one. Keys are texts, and bytes are bytes.
    fn only_as_value(&self) -> Result<(), Error> {
        match self.place {
            Place::Value => Ok(()),
            Place::Key => Err(Malformed::Key.into()),
            Place::Bytes => Err(no_bytes()),
        }
    }

    /// What is a text in the place of a key.
    fn as_key(&mut self, value: &impl Serialize) -> Result<(), Error> {
        if self.place == Place::Bytes {
            return Err(no_bytes());
        }
        let text = serde_json::to_string(value).map_err(<Error as ser::Error>::custom)?;
        Ok(write::text(self.out, &text)?)
    }

    fn members(
        self,
        len: Option<usize>,
        unknown: u8,
        head: impl FnOnce(&mut Vec<u8>, usize) -> Result<(), Malformed>,
    ) -> Result<Members<'o>, Error> {
        self.only_as_value()?;
        let announced = if let Some(len) = len {
            head(self.out, len)?;
            Ok(len)
        } else {
            self.out.push(unknown);
            let place = self.out.len();
            self.out.extend_from_slice(&[0; 4]);
            Err(place)
        };
        Ok(Members { out: self.out, announced, written: 0 })
    }

    fn array(self, len: Option<usize>) -> Result<Members<'o>, Error> {
        self.members(len, 0xdd, write::array)
    }

    fn map(self, len: Option<usize>) -> Result<Members<'o>, Error> {
        self.members(len, 0xdf, write::map)
    }

    fn variant(self, name: &str) -> Result<Self, Error> {
        self.only_as_value()?;
        write::map(self.out, 1)?;
        write::text(self.out, name)?;
        Ok(self)
    }
}

impl Members<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.written += 1;
        to_writer(self.out, value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        write::text(self.out, name)?;
        self.value(value)
    }

    fn finish(self) -> Result<(), Error> {
        match self.announced {
            Ok(announced) if announced == self.written => Ok(()),
            Ok(announced) => Err(ser::Error::custom(format_args!(
                "its Serialize announced {announced} members and gave {}",
                self.written
            ))),
            Err(place) => {
                let written = u32::try_from(self.written).map_err(|_| Malformed::TooLong)?;
                if let Some(number) = self.out.get_mut(place..place + 4) {
                    number.copy_from_slice(&written.to_be_bytes());
                }
                Ok(())
            }
        }
    }
}

impl<'o> ser::Serializer for Serializer<'o> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'o>;
    type SerializeTuple = Members<'o>;
    type SerializeTupleStruct = Members<'o>;
    type SerializeTupleVariant = Members<'o>;
    type SerializeMap = Members<'o>;
    type SerializeStruct = Members<'o>;
    type SerializeStructVariant = Members<'o>;

    fn is_human_readable(&self) -> bool {
        self.place != Place::Bytes
    }

    fn serialize_bool(mut self, value: bool) -> Result<(), Error> {
        if self.place != Place::Value {
            return self.as_key(&value);
        }
        write::boolean(self.out, value);
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(mut self, value: i64) -> Result<(), Error> {
        if self.place != Place::Value {
            return self.as_key(&value);
        }
        write::int(self.out, value);
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        if let Ok(value) = u64::try_from(value) {
            return self.serialize_u64(value);
        }
        let value = i64::try_from(value).map_err(|_| out_of_range())?;
        self.serialize_i64(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(mut self, value: u64) -> Result<(), Error> {
        if self.place != Place::Value {
            return self.as_key(&value);
        }
        write::uint(self.out, value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        let value = u64::try_from(value).map_err(|_| out_of_range())?;
        self.serialize_u64(value)
    }

    /// 0.1 is written as the 0.1 of 64 bits, as it is in JSON, and not as the nearest that 32 bits have.
    fn serialize_f32(mut self, value: f32) -> Result<(), Error> {
        if self.place != Place::Value {
            return self.as_key(&value);
        }
        let wide = f64::from(value);
        // Small whole numbers are the same in both.
        let exact = value.fract() == 0.0 && value.abs() < 16_777_216.0;
        if exact || !value.is_finite() {
            return self.serialize_f64(wide);
        }
        let text = serde_json::to_string(&value).map_err(<Error as ser::Error>::custom)?;
        self.serialize_f64(text.parse().unwrap_or(wide))
    }

    fn serialize_f64(mut self, value: f64) -> Result<(), Error> {
        if self.place != Place::Value {
            self.as_key(&value)?;
        } else if value.is_finite() {
            write::float(self.out, value);
        } else {
            // As JSON has it. In a message the checks have refused it before.
            write::nil(self.out);
        }
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        match self.place {
            Place::Value | Place::Key => Ok(write::text(self.out, value)?),
            Place::Bytes => self.serialize_bytes(&STANDARD.decode(value).map_err(|_| no_bytes())?),
        }
    }

    /// Numbers, as in JSON; only what is declared as bytes is `bin`.
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        if self.place == Place::Bytes {
            return Ok(write::binary(self.out, value)?);
        }
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.only_as_value()?;
        write::nil(self.out);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let place = if name == BYTES && self.place == Place::Value { Place::Bytes } else { self.place };
        value.serialize(Serializer { out: self.out, place })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Members<'o>, Error> {
        self.array(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Members<'o>, Error> {
        self.array(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Members<'o>, Error> {
        self.array(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Members<'o>, Error> {
        self.variant(variant)?.array(Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Members<'o>, Error> {
        self.map(len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Members<'o>, Error> {
        self.map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Members<'o>, Error> {
        self.variant(variant)?.map(Some(len))
    }
}

fn no_bytes() -> Error {
    ser::Error::custom("what is declared as bytes is something else")
}

fn out_of_range() -> Error {
    ser::Error::custom("number out of range")
}

/// serde has a trait for each kind of array, and all of them are written alike.
macro_rules! arrays {
    ($($kind:ident: $member:ident),+) => {$(
        impl ser::$kind for Members<'_> {
            type Ok = ();
            type Error = Error;

            fn $member<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.value(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )+};
}

arrays!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Serializer { out: self.out, place: Place::Key })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

/// The same for each kind of map with the names of a declaration.
macro_rules! structs {
    ($($kind:ident),+) => {$(
        impl ser::$kind for Members<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )+};
}

structs!(SerializeStruct, SerializeStructVariant);
