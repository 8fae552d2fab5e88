//! Which WebSocket frames carry the messages of a connection.

use tokio_tungstenite::tungstenite::Message as WsMessage;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
#[cfg(feature = "client")]
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WsFrame;
#[cfg(feature = "client")]
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data};

#[cfg(feature = "client")]
use crate::codec::Frame;
use crate::codec::{Codec, Raw};
use crate::session::{Disconnect, code};

/// Which frames carry messages: text for JSON, binary for MessagePack. *Some plain peers send their JSON in binary frames: both are read.*
#[derive(Debug, Clone, Copy)]
pub(crate) struct Framing {
    codec: Codec,
    plain: bool,
}

impl Framing {
    /// Of a connection with that codec's subprotocol.
    pub(crate) const fn session(codec: Codec) -> Self {
        Self { codec, plain: false }
    }

    /// Of a connection without a subprotocol.
    pub(crate) const fn plain() -> Self {
        Self { codec: Codec::Json, plain: true }
    }

    /// What messages are encoded in.
    pub(crate) const fn codec(self) -> Codec {
        self.codec
    }

    /// The message in a text frame.
    pub(crate) fn text(self, text: &str) -> Result<Raw<'_>, Disconnect> {
        match self.codec {
            Codec::Json => Ok(Raw::Json(text)),
            Codec::MsgPack => {
                Err(Disconnect::new(code::UNSUPPORTED, "text frame on wirecall.1.msgpack, which is binary"))
            }
        }
    }

    /// The message in a binary frame.
    pub(crate) fn binary(self, bytes: &[u8]) -> Result<Raw<'_>, Disconnect> {
        if self.codec == Codec::MsgPack {
            return Ok(Raw::MsgPack(bytes));
        }
        if !self.plain {
            return Err(Disconnect::new(code::UNSUPPORTED, "binary frame on wirecall.1.json, which is text"));
        }
        let text = std::str::from_utf8(bytes);
        text.map(Raw::Json).map_err(|_| Disconnect::new(code::INVALID_UTF8, "a message is not UTF-8"))
    }

    /// The message in a frame; `None` where the frame carries none.
    pub(crate) fn message(self, message: &WsMessage) -> Option<Result<Raw<'_>, Disconnect>> {
        match message {
            WsMessage::Text(text) => Some(self.text(text)),
            WsMessage::Binary(bytes) => Some(self.binary(bytes)),
            _ => None,
        }
    }

    /// An encoded message as a frame, where there is no driver yet.
    #[cfg(feature = "client")]
    pub(crate) fn frame(self, message: Frame) -> WsMessage {
        WsMessage::Frame(WsFrame::message(message, OpCode::Data(self.kind()), true))
    }

    /// What messages are written in.
    pub(crate) const fn kind(self) -> Data {
        match self.codec {
            Codec::Json => Data::Text,
            Codec::MsgPack => Data::Binary,
        }
    }
}

/// How the other end closed. *Without a code, the connection is lost*, and so it is with one that the WebSocket library does not
/// know, such as 1014: it gives 1002 for that, in words of its own.
pub(crate) fn said(frame: Option<CloseFrame>) -> Disconnect {
    match frame {
        None => Disconnect::new(code::NO_STATUS, ""),
        Some(frame) if frame.code == CloseCode::Protocol && frame.reason.as_str() == "Protocol violation" => {
            Disconnect::lost("closed with a code that says nothing")
        }
        Some(frame) => Disconnect::new(frame.code.into(), frame.reason.to_string()),
    }
}
