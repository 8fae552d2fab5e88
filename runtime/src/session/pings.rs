//! The pings of one connection, and what the answer to one of them proves.

/// Counts them, since a pong does not say which ping it answers: they come in order.
#[derive(Debug, Default)]
pub(crate) struct Pings {
    sent: u64,
    answered: u64,
    /// The ping that asks, and the number up to which its answer says that the server has everything.
    asking: Option<(u64, u64)>,
}

impl Pings {
    /// One is written now.
    pub(crate) fn sent(&mut self) {
        self.sent += 1;
    }

    /// One is written now, after everything up to that number. False where one asks already: the next one does when it
    /// is answered, if more was written meanwhile.
    pub(crate) fn ask(&mut self, number: u64) -> bool {
        if self.asking.is_some() {
            return false;
        }
        self.sent += 1;
        self.asking = Some((self.sent, number));
        true
    }

    /// A pong arrived. Gives the number up to which the server must have received everything, if it tells that.
    pub(crate) fn answered(&mut self) -> Option<u64> {
        self.answered = (self.answered + 1).min(self.sent);
        let (_, number) = self.asking.take_if(|(ping, _)| *ping <= self.answered)?;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::Pings;

    #[test]
    fn only_the_answer_to_the_ping_that_asks_proves_something() {
        let mut pings = Pings::default();
        pings.sent();
        assert!(pings.ask(7));
        assert!(!pings.ask(8));
        assert_eq!(pings.answered(), None);
        assert_eq!(pings.answered(), Some(7));
        assert!(pings.ask(8));
        assert_eq!(pings.answered(), Some(8));
        assert_eq!(pings.answered(), None);
    }

    #[test]
    fn a_pong_that_nobody_asked_for_counts_for_none_that_comes_later() {
        let mut pings = Pings::default();
        assert_eq!(pings.answered(), None);
        pings.sent();
        assert!(pings.ask(1));
        assert_eq!(pings.answered(), None);
        assert_eq!(pings.answered(), Some(1));
    }
}
