//! What must hold between what a client counted and what the server counted of it.

use chaos::{ClientTally, ITEMS_DOWN, ITEMS_UP, Items, Runs, ServerTally, Streams};

/// The findings of one client.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Messages that were sent, by both ends.
    pub(crate) sent: u64,
    /// Of these, those that arrived.
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    /// Calls and streams whose outcome is unknown, since their session was lost.
    pub(crate) unknown: u64,
    /// How often a session was taken up while the server still held its connection before.
    pub(crate) fenced: u64,
    /// What is wrong besides, in words.
    pub(crate) faults: Vec<String>,
}

impl Findings {
    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.lost + self.duplicated + self.reordered == 0 && self.faults.is_empty()
    }

    fn fault(&mut self, text: String) {
        self.faults.push(text);
    }
}

/// Compares the two.
pub(crate) fn judge(client: &ClientTally, server: &ServerTally) -> Findings {
    let mut found = Findings::default();
    losses(&mut found, client);
    calls(&mut found, client, server);
    notes(&mut found, client, server);
    let (down, up) = ((&client.counts, &server.counts), (&client.sums, &server.sums));
    streams(&mut found, "down", down);
    let excused = |streams: &Streams, items| if is_told(client) { streams.unknown * items } else { 0 };
    items(&mut found, "down", &down.1.items, &down.0.items, excused(down.0, ITEMS_DOWN));
    streams(&mut found, "up", up);
    items(&mut found, "up", &up.0.items, &up.1.items, excused(up.0, ITEMS_UP));
    if found.unknown > 0 && !is_told(client) {
        found.fault(format!("{} outcomes are unknown, and no session was lost", found.unknown));
    }
    sessions(&mut found, client, server);
    if client.adds.results == 0
        || client.notes == 0
        || client.counts.complete == 0
        || client.sums.complete == 0
    {
        found.fault("it did next to nothing".to_owned());
    }
    found
}

/// Whether it was told that it lost a session. Without that, nothing that is missing is excused.
fn is_told(client: &ClientTally) -> bool {
    client.lost.values().any(|times| *times > 0)
}

/// No session may be lost. Nothing that a run does explains one: a client is back long before the server stops waiting, what
/// is kept for it has room, the server runs on, its user stays the same, and no three connections in a row die before they
/// bring anything.
fn losses(found: &mut Findings, client: &ClientTally) {
    for (reason, times) in &client.lost {
        let words = match reason.as_str() {
            "expired" => "the server no longer waited",
            "overflow" => "more was to be kept than there is room",
            "unknown" => "the server did not know them",
            "sequence" => "the numbers of their messages did not fit together",
            "stalled" => "they were taken up again and again, and nothing got through",
            "denied" => "they belong to another user",
            _ => "a reason that there is not",
        };
        found.fault(format!("{times} sessions were lost as {reason}: {words}"));
    }
    let (opened, told) = (client.opened.len() as u64, client.lost.values().sum::<u64>());
    if opened != told + 1 {
        found.fault(format!("it opened {opened} sessions, and was told of {told} that are lost"));
    }
}

fn calls(found: &mut Findings, client: &ClientTally, server: &ServerTally) {
    let (adds, looks) = (&client.adds, &client.looks);
    found.sent += adds.made + looks.made;
    found.delivered += server.added + looks.results;
    found.duplicated += server.added_again.len() as u64;
    // A call with a result must have run; one whose outcome is unknown may have.
    let highest = server.added + server.missing.len() as u64;
    let did_not_run = server.missing.iter().copied().chain(highest + 1..=adds.made);
    let is_excused = |number: &u64| is_told(client) && adds.unknown.contains(number);
    found.lost += did_not_run.filter(|number| !is_excused(number)).count() as u64;
    found.unknown += adds.unknown.len() as u64 + looks.unknown.len() as u64;
    for (kind, calls) in [("add", adds), ("look", looks)] {
        let outcomes = calls.results + calls.unknown.len() as u64 + calls.failed.len() as u64;
        if outcomes != calls.made {
            found.fault(format!("{} calls of {kind} have {outcomes} outcomes", calls.made));
        }
        found.faults.extend(calls.failed.iter().map(|failure| format!("{kind}: {failure}")));
    }
    if !looks.unknown.is_empty() {
        found.fault(format!("{} idempotent calls are unknown", looks.unknown.len()));
    }
}

