//! The calls that the other end made and that are not done: which may run, which wait, what ends them.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::message::Id;

/// Names a call inside this side: ids are the caller's, and notifications have none.
pub(crate) type Key = u64;

/// Where a call stands in line: who shares its serial lane waits for it.
pub(crate) type Lane = String;

/// What a call brings to the door.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: Option<Id>,
    pub(crate) lane: Option<Lane>,
    /// The size of its message, while it waits.
    pub(crate) bytes: usize,
    pub(crate) no_cancel: bool,
    /// *Open streams count against `max_streams`, not `max_calls`.*
    pub(crate) stream: bool,
}

/// Whether a call may run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Now.
    Run(Key),
    /// When its turn comes: [`Calls::finish`] names it.
    Wait(Key),
}

/// Why a call is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// *A call whose id is still open is not run and gets -32600 with id `null`.*
    Duplicate,
    /// As many calls wait as may.
    Full,
    /// As many streams are open as may.
    Streams,
}

/// What a cancel met.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled<T> {
    /// Nothing: unknown or ended ids are ignored.
    Nothing,
    /// A call that is to be stopped; the calls whose turn it is now.
    Stop(Option<T>, Vec<Key>),
    /// A `no_cancel` call that runs on and keeps its slot.
    RunsOn(Key),
}

/// The calls of one session. `T` is what the machine's driver keeps of a call that is not done.
#[derive(Debug)]
pub(crate) struct Calls<T> {
    max_running: usize,
    max_streams: usize,
    max_waiting: usize,
    max_waiting_bytes: usize,
    next: Key,
    slots: HashMap<Key, Slot<T>>,
    ids: HashMap<Id, Key>,
    busy: HashSet<Lane>,
    /// Whether the handler of a call that is stopped may live a moment longer: the caller's slot is free at once, its lane
    /// when it is [gone](Calls::gone).
    pub(crate) lingers: bool,
    /// The lanes of such calls.
    lingering: HashMap<Key, Lane>,
    running: usize,
    /// Streams that run or wait for their lane.
    streams: usize,
    waiting: VecDeque<Key>,
    waiting_bytes: usize,
}

#[derive(Debug)]
struct Slot<T> {
    place: Place,
    waits: bool,
    held: Option<T>,
}

impl<T> Calls<T> {
    pub(crate) fn new(
        max_running: usize,
        max_streams: usize,
        max_waiting: usize,
        max_waiting_bytes: usize,
    ) -> Self {
        Self {
            max_running,
            max_streams,
            max_waiting,
            max_waiting_bytes,
            next: 0,
            slots: HashMap::new(),
            ids: HashMap::new(),
            busy: HashSet::new(),
            lingers: false,
            lingering: HashMap::new(),
            running: 0,
            streams: 0,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
        }
    }

    /// Whether a call would run at once. One that is done before the next is read need not be entered.
    pub(crate) fn runs_now(&self, id: Option<&Id>, lane: Option<&Lane>) -> bool {
        self.running < self.max_running
            && self.waiting.is_empty()
            && id.is_none_or(|id| !self.ids.contains_key(id))
            && lane.is_none_or(|lane| !self.busy.contains(lane))
    }

    /// Enters a call.
    pub(crate) fn admit(&mut self, place: Place) -> Result<Admission, Refusal> {
        if place.id.as_ref().is_some_and(|id| self.ids.contains_key(id)) {
            return Err(Refusal::Duplicate);
        }
        if place.stream && self.streams >= self.max_streams {
            return Err(Refusal::Streams);
        }
        let key = self.next;
        let run = self.may_run(&place) && !self.overtakes(&place);
        if run {
            self.occupy(&place);
        } else {
            // An empty line takes any one message.
            let full = self.waiting.len() >= self.max_waiting
                || (!self.waiting.is_empty() && self.waiting_bytes + place.bytes > self.max_waiting_bytes);
            if full {
                return Err(Refusal::Full);
            }
            self.waiting.push_back(key);
            self.waiting_bytes += place.bytes;
        }
        self.next += 1;
        self.streams += usize::from(place.stream);
        if let Some(id) = &place.id {
            self.ids.insert(id.clone(), key);
        }
        self.slots.insert(key, Slot { place, waits: !run, held: None });
        Ok(if run { Admission::Run(key) } else { Admission::Wait(key) })
    }

