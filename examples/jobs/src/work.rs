//! What a job can be, and how it is done step by step.

/// What is to be done.
#[wirecall::message]
#[derive(PartialEq, Eq)]
pub enum Work {
    /// Adds up numbers that are written as text.
    Sum {
        /// The numbers.
        #[check(length(min = 1, max = 1000))]
        numbers: Vec<String>,
    },
    /// Counts the primes below a number, slowly.
    Primes {
        /// The number.
        #[check(range(min = 2, max = 1_000_000_000))]
        below: u64,
    },
}

/// Work that has begun.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    made: u64,
    result: u64,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Step {
    More,
    Done(u64),
    Failed(String),
}

impl Work {
    /// How many steps it takes.
    pub(crate) fn steps(&self) -> u64 {
        match self {
            Self::Sum { numbers } => numbers.len() as u64,
            Self::Primes { below } => *below,
        }
    }

    /// Makes the next step.
    pub(crate) fn step(&self, begun: &mut Begun) -> Step {
        match self {
            Self::Sum { numbers } => {
                let text = usize::try_from(begun.made)
                    .ok()
                    .and_then(|at| numbers.get(at))
                    .map_or("", String::as_str);
                let Some(sum) =
                    text.parse().ok().and_then(|number: u32| begun.result.checked_add(number.into()))
                else {
                    return Step::Failed(format!("number {} cannot be added", begun.made + 1));
                };
                begun.result = sum;
            }
            Self::Primes { .. } => begun.result += u64::from(is_prime(begun.made)),
        }
        begun.made += 1;
        if begun.made < self.steps() { Step::More } else { Step::Done(begun.result) }
    }

    /// How much of it is made.
    pub(crate) fn percent(&self, begun: &Begun) -> u8 {
        u8::try_from(begun.made * 100 / self.steps().max(1)).unwrap_or(100)
    }
}

fn is_prime(number: u64) -> bool {
    number >= 2 && (2..=number.isqrt()).all(|divisor| !number.is_multiple_of(divisor))
}
