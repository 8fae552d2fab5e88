//! Which fault meets a connection, and when: drawn from a seed, so that a run's plan can be had again.

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

/// Draws the faults of one client's connections.
#[derive(Debug)]
pub(crate) struct Plan(SmallRng);

impl Plan {
    /// The plan of the client at that place.
    pub(crate) fn new(seed: u64, place: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(place)))
    }

    /// The next fault, and how long the connection is left alone before it.
    pub(crate) fn next(&mut self) -> (Duration, Fault) {
        // Some connections die before hello is answered, most while everything is under way.
        let quiet = if self.0.random_range(0..8) == 0 { 0..20 } else { 30..300 };
        let quiet = Duration::from_millis(self.0.random_range(quiet));
        let fault = match self.0.random_range(0..100) {
            0..34 => Fault::Cut,
            34..58 => Fault::Reset,
            58..78 => Fault::MidFrame,
            78..82 => Fault::HalfOpen,
            82..86 => Fault::Deaf,
            86..90 => Fault::Mute,
            90..95 => Fault::Stall(Duration::from_millis(self.0.random_range(50..400))),
            _ => Fault::Throttle(Duration::from_millis(self.0.random_range(100..600))),
        };
        (quiet, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Plan};

    fn faults(seed: u64, place: u64) -> Vec<Fault> {
        let mut plan = Plan::new(seed, place);
        (0..200).map(|_| plan.next().1).collect()
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
}
