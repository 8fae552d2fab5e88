//! Two machines over an unreliable network, and what must hold after every step, whatever happens.
//!
//! A schedule is a seed: random calls, notifications, events, streams up and down and calls of the server, over connections
//! that break, go silent, lose their tails and are seen to end late; with stale attempts, imitations, sessions that expire
//! and servers that run out of room. `WIRECALL_SCHEDULES` says how many, `WIRECALL_SEED` plays one alone.

mod check;
mod link;
mod model;
mod random;
mod rest;
mod steps;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use model::Violation;
use world::World;

use crate::session::mutant::{self, Mutant};

/// Steps of a schedule, at least.
const STEPS: usize = 50;
/// Schedules of the test run.
const SCHEDULES: u64 = 100_000;

/// Plays one schedule.
fn play(seed: u64) -> Result<(), Violation> {
    let mut world = World::new(seed);
    world.connect()?;
    let steps = STEPS + world.random.below(30);
    // At least two cuts, wherever they fall.
    let cuts = [world.random.below(steps), world.random.below(steps)];
    for step in 0..steps {
        if cuts.contains(&step) {
            world.come_back()?;
            world.cut()?;
        }
        world.step()?;
    }
    world.rest()
}

/// A violation, and how to see it again.
fn report(seed: u64, violation: &str) -> String {
    format!("WIRECALL_SEED={seed} shows: {violation}")
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_schedule_loses_doubles_reorders_or_leaves_anything() {
    if let Some(seed) = number("WIRECALL_SEED") {
        return play(seed).unwrap_or_else(|violation| panic!("{}", report(seed, &violation)));
    }
    let schedules = number("WIRECALL_SCHEDULES").unwrap_or(SCHEDULES);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return None;
            }
            if let Err(violation) = play(seed) {
                next.store(schedules, Ordering::Relaxed);
                return Some(report(seed, &violation));
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let violations = thread::scope(|scope| {
        let mut others = Vec::new();
        for _ in 1..workers {
            others.push(scope.spawn(work));
        }
        let mut violations: Vec<String> = work().into_iter().collect();
        for other in others {
            violations.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        violations
    });
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// Schedules in which a fault must show.
const TRIES: u64 = 3000;

#[test]
fn every_fault_that_is_put_into_the_machine_is_found() {
    let mut missed = Vec::new();
    for fault in Mutant::ALL {
        mutant::choose(Some(fault));
        let found = (0..TRIES).find_map(|seed| play(seed).err());
        mutant::choose(None);
        if found.is_none() {
            missed.push(fault);
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}