    /// Keeps what the driver needs to start or stop the call.
    pub(crate) fn hold(&mut self, key: Key, held: T) {
        if let Some(slot) = self.slots.get_mut(&key) {
            slot.held = Some(held);
        }
    }

    /// What is kept of a call.
    pub(crate) fn held(&mut self, key: Key) -> Option<&mut T> {
        self.slots.get_mut(&key)?.held.as_mut()
    }

    /// What is kept of the open call of that id.
    pub(crate) fn find(&mut self, id: &Id) -> Option<&mut T> {
        let key = self.ids.get(id).copied()?;
        self.held(key)
    }

    /// What is kept of all calls that are not done.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().filter_map(|(key, slot)| Some((*key, slot.held.as_ref()?)))
    }

    /// Whether the call's answer is still wanted.
    pub(crate) fn is_open(&self, key: Key) -> bool {
        self.slots.get(&key).is_some_and(|slot| slot.place.id.is_some())
    }

    /// Whether the call's answer is still wanted; from here on it is not, since there is one outcome.
    pub(crate) fn answer(&mut self, key: Key) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else { return false };
        match slot.place.id.take() {
            Some(id) => {
                self.ids.remove(&id);
                true
            }
            None => false,
        }
    }

    /// A call is done: the calls whose turn it is now.
    pub(crate) fn finish(&mut self, key: Key) -> Vec<Key> {
        let Some(slot) = self.slots.remove(&key) else { return Vec::new() };
        if let Some(id) = &slot.place.id {
            self.ids.remove(id);
        }
        self.streams -= usize::from(slot.place.stream);
        if slot.waits {
            self.waiting.retain(|waiting| *waiting != key);
            self.waiting_bytes = self.waiting_bytes.saturating_sub(slot.place.bytes);
        } else {
            self.running -= usize::from(!slot.place.stream);
            if let Some(lane) = &slot.place.lane {
                self.busy.remove(lane);
            }
        }
        self.start_waiting()
    }

    /// *`rpc.cancel` ends any call, also one that still waits.*
    pub(crate) fn cancel(&mut self, id: &Id) -> Cancelled<T> {
        let Some(key) = self.ids.get(id).copied() else { return Cancelled::Nothing };
        let stopped = self.stop(key);
        if let Cancelled::RunsOn(key) = stopped {
            self.answer(key);
        }
        stopped
    }

    /// A call is to be stopped, answered or not.
    pub(crate) fn stop(&mut self, key: Key) -> Cancelled<T> {
        let Some(slot) = self.slots.get_mut(&key) else { return Cancelled::Nothing };
        if slot.place.no_cancel && !slot.waits {
            return Cancelled::RunsOn(key);
        }
        let held = slot.held.take();
        if self.lingers
            && !slot.waits
            && held.is_some()
            && let Some(lane) = slot.place.lane.take()
        {
            self.lingering.insert(key, lane);
        }
        Cancelled::Stop(held, self.finish(key))
    }

    /// Whether the lane of a call that was stopped waits for its handler's end.
    pub(crate) fn is_lingering(&self, key: Key) -> bool {
        self.lingering.contains_key(&key)
    }

    /// The handler of a call that was stopped is gone: the calls whose turn it is now.
    pub(crate) fn gone(&mut self, key: Key) -> Vec<Key> {
        let Some(lane) = self.lingering.remove(&key) else { return Vec::new() };
        self.busy.remove(&lane);
        self.start_waiting()
    }

    /// The session ended: everything that is to be stopped. `no_cancel` calls that run go on.
    pub(crate) fn end(&mut self) -> Vec<T> {
        self.ids.clear();
        self.waiting.clear();
        self.waiting_bytes = 0;
        let (kept, stopped): (HashMap<_, _>, HashMap<_, _>) =
            self.slots.drain().partition(|(_, slot)| slot.place.no_cancel && !slot.waits);
        self.slots = kept;
        for slot in self.slots.values_mut() {
            slot.place.id = None;
        }
        self.streams = self.slots.values().filter(|slot| slot.place.stream).count();
        self.running = self.slots.len() - self.streams;
        stopped.into_values().filter_map(|slot| slot.held).collect()
    }

    /// How many calls run or wait.
    pub(crate) fn open(&self) -> usize {
        self.slots.len()
    }

    fn may_run(&self, place: &Place) -> bool {
        (place.stream || self.running < self.max_running)
            && place.lane.as_ref().is_none_or(|lane| !self.busy.contains(lane))
    }

    /// Calls start in the order of arrival: nobody passes one that waits for a slot (streams need none), or for the same
    /// lane.
    fn overtakes(&self, place: &Place) -> bool {
        self.waiting.iter().filter_map(|key| self.slots.get(key)).any(|slot| {
            let held_by_lane = slot.place.lane.as_ref().is_some_and(|lane| self.busy.contains(lane));
            let same_lane = place.lane.is_some() && slot.place.lane == place.lane;
            same_lane || (!place.stream && !held_by_lane)
        })
    }

    fn occupy(&mut self, place: &Place) {
        self.running += usize::from(!place.stream);
        self.busy.extend(place.lane.clone());
    }

    fn start_waiting(&mut self) -> Vec<Key> {
        let mut started = Vec::new();
        let mut index = 0;
        while let Some(key) = self.waiting.get(index).copied() {
            // Streams need no slot, so that one may start behind calls that have none.
            if self.running >= self.max_running && self.streams == 0 {
                break;
            }
            let Some(mut slot) = self.slots.remove(&key) else { break };
            let run = self.may_run(&slot.place);
            if run {
                self.waiting.remove(index);
                self.waiting_bytes = self.waiting_bytes.saturating_sub(slot.place.bytes);
                self.occupy(&slot.place);
                slot.waits = false;
                started.push(key);
            } else {
                index += 1;
            }
            self.slots.insert(key, slot);
        }
        started
    }
}