fn notes(found: &mut Findings, client: &ClientTally, server: &ServerTally) {
    found.sent += client.notes;
    found.delivered += server.notes.received;
    found.duplicated += server.notes.duplicated;
    found.reordered += server.notes.reordered;
    found.lost += client.notes.saturating_sub(server.notes.received - server.notes.duplicated);
    if server.notes.duplicated + server.notes.reordered > 0 {
        found.fault(format!("notes: {:?} of {}", server.notes, client.notes));
    }
    found.faults.extend(client.notes_failed.iter().map(|failure| format!("note: {failure}")));
}

fn streams(found: &mut Findings, kind: &str, (streams, runs): (&Streams, &Runs)) {
    found.unknown += streams.unknown;
    found.duplicated += runs.begun_again.len() as u64;
    if runs.begun < streams.complete || runs.begun > streams.made {
        found.fault(format!("{} streams {kind} began, of {streams:?}", runs.begun));
    }
    let outcomes = streams.complete + streams.unknown + streams.failed.len() as u64;
    if outcomes != streams.made {
        found.fault(format!("{} streams {kind} have {outcomes} outcomes", streams.made));
    }
    found.faults.extend(streams.failed.iter().map(|failure| format!("{kind}: {failure}")));
}

/// What one end sent against what the other one received. Of the streams that were lost with their session, as their client was
/// told, so many items need not have arrived.
fn items(found: &mut Findings, kind: &str, sender: &Items, receiver: &Items, excused: u64) {
    let arrived = receiver.received - receiver.duplicated;
    found.sent += sender.sent;
    found.delivered += receiver.received;
    found.duplicated += receiver.duplicated;
    found.reordered += receiver.reordered;
    found.lost += sender.sent.saturating_sub(arrived).saturating_sub(excused);
    if receiver.duplicated + receiver.reordered > 0 || arrived > sender.sent + excused {
        found.fault(format!("items {kind}: {receiver:?} of {}", sender.sent));
    }
}

