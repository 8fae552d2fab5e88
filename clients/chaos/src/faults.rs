//! Which fault meets a connection, and when: drawn from a seed, so that a run's plan can be had again.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both sockets are closed; no close frame is seen.
    Cut,
    /// Both sockets are reset.
    Reset,
    /// Half of the next bytes get through, then both sockets are closed: in the middle of a frame, mostly.
    MidFrame,
    /// Nothing gets through in either direction any more, and nobody is told.
    HalfOpen,
    /// Only what the server writes is lost.
    Deaf,
    /// Only what the client writes is lost.
    Mute,
    /// Nothing moves for so long; nothing is lost.
    Stall(Duration),
    /// A trickle for so long; nothing is lost.
    Throttle(Duration),
}

impl Fault {
    /// Whether the connection is over with it.
    pub(crate) fn is_cut(self) -> bool {
        matches!(self, Self::Cut | Self::Reset | Self::MidFrame)
    }

    /// Whether bytes are dropped in silence.
    pub(crate) fn is_half_open(self) -> bool {
        matches!(self, Self::HalfOpen | Self::Deaf | Self::Mute)
    }
}

/// How long a connection is left alone, in milliseconds.
const LEFT_ALONE: Range<u64> = 25..160;
/// Stalls and throttles leave a connection alive; after so many faults the last one is made a cut.
const FAULTS_A_CONNECTION: usize = 6;

/// Draws the faults of one client's connections.
#[derive(Debug)]
pub(crate) struct Plan {
    random: SmallRng,
    /// Whether the connection before died early.
    was_early: bool,
}

impl Plan {
    /// The plan of the client at that place.
    pub(crate) fn new(seed: u64, place: u64) -> Self {
        let random = SmallRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(place));
        Self { random, was_early: false }
    }

    /// The faults of the next connection, each with how long the connection is left alone before it.
    pub(crate) fn connection(&mut self) -> Vec<(Duration, Fault)> {
        // Some connections die before hello is answered, most while everything is under way. Never two of the first kind in
        // a row: a session that three resumes in a row do not bring forward is given up (`stalled`), and rightly.
        self.was_early = !self.was_early && self.random.random_range(0..8) == 0;
        let first = if self.was_early { 0..20 } else { LEFT_ALONE };
        let quiets = std::iter::once(first).chain(std::iter::repeat(LEFT_ALONE));
        quiets.take(FAULTS_A_CONNECTION).map(|quiet| (self.quiet(quiet), self.fault())).collect()
    }

    fn quiet(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.random.random_range(range))
    }

    fn fault(&mut self) -> Fault {
        match self.random.random_range(0..100) {
            0..34 => Fault::Cut,
            34..59 => Fault::Reset,
            59..80 => Fault::MidFrame,
            80..88 => Fault::HalfOpen,
            // A client that gives such a connection up may still say so.
            88..90 => Fault::Deaf,
            // It takes the server's heartbeat to end it, four times as long as the client's.
            90..91 => Fault::Mute,
            91..96 => Fault::Stall(self.quiet(50..400)),
            _ => Fault::Throttle(self.quiet(100..600)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Plan};

    fn faults(seed: u64, place: u64) -> Vec<Fault> {
        let mut plan = Plan::new(seed, place);
        (0..200).flat_map(|_| plan.connection()).map(|(_, fault)| fault).collect()
    }

    #[test]
    fn a_seed_gives_the_same_plan_again_and_another_for_every_client() {
        assert_eq!(faults(7, 1), faults(7, 1));
        assert_ne!(faults(7, 1), faults(7, 2));
        assert_ne!(faults(7, 1), faults(8, 1));
    }

    #[test]
    fn every_kind_of_fault_is_drawn() {
        let drawn = faults(1, 0);
        assert!(drawn.iter().any(|fault| fault.is_cut()) && drawn.iter().any(|fault| fault.is_half_open()));
        assert!(drawn.iter().any(|fault| matches!(fault, Fault::Stall(_))));
        assert!(drawn.iter().any(|fault| matches!(fault, Fault::Throttle(_))));
    }

    #[test]
    fn some_connections_die_early_and_never_two_in_a_row() {
        let mut plan = Plan::new(1, 0);
        let early: Vec<bool> = (0..1000).map(|_| plan.connection()[0].0.as_millis() < 20).collect();
        assert!(early.iter().any(|early| *early) && early.windows(2).all(|two| two != [true, true]));
    }
}