#[cfg(test)]
mod tests {
    use super::{Admission, Calls, Cancelled, Place, Refusal};
    use crate::message::Id;

    fn place(id: i64) -> Place {
        Place { id: Some(Id::Number(id)), lane: None, bytes: 100, no_cancel: false, stream: false }
    }

    fn in_lane(id: i64, lane: &str) -> Place {
        Place { lane: Some(lane.to_owned()), ..place(id) }
    }

    #[test]
    fn calls_above_the_limit_wait_in_order() {
        let mut calls = Calls::<()>::new(1, 2, 2, 1000);
        assert_eq!(calls.admit(place(1)), Ok(Admission::Run(0)));
        assert_eq!(calls.admit(place(2)), Ok(Admission::Wait(1)));
        assert_eq!(calls.admit(place(3)), Ok(Admission::Wait(2)));
        assert_eq!(calls.admit(place(4)), Err(Refusal::Full));
        assert_eq!(calls.finish(0), [1]);
        assert_eq!(calls.finish(1), [2]);
    }

    #[test]
    fn waiting_calls_are_bounded_in_bytes_but_an_empty_line_takes_any_one() {
        let mut calls = Calls::<()>::new(1, 2, 10, 150);
        assert!(calls.admit(place(1)).is_ok());
        assert!(calls.admit(Place { bytes: 1_000_000, ..place(2) }).is_ok());
        assert_eq!(calls.admit(place(3)), Err(Refusal::Full));
    }

    #[test]
    fn an_id_that_is_open_is_not_taken_twice() {
        let mut calls = Calls::<()>::new(4, 2, 4, 1000);
        assert!(calls.admit(place(7)).is_ok());
        assert_eq!(calls.admit(place(7)), Err(Refusal::Duplicate));
        calls.finish(0);
        assert!(calls.admit(place(7)).is_ok());
    }

    #[test]
    fn a_serial_lane_runs_one_call_at_a_time_and_others_pass_it() {
        let mut calls = Calls::<()>::new(4, 2, 4, 1000);
        assert_eq!(calls.admit(in_lane(1, "a")), Ok(Admission::Run(0)));
        assert_eq!(calls.admit(in_lane(2, "a")), Ok(Admission::Wait(1)));
        assert_eq!(calls.admit(in_lane(3, "b")), Ok(Admission::Run(2)));
        assert_eq!(calls.finish(0), [1]);
    }

