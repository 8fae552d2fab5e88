//! Faults that can be switched on, so that the simulation can show that it would find them. Only in tests.

use std::cell::Cell;

/// A fault in the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// An ack is counted as told and not sent.
    AckLost,
    /// A number is left out.
    SeqSkipped,
    /// A message is forgotten before it was acknowledged.
    TrimmedEarly,
    /// A message that comes again is taken again.
    RepeatRun,
    /// A connection that takes a session up counts from 0.
    ReceivedForgotten,
    /// What is new is written before what is to be written again.
    ReplayAfterNew,
    /// What was written is not written again.
    CursorKept,
    /// Any attempt may take a session up.
    StaleAttempt,
    /// Any secret opens a session.
    AnySecret,
    /// A session is taken up after its time.
    Undead,
    /// The old connection of a session still speaks for it.
    NoFence,
    /// Credit that is granted while away is forgotten.
    CreditLost,
    /// What the old session had received is not looked at.
    EndedReceivedIgnored,
    /// The old session is thought to have received nothing.
    NothingReceived,
    /// Every call is sent again.
    AllIdempotent,
    /// A stream is sent again although it delivered items.
    BegunAgain,
    /// The buffer has no bound.
    NoBound,
}

impl Mutant {
    /// All of them.
    pub(crate) const ALL: [Self; 17] = [
        Self::AckLost,
        Self::SeqSkipped,
        Self::TrimmedEarly,
        Self::RepeatRun,
        Self::ReceivedForgotten,
        Self::ReplayAfterNew,
        Self::CursorKept,
        Self::StaleAttempt,
        Self::AnySecret,
        Self::Undead,
        Self::NoFence,
        Self::CreditLost,
        Self::EndedReceivedIgnored,
        Self::NothingReceived,
        Self::AllIdempotent,
        Self::BegunAgain,
        Self::NoBound,
    ];
}

thread_local! {
    static CHOSEN: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Switches a fault on, in this thread, or all off.
pub(crate) fn choose(mutant: Option<Mutant>) {
    CHOSEN.set(mutant);
}

/// Whether that fault is on.
pub(crate) fn is(mutant: Mutant) -> bool {
    CHOSEN.get() == Some(mutant)
}
