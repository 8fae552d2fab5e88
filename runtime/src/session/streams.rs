//! The credit of streams: how many items may still be sent, and when to allow more.
//!
//! Who produces items keeps a [`Credit`], who takes them a [`Window`]: a download has the first at the callee and the second
//! at the caller, an upload the other way round.

/// *Sums saturate at 2^31−1.*
pub(crate) const MAX_CREDIT: u32 = i32::MAX.cast_unsigned();

/// How many items a caller of a stream, and the callee of an upload, allow ahead.
pub(crate) const STREAM_CREDIT: u32 = 64;

/// How many items the producer may still send.
///
/// *A producer out of credit waits; it never buffers without bound.*
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credit {
    /// `None`: unlimited, and the connection's own backpressure holds the producer.
    left: Option<u32>,
}

impl Credit {
    /// *The caller opens with `meta.credit`; without it it is unlimited.*
    pub(crate) fn download(opening: Option<u64>) -> Self {
        Self { left: opening.map(saturate) }
    }

    /// *A call that takes a stream starts with no credit.*
    pub(crate) fn upload() -> Self {
        Self { left: Some(0) }
    }

    /// The other end allows more. *An integer ≥ 1*: gives whether it is one that counts.
    pub(crate) fn grant(&mut self, more: u64) -> bool {
        if let Some(left) = &mut self.left {
            *left = left.saturating_add(saturate(more)).min(MAX_CREDIT);
        }
        more > 0
    }

    /// How many items may leave now, of `wanted`.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn allows(self, wanted: usize) -> usize {
        self.left.map_or(wanted, |left| wanted.min(left as usize))
    }

    /// Spends one for an item that leaves now, if there is one left.
    pub(crate) fn spend(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

fn saturate(credit: u64) -> u32 {
    u32::try_from(credit).unwrap_or(MAX_CREDIT).min(MAX_CREDIT)
}

/// The producer sent more items than it was allowed. *Items beyond the credit cancel the call with
/// `resource_exhausted`.*
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BeyondCredit;

/// What the consumer allowed, received and took: more is granted when half of it was taken, so that a producer that is
/// waited for never waits itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    size: u32,
    /// Allowed and not received.
    outstanding: u32,
    /// Taken since the last grant.
    taken: u32,
}

impl Window {
    /// A window that was opened along with the call, by `meta.credit`.
    pub(crate) fn download(size: u32) -> Self {
        let size = size.clamp(1, MAX_CREDIT);
        Self { size, outstanding: size, taken: 0 }
    }

    /// A window of an upload: [`Window::refill`] says what to grant, first and later.
    pub(crate) fn upload(size: u32) -> Self {
        Self { outstanding: 0, ..Self::download(size) }
    }

    /// What to grant while so many items wait for the application, and there is room for so many on their way: nothing
    /// before half is taken, and one at least where none waits and none is on its way, so that it never stands still.
    pub(crate) fn refill(&mut self, waiting: usize, room: usize) -> u32 {
        let ahead = self.outstanding.saturating_add(u32::try_from(waiting).unwrap_or(MAX_CREDIT));
        if ahead > self.size / 2 {
            return 0;
        }
        let room = u32::try_from(room).unwrap_or(MAX_CREDIT).saturating_sub(self.outstanding);
        let more = room.min(self.size - ahead).max(u32::from(ahead == 0));
        self.outstanding += more;
        more
    }

    /// So many more are allowed, whatever was taken.
    #[cfg(test)]
    pub(crate) fn allow(&mut self, more: u32) {
        self.outstanding = self.outstanding.saturating_add(more).min(MAX_CREDIT);
    }

    /// What may be in flight at most.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// Items arrived.
    pub(crate) fn receive(&mut self, items: usize) -> Result<(), BeyondCredit> {
        let left = u32::try_from(items).ok().and_then(|items| self.outstanding.checked_sub(items));
        self.outstanding = left.ok_or(BeyondCredit)?;
        Ok(())
    }