    #[test]
    fn a_stopped_call_frees_its_slot_at_once_and_its_lane_when_its_handler_is_gone() {
        let mut calls = Calls::new(1, 2, 4, 1000);
        calls.lingers = true;
        for (key, place) in [in_lane(1, "a"), in_lane(2, "a"), in_lane(3, "b")].into_iter().enumerate() {
            assert!(calls.admit(place).is_ok());
            calls.hold(key as u64, key);
        }
        assert_eq!(calls.cancel(&Id::Number(1)), Cancelled::Stop(Some(0), vec![2]));
        assert!(calls.is_lingering(0));
        assert!(calls.finish(2).is_empty());
        assert_eq!(calls.gone(0), [1]);
        assert!(calls.gone(0).is_empty() && !calls.is_lingering(0));
    }

    #[test]
    fn a_cancelled_call_makes_room_for_the_next() {
        let mut calls = Calls::new(1, 2, 4, 1000);
        assert!(calls.admit(place(1)).is_ok() && calls.admit(place(2)).is_ok());
        calls.hold(0, 1);
        calls.hold(1, 2);
        assert_eq!(calls.cancel(&Id::Number(1)), Cancelled::Stop(Some(1), vec![1]));
        assert_eq!(calls.cancel(&Id::Number(1)), Cancelled::Nothing);
    }

    #[test]
    fn a_waiting_call_that_is_cancelled_never_starts() {
        let mut calls = Calls::new(1, 2, 4, 1000);
        assert!(calls.admit(place(1)).is_ok() && calls.admit(place(2)).is_ok());
        calls.hold(1, 2);
        assert_eq!(calls.cancel(&Id::Number(2)), Cancelled::Stop(Some(2), vec![]));
        assert!(calls.finish(0).is_empty());
    }

    #[test]
    fn a_no_cancel_call_is_answered_once_and_keeps_its_slot() {
        let mut calls = Calls::<()>::new(1, 2, 4, 1000);
        assert!(calls.admit(Place { no_cancel: true, ..place(1) }).is_ok());
        assert_eq!(calls.cancel(&Id::Number(1)), Cancelled::RunsOn(0));
        assert!(!calls.answer(0));
        assert_eq!(calls.admit(place(2)), Ok(Admission::Wait(1)));
    }

    fn stream(id: i64) -> Place {
        Place { stream: true, ..place(id) }
    }

    #[test]
    fn streams_take_no_place_of_calls_and_have_a_bound_of_their_own() {
        let mut calls = Calls::<()>::new(1, 2, 4, 1000);
        assert_eq!(calls.admit(place(1)), Ok(Admission::Run(0)));
        assert_eq!(calls.admit(place(2)), Ok(Admission::Wait(1)));
        assert_eq!(calls.admit(stream(3)), Ok(Admission::Run(2)));
        assert_eq!(calls.admit(stream(4)), Ok(Admission::Run(3)));
        assert_eq!(calls.admit(stream(5)), Err(Refusal::Streams));
        assert!(calls.finish(2).is_empty());
        assert_eq!(calls.admit(stream(5)), Ok(Admission::Run(4)));
        assert_eq!(calls.finish(0), [1]);
    }

    #[test]
    fn a_stream_waits_for_its_lane_only() {
        let mut calls = Calls::<()>::new(1, 2, 4, 1000);
        assert_eq!(calls.admit(in_lane(1, "a")), Ok(Admission::Run(0)));
        assert_eq!(calls.admit(place(2)), Ok(Admission::Wait(1)));
        assert_eq!(calls.admit(Place { stream: true, ..in_lane(3, "a") }), Ok(Admission::Wait(2)));
        assert_eq!(calls.finish(0), [1, 2]);
    }

    #[test]
    fn the_end_of_a_session_stops_all_but_no_cancel_calls() {
        let mut calls = Calls::new(2, 2, 4, 1000);
        assert!(calls.admit(Place { no_cancel: true, ..place(1) }).is_ok());
        assert!(calls.admit(place(2)).is_ok() && calls.admit(place(3)).is_ok());
        calls.hold(0, 1);
        calls.hold(1, 2);
        calls.hold(2, 3);
        let mut stopped = calls.end();
        stopped.sort_unstable();
        assert_eq!(stopped, [2, 3]);
        assert_eq!(calls.open(), 1);
        assert!(!calls.answer(0));
    }
}
