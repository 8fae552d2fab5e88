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
mod tally;
mod world;

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use model::Violation;
use tally::Tally;
use world::World;

use crate::session::mutant::{self, Mutant};

/// Steps of a schedule, at least.
const STEPS: usize = 50;
/// Cuts of a living connection in a schedule, at least, wherever they fall.
const CUTS: usize = 2;
/// Schedules of the test run.
const SCHEDULES: u64 = 100_000;

/// Plays one schedule; gives what happened in it.
fn play(seed: u64) -> Result<Tally, Violation> {
    let mut world = World::new(seed);
    world.connect()?;
    let steps = STEPS + world.random.below(30);
    let cuts = [(); CUTS].map(|()| world.random.below(steps));
    for step in 0..steps {
        for _ in cuts.iter().filter(|cut| **cut == step) {
            world.cut_alive()?;
        }
        world.step()?;
    }
    world.rest()?;
    if world.tally.times("cuts") < CUTS as u64 {
        return Err(format!("it is cut less than {CUTS} times: {}", world.tally));
    }
    Ok(world.tally)
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
        play(seed).unwrap_or_else(|violation| panic!("{}", report(seed, &violation)));
        return;
    }
    let schedules = number("WIRECALL_SCHEDULES").unwrap_or(SCHEDULES);
    let next = AtomicU64::new(0);
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= schedules {
                return Ok(tally);
            }
            match play(seed) {
                Ok(happened) => tally.merge(&happened),
                Err(violation) => {
                    next.store(schedules, Ordering::Relaxed);
                    return Err(report(seed, &violation));
                }
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let worked = thread::scope(|scope| {
        let mut others = Vec::new();
        for _ in 1..workers {
            others.push(scope.spawn(work));
        }
        let mut worked = vec![work()];
        for other in others {
            worked.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        worked
    });
    let mut tally = Tally::default();
    for done in worked {
        tally.merge(&done.unwrap_or_else(|violation| panic!("{violation}")));
    }
    // Past the capture of the test's output: the counts are part of what a run shows.
    writeln!(std::io::stdout(), "simulation: {schedules} schedules: {tally}").expect("standard output");
    if schedules >= SCHEDULES {
        assert_eq!(tally.missing(), [""; 0], "what never happened is not tested");
    }
}

/// Schedules in which a fault must show.
const TRIES: u64 = 20_000;

#[test]
fn every_fault_that_is_put_into_the_machine_is_found() {
    let mut missed = Vec::new();
    for fault in Mutant::ALL {
        mutant::choose(Some(fault));
        let found = (0..TRIES).find_map(|seed| Some((seed, play(seed).err()?)));
        mutant::choose(None);
        match found {
            Some((seed, violation)) => {
                let shown: String = violation.lines().take(1).flat_map(str::chars).take(120).collect();
                writeln!(std::io::stdout(), "simulation: {fault:?} shows in schedule {seed}: {shown}")
                    .expect("standard output");
            }
            None => missed.push(fault),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
}