fn sessions(found: &mut Findings, client: &ClientTally, server: &ServerTally) {
    for (name, session) in &server.sessions {
        found.fenced += session.fenced;
        if !client.opened.contains(name) && !client.heard.contains_key(name) {
            // Its connection was cut before the answer to hello was there: nobody was promised anything.
            continue;
        }
        let heard = client.heard.get(name).cloned().unwrap_or_default();
        found.sent += session.ticks + session.asked.made;
        for (kind, numbers) in [("ticks", &heard.ticks), ("asks", &heard.asks)] {
            found.delivered += numbers.received;
            found.duplicated += numbers.duplicated;
            found.reordered += numbers.reordered;
            if numbers.duplicated + numbers.reordered > 0 {
                found.fault(format!("{kind} of session {name}: {numbers:?}"));
            }
        }
        found.faults.extend(session.asked.failed.iter().map(|failure| format!("ask: {failure}")));
        if session.asked.open() > 0 {
            found.fault(format!(
                "{} of {} calls of the server are open",
                session.asked.open(),
                session.asked.made
            ));
        }
        if session.ended && is_told(client) {
            // What it had not received is gone with the session, and its client knows.
            continue;
        }
        found.lost += session.ticks.saturating_sub(heard.ticks.last) + session.asked.lost;
        if heard.asks.received < session.asked.answered {
            found.fault(format!("{} answers to {} asks", session.asked.answered, heard.asks.received));
        }
    }
    let known = client.heard.keys().all(|name| server.sessions.contains_key(name));
    if !known {
        found.fault("it heard of a session that the server does not know".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use chaos::{
        Asked, Calls, ClientTally, Heard, Items, Ledger, Numbers, Runs, ServerTally, SessionTally, Streams,
    };

    use super::judge;

    fn numbers(count: u64) -> Numbers {
        let mut numbers = Numbers::default();
        (1..=count).for_each(|number| numbers.take(number));
        numbers
    }

    const SENT: Items = Items { sent: 5, received: 0, duplicated: 0, reordered: 0 };
    const RECEIVED: Items = Items { sent: 0, received: 5, duplicated: 0, reordered: 0 };

    fn streams(items: Items) -> Streams {
        Streams { made: 1, complete: 1, items, ..Streams::default() }
    }

    fn runs(items: Items) -> Runs {
        let mut runs = Runs::default();
        runs.items = items;
        runs.begin(1);
        runs
    }

    fn pair() -> (ClientTally, ServerTally) {
        let calls = Calls { made: 3, results: 3, ..Calls::default() };
        let heard = Heard { ticks: numbers(4), asks: numbers(2) };
        let client = ClientTally {
            adds: calls.clone(),
            looks: calls,
            notes: 6,
            counts: streams(RECEIVED),
            sums: streams(SENT),
            heard: [("a".to_owned(), heard)].into(),
            opened: ["a".to_owned()].into(),
            ..ClientTally::default()
        };
        let asked = Asked { made: 2, answered: 2, ..Asked::default() };
        let session = SessionTally { ticks: 4, asked, ..SessionTally::default() };
        let server = ServerTally {
            added: 3,
            looked: 3,
            notes: numbers(6),
            counts: runs(SENT),
            sums: runs(RECEIVED),
            sessions: [("a".to_owned(), session)].into(),
            ..ServerTally::default()
        };
        (client, server)
    }

    /// The client is told that a session was lost before the one that it has.
    fn lose(client: &mut ClientTally) {
        client.lost = [("expired".to_owned(), 1)].into();
        client.opened.insert("lost".to_owned());
    }

    #[test]
    fn two_ends_that_agree_are_clean() {
        let (client, server) = pair();
        let found = judge(&client, &server);
        assert!(found.is_clean(), "{found:?}");
        assert_eq!((found.sent, found.delivered), (28, 28));
    }

    #[test]
    fn a_call_with_a_result_that_did_not_run_is_lost_and_one_of_unknown_outcome_is_not() {
        let (mut client, mut server) = pair();
        lose(&mut client);
        (server.added, server.missing) = (2, vec![2]);
        assert_eq!(judge(&client, &server).lost, 1);
        (client.adds.results, client.adds.unknown) = (2, [2].into());
        let found = judge(&client, &server);
        assert_eq!((found.lost, found.unknown), (0, 1));
        (server.added, server.missing) = (2, vec![]);
        client.adds.unknown = [3].into();
        assert_eq!(judge(&client, &server).lost, 0);
    }

    #[test]
    fn calls_that_ran_in_any_order_are_clean_and_each_that_did_not_or_did_twice_is_found() {
        let (client, server) = pair();
        let judged = |numbers: &[u64]| {
            let mut ran = Ledger::default();
            for number in numbers {
                ran.take(*number);
            }
            let server = ServerTally {
                looked: server.looked,
                notes: server.notes.clone(),
                counts: server.counts.clone(),
                sums: server.sums.clone(),
                sessions: server.sessions.clone(),
                ..ServerTally::of(&ran)
            };
            let found = judge(&client, &server);
            (found.lost, found.duplicated)
        };
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            assert_eq!(judged(&order), (0, 0), "{order:?}");
            for number in order {
                let lost: Vec<u64> = order.into_iter().filter(|other| *other != number).collect();
                assert_eq!(judged(&lost), (1, 0), "{lost:?}");
                assert_eq!(judged(&[order.as_slice(), &[number]].concat()), (0, 1), "{order:?}, {number}");
            }
        }
    }

    #[test]
    fn what_ran_twice_is_duplicated() {
        let (client, mut server) = pair();
        server.added_again = vec![1];
        assert_eq!(judge(&client, &server).duplicated, 1);
    }

    #[test]
    fn a_missing_notification_and_a_missing_event_are_lost() {
        let (client, mut server) = pair();
        server.notes = numbers(5);
        if let Some(session) = server.sessions.get_mut("a") {
            session.ticks = 5;
        }
        assert_eq!(judge(&client, &server).lost, 2);
    }

    #[test]
    fn a_lost_session_is_a_fault_with_its_reason_and_so_is_one_of_which_nobody_was_told() {
        let (mut client, server) = pair();
        client.opened.insert("b".to_owned());
        let faults = judge(&client, &server).faults;
        assert_eq!(faults, ["it opened 2 sessions, and was told of 0 that are lost"]);
        for reason in ["expired", "overflow", "unknown", "sequence", "stalled", "denied", "new"] {
            client.lost = [(reason.to_owned(), 1)].into();
            let faults = judge(&client, &server).faults;
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].contains(reason), "{faults:?}");
        }
    }

    #[test]
    fn events_of_a_session_that_ended_may_be_lost_where_its_client_was_told() {
        let (mut client, mut server) = pair();
        if let Some(session) = server.sessions.get_mut("a") {
            (session.ticks, session.ended) = (9, true);
        }
        assert_eq!(judge(&client, &server).lost, 5);
        lose(&mut client);
        let found = judge(&client, &server);
        assert_eq!((found.lost, found.faults.len()), (0, 1), "{found:?}");
    }

    #[test]
    fn a_session_whose_client_never_had_the_answer_to_hello_owes_nothing() {
        let (client, mut server) = pair();
        let asked = Asked { made: 2, lost: 2, ..Asked::default() };
        let unheard = SessionTally { ticks: 9, asked, ended: true, ..SessionTally::default() };
        server.sessions.insert("unheard".to_owned(), unheard);
        let found = judge(&client, &server);
        assert!(found.is_clean(), "{found:?}");
    }

    #[test]
    fn what_was_taken_up_while_its_connection_was_held_is_counted() {
        let (client, mut server) = pair();
        if let Some(session) = server.sessions.get_mut("a") {
            session.fenced = 3;
        }
        assert_eq!(judge(&client, &server).fenced, 3);
    }

    #[test]
    fn an_item_that_did_not_arrive_came_again_or_was_left_out_is_found_in_each_direction() {
        let judged = |change: fn(&mut Items)| {
            let (mut client, server) = pair();
            change(&mut client.counts.items);
            let down = judge(&client, &server);
            let (client, mut server) = pair();
            change(&mut server.sums.items);
            let up = judge(&client, &server);
            assert_eq!((down.lost, down.duplicated, down.reordered), (up.lost, up.duplicated, up.reordered));
            assert!(!down.is_clean() && !up.is_clean());
            (up.lost, up.duplicated, up.reordered)
        };
        assert_eq!(judged(|items| items.received -= 1), (1, 0, 0));
        assert_eq!(judged(|items| (items.received, items.duplicated) = (6, 1)), (0, 1, 0));
        assert_eq!(judged(|items| (items.received, items.duplicated) = (5, 1)), (1, 1, 0));
        assert_eq!(judged(|items| (items.received, items.reordered) = (4, 1)), (1, 0, 1));
        assert_eq!(judged(|items| items.received += 1), (0, 0, 0));
    }

    #[test]
    fn items_of_a_stream_that_was_lost_with_its_session_are_excused_and_a_stream_that_ran_twice_is_not() {
        let (mut client, mut server) = pair();
        client.counts.made = 2;
        client.counts.unknown = 1;
        server.counts.begin(2);
        server.counts.items.sent += 3;
        let found = judge(&client, &server);
        assert_eq!((found.lost, found.unknown, found.faults.len()), (3, 1, 1), "{found:?}");
        lose(&mut client);
        let found = judge(&client, &server);
        assert_eq!((found.lost, found.unknown, found.faults.len()), (0, 1, 1), "{found:?}");
        server.counts.begin(2);
        assert_eq!(judge(&client, &server).duplicated, 1);
        let (client, mut server) = pair();
        server.sums.begin(7);
        assert_eq!(judge(&client, &server).faults.len(), 1);
    }

    #[test]
    fn a_call_without_an_outcome_and_an_unknown_idempotent_one_are_faults() {
        let (mut client, server) = pair();
        client.looks.results = 2;
        assert_eq!(judge(&client, &server).faults.len(), 1);
        client.looks.unknown = [3].into();
        lose(&mut client);
        assert_eq!(judge(&client, &server).faults.len(), 2);
    }
}