    /// The application took an item: what to grant now.
    pub(crate) fn take(&mut self) -> Option<u32> {
        self.taken += 1;
        if self.taken < self.size.div_ceil(2) {
            return None;
        }
        self.outstanding += self.taken;
        Some(std::mem::take(&mut self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::{BeyondCredit, Credit, MAX_CREDIT, STREAM_CREDIT, Window};

    #[test]
    fn a_producer_waits_when_its_credit_is_spent_and_goes_on_with_more() {
        let mut credit = Credit::download(Some(2));
        assert!(credit.spend() && credit.spend() && !credit.spend());
        assert!(credit.grant(1));
        assert_eq!(credit.allows(10), 1);
        assert!(credit.spend() && !credit.spend());
    }

    #[test]
    fn without_credit_in_meta_a_producer_never_waits_for_it() {
        let mut credit = Credit::download(None);
        assert!((0..1000).all(|_| credit.spend()));
        assert!(credit.grant(5));
        assert_eq!(credit.allows(usize::MAX), usize::MAX);
    }

    #[test]
    fn an_upload_starts_without_credit_and_so_does_a_download_opened_with_0() {
        assert!(!Credit::upload().spend());
        assert!(!Credit::download(Some(0)).spend());
    }

    #[test]
    fn a_grant_of_0_changes_nothing_and_does_not_count() {
        let mut credit = Credit::download(Some(0));
        assert!(!credit.grant(0));
        assert!(!credit.spend());
    }

    #[test]
    fn sums_of_credit_saturate() {
        for mut credit in [Credit::download(Some(u64::MAX)), Credit::upload()] {
            assert!(credit.grant(u64::MAX) && credit.grant(7));
            assert_eq!(credit.allows(usize::MAX), MAX_CREDIT as usize);
        }
    }

    #[test]
    fn more_is_granted_when_half_was_taken() {
        let mut window = Window::download(STREAM_CREDIT);
        assert_eq!(window.receive(64), Ok(()));
        let grants: Vec<Option<u32>> = (0..64).map(|_| window.take()).collect();
        assert_eq!(grants.iter().flatten().copied().collect::<Vec<_>>(), [32, 32]);
        assert_eq!(grants.get(31), Some(&Some(32)));
        assert_eq!(window.receive(64), Ok(()));
    }

    #[test]
    fn a_window_of_one_is_granted_again_at_every_item() {
        let mut window = Window::download(1);
        for _ in 0..3 {
            assert_eq!(window.receive(1), Ok(()));
            assert_eq!(window.take(), Some(1));
        }
    }

    #[test]
    fn items_beyond_the_credit_are_told() {
        let mut window = Window::download(2);
        assert_eq!(window.receive(3), Err(BeyondCredit));
        assert_eq!(window.receive(2), Ok(()));
        assert_eq!(window.receive(1), Err(BeyondCredit));
        assert_eq!(window.receive(0), Ok(()));
    }

    #[test]
    fn an_upload_s_window_grants_what_there_is_room_for_and_no_more_before_half_is_taken() {
        let mut window = Window::upload(8);
        assert_eq!(window.receive(1), Err(BeyondCredit));
        assert_eq!(window.refill(0, 3), 3);
        assert_eq!(window.refill(0, 3), 0);
        assert_eq!(window.receive(3), Ok(()));
        assert_eq!(window.refill(2, 100), 6);
        assert_eq!(window.refill(2, 100), 0);
        assert_eq!(window.receive(6), Ok(()));
        assert_eq!((window.refill(5, 100), window.refill(4, 100)), (0, 4));
    }

    #[test]
    fn an_upload_s_window_without_room_still_grants_one_item_at_a_time() {
        let mut window = Window::upload(8);
        for _ in 0..3 {
            assert_eq!((window.refill(0, 0), window.refill(0, 0)), (1, 0));
            assert_eq!(window.receive(1), Ok(()));
            assert_eq!(window.refill(1, 0), 0);
        }
    }

    #[test]
    fn what_may_be_in_flight_never_exceeds_the_window() {
        let mut window = Window::download(5);
        let (mut in_flight, mut kept) = (5_u32, 0);
        for turn in 0..1000_u32 {
            if turn % 3 == 0 && in_flight > 0 {
                assert_eq!(window.receive(1), Ok(()));
                (in_flight, kept) = (in_flight - 1, kept + 1);
            } else if kept > 0 {
                kept -= 1;
                in_flight += window.take().unwrap_or(0);
            }
            assert!(in_flight + kept <= 5);
        }
    }
}
