#[derive(
    ::wirecall::Message,
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::wirecall::__private::serde::Serialize,
    ::wirecall::__private::serde::Deserialize,
    ::wirecall::__private::schemars::JsonSchema,
    ::wirecall::__private::TS
)]
#[serde(crate = "::wirecall::__private::serde")]
#[schemars(crate = "::wirecall::__private::schemars")]
#[ts(crate = "::wirecall::__private::ts_rs")]
/// A message as stored.
pub struct Stored {
    pub id: u64,
    #[check(length(max = 20))]
    pub title: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
    #[serde(skip)]
    pub cached: bool,
}
#[derive(
    ::wirecall::Message,
    ::core::fmt::Debug,
    ::wirecall::__private::serde::Serialize,
    ::wirecall::__private::serde::Deserialize,
    ::wirecall::__private::schemars::JsonSchema,
    ::wirecall::__private::TS
)]
#[serde(crate = "::wirecall::__private::serde")]
#[schemars(crate = "::wirecall::__private::schemars")]
#[ts(crate = "::wirecall::__private::ts_rs")]
#[derive(PartialEq, Clone)]
pub struct RoomId(#[check(pattern = "^[a-z]+$")] String);
const _: () = {
    impl ::core::convert::From<String> for RoomId {
        fn from(value: String) -> Self {
            Self(value)
        }
    }
    impl<'__a> ::core::convert::From<&'__a str> for RoomId {
        fn from(value: &'__a str) -> Self {
            Self(::core::convert::Into::into(value))
        }
    }
    impl ::core::fmt::Display for RoomId {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::fmt::Display::fmt(&self.0, f)
        }
    }
    impl ::core::convert::AsRef<str> for RoomId {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }
};
#[derive(
    ::wirecall::Message,
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::wirecall::__private::serde::Serialize,
    ::wirecall::__private::serde::Deserialize,
    ::wirecall::__private::schemars::JsonSchema,
    ::wirecall::__private::TS
)]
#[serde(rename_all = "snake_case")]
#[serde(crate = "::wirecall::__private::serde")]
#[schemars(crate = "::wirecall::__private::schemars")]
#[ts(crate = "::wirecall::__private::ts_rs")]
pub enum Color {
    DarkRed,
    Green,
}
#[derive(
    ::wirecall::Message,
    ::core::clone::Clone,
    ::core::fmt::Debug,
    ::wirecall::__private::serde::Serialize,
    ::wirecall::__private::serde::Deserialize,
    ::wirecall::__private::schemars::JsonSchema,
    ::wirecall::__private::TS
)]
#[serde(tag = "type", rename_all = "snake_case")]
#[serde(crate = "::wirecall::__private::serde")]
#[schemars(crate = "::wirecall::__private::schemars")]
#[ts(crate = "::wirecall::__private::ts_rs")]
pub enum Shape {
    Circle { radius: f64 },
    Group(Children),
    Nothing,
}
#[allow(deprecated, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl<T: ::wirecall::Message> ::wirecall::Message for Adjacent<T> {
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            #[allow(unreachable_patterns)]
            match self {
                Self::One { mail_address: __0, .. } => {
                    at.field(
                        "c",
                        |at| {
                            at.field(
                                "mailAddress",
                                |at| {
                                    ::wirecall::__private::email(__0, at);
                                    <String as ::wirecall::Message>::check(__0, at);
                                },
                            );
                        },
                    )
                }
                Self::Many(__0) => {
                    at.field(
                        "c",
                        |at| {
                            <Vec<T> as ::wirecall::Message>::check(__0, at);
                        },
                    )
                }
                _ => {}
            }
        }
        fn describe(builder: &mut ::wirecall::__private::contract::Builder) {
            if !builder.enter::<Self>() {
                return;
            }
            <String as ::wirecall::Message>::describe(builder);
            <Vec<T> as ::wirecall::Message>::describe(builder);
            fn describe<__T: ::wirecall::Message>(
                builder: &mut ::wirecall::__private::contract::Builder,
                info: ::wirecall::__private::contract::NamedType,
                checks: &[(
                    ::core::option::Option<&str>,
                    ::core::option::Option<&str>,
                    ::wirecall::__private::contract::Check,
                )],
            ) {
                builder.describe::<__T>(info, checks);
            }
            describe::<
                Self,
            >(
                builder,
                ::wirecall::__private::contract::NamedType {
                    rust_name: ::core::convert::Into::into("Adjacent"),
                    fields: ::wirecall::__private::Vec::new(),
                    variants: ::wirecall::__private::Vec::from([
                        ::wirecall::__private::contract::Variant {
                            name: ::core::convert::Into::into("One"),
                            rust_name: ::core::convert::Into::into("One"),
                            fields: ::wirecall::__private::Vec::from([
                                ::wirecall::__private::contract::Field {
                                    name: ::core::convert::Into::into("mailAddress"),
                                    rust_name: ::core::convert::Into::into("mail_address"),
                                },
                            ]),
                        },
                        ::wirecall::__private::contract::Variant {
                            name: ::core::convert::Into::into("Many"),
                            rust_name: ::core::convert::Into::into("Many"),
                            fields: ::wirecall::__private::Vec::new(),
                        },
                    ]),
                },
                &[
                    (
                        ::core::option::Option::Some("One"),
                        ::core::option::Option::Some("mailAddress"),
                        ::wirecall::__private::contract::Check::Email,
                    ),
                ],
            );
        }
    }
};
#[allow(deprecated, clippy::all, clippy::pedantic)]
const _: () = {
    #[allow(unused_imports)]
    use ::core::{
        convert::{From as _, Into as _},
        default::Default as _, option::Option::{None, Some},
    };
    impl ::wirecall::Message for Address {
        const OBJECT: bool = <String as ::wirecall::Message>::OBJECT;
        fn check(&self, at: &mut ::wirecall::Checker<'_>) {
            let _ = at;
        }
        fn describe(builder: &mut ::wirecall::__private::contract::Builder) {
            <String as ::wirecall::Message>::describe(builder);
        }
    }
};
