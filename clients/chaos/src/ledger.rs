//! Which numbers came, in any order, without keeping each: a run of any length must not need more memory for it.

use std::collections::{BTreeMap, BTreeSet};

/// Numbers from 1 on that may come in any order, as the runs that they make. A run grows by the number after it, and
/// two are joined by what was missing between them: where nothing is lost there is one, and a few while calls overtake
/// each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The first number of each run and its last; between two runs at least one number is missing.
    runs: BTreeMap<u64, u64>,
    /// Those that came more than once: faults, all of them.
    again: BTreeSet<u64>,
}

impl Ledger {
    /// Takes a number; false where it has come before.
    pub fn take(&mut self, number: u64) -> bool {
        let below = self.runs.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if below.is_some_and(|(_, last)| number <= last) {
            self.again.insert(number);
            return false;
        }
        let above = number.checked_add(1).and_then(|next| self.runs.remove(&next));
        let first = below.filter(|(_, last)| last + 1 == number).map_or(number, |(first, _)| first);
        self.runs.insert(first, above.unwrap_or(number));
        true
    }

    /// How many came, each counted once.
    pub fn count(&self) -> u64 {
        self.runs.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Those that came more than once.
    pub fn again(&self) -> Vec<u64> {
        self.again.iter().copied().collect()
    }

    /// Those below the largest that did not come.
    pub fn missing(&self) -> Vec<u64> {
        let before = std::iter::once(0).chain(self.runs.values().copied());
        before.zip(self.runs.keys()).flat_map(|(last, first)| last + 1..*first).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rand::rngs::SmallRng;
    use rand::seq::SliceRandom as _;
    use rand::{RngExt as _, SeedableRng as _};

    use super::Ledger;

    const MOST: u64 = 6;

    /// Every order of the numbers up to the largest.
    fn orders() -> Vec<Vec<u64>> {
        (1..=MOST).fold(vec![vec![]], |orders, number| {
            let with = |order: &Vec<u64>, place: usize| {
                let mut order = order.clone();
                order.insert(place, number);
                order
            };
            orders.iter().flat_map(|order| (0..=order.len()).map(move |place| with(order, place))).collect()
        })
    }

    fn ledger(numbers: &[u64]) -> Ledger {
        let mut ledger = Ledger::default();
        for number in numbers {
            ledger.take(*number);
        }
        ledger
    }

    /// What it tells: how many came, which came again, which did not.
    fn told(ledger: &Ledger) -> (u64, Vec<u64>, Vec<u64>) {
        (ledger.count(), ledger.again(), ledger.missing())
    }

    #[test]
    fn in_any_order_nothing_is_missing_and_one_run_is_left() {
        let orders = orders();
        assert_eq!(orders.len(), 720);
        for order in orders {
            let ledger = ledger(&order);
            assert_eq!(told(&ledger), (MOST, vec![], vec![]), "{order:?}");
            assert_eq!(ledger.runs, [(1, MOST)].into(), "{order:?}");
        }
    }

    #[test]
    fn a_number_that_is_lost_in_any_place_is_found() {
        for order in orders() {
            for lost in 1..=MOST {
                let rest: Vec<u64> = order.iter().copied().filter(|number| *number != lost).collect();
                // Of the largest nothing is known but that one less came.
                let missing = if lost == MOST { vec![] } else { vec![lost] };
                assert_eq!(told(&ledger(&rest)), (MOST - 1, vec![], missing), "{rest:?}");
            }
        }
    }

    #[test]
    fn a_number_that_comes_again_in_any_place_is_found() {
        for order in orders() {
            for doubled in 1..=MOST {
                for place in 0..=order.len() {
                    let mut twice = order.clone();
                    twice.insert(place, doubled);
                    assert_eq!(told(&ledger(&twice)), (MOST, vec![doubled], vec![]), "{twice:?}");
                }
            }
        }
    }

    #[test]
    fn it_tells_what_a_count_of_each_number_tells() {
        let mut random = SmallRng::seed_from_u64(3);
        for _ in 0..300 {
            let many = random.random_range(1..200);
            let mut numbers: Vec<u64> = (1..=many).filter(|_| random.random_range(0..10) > 0).collect();
            for _ in 0..random.random_range(0..4) {
                numbers.push(random.random_range(1..=many));
            }
            numbers.shuffle(&mut random);
            let (mut ledger, mut counted) = (Ledger::default(), HashMap::<u64, u64>::new());
            for number in &numbers {
                let times = counted.entry(*number).or_default();
                assert_eq!(ledger.take(*number), *times == 0, "{numbers:?}");
                *times += 1;
            }
            let highest = counted.keys().max().copied().unwrap_or_default();
            let again = (1..=highest).filter(|number| counted.get(number).is_some_and(|times| *times > 1));
            let missing = (1..=highest).filter(|number| !counted.contains_key(number));
            let expected = (counted.len() as u64, again.collect(), missing.collect());
            assert_eq!(told(&ledger), expected, "{numbers:?}");
        }
    }

    #[test]
    fn the_largest_numbers_there_are_are_taken_too() {
        let ledger = ledger(&[u64::MAX, u64::MAX - 1, u64::MAX]);
        assert_eq!((ledger.count(), ledger.again()), (2, vec![u64::MAX]));
    }
}
