"""The credit of streams, at both of its ends."""

from __future__ import annotations

import pytest

from wirecall.streams import MAX_CREDIT, STREAM_CREDIT, BeyondCreditError, Credit, Window
from wirecall.transfers import Upload


def test_a_producer_waits_when_its_credit_is_spent_and_goes_on_with_more() -> None:
    credit = Credit(2)
    credit.spend(credit.allows(5))
    assert credit.allows(1) == 0
    assert credit.grant(1)
    assert credit.allows(10) == 1


def test_without_a_limit_a_producer_never_waits() -> None:
    credit = Credit(None)
    credit.spend(1000)
    assert credit.grant(5)
    assert credit.allows(10**6) == 10**6


def test_a_grant_of_0_changes_nothing_and_does_not_count() -> None:
    credit = Credit(0)
    assert not credit.grant(0)
    assert not credit.grant(-1)
    assert credit.allows(1) == 0


def test_sums_of_credit_saturate() -> None:
    credit = Credit(2**40)
    assert credit.grant(2**40)
    assert credit.allows(2**50) == MAX_CREDIT


def test_more_is_granted_when_half_was_taken() -> None:
    window = Window(STREAM_CREDIT)
    window.receive(64)
    grants = [window.take() for _ in range(64)]
    assert [(place, grant) for place, grant in enumerate(grants) if grant] == [(31, 32), (63, 32)]
    window.receive(64)


def test_items_beyond_the_credit_are_told() -> None:
    window = Window(2)
    with pytest.raises(BeyondCreditError):
        window.receive(3)
    window.receive(2)
    with pytest.raises(BeyondCreditError):
        window.receive(1)


def test_a_window_of_an_upload_grants_all_of_it_once_it_is_opened() -> None:
    window = Window(8, opened=False)
    with pytest.raises(BeyondCreditError):
        window.receive(1)
    assert [window.open(), window.open()] == [8, 0]
    window.receive(8)


def test_an_empty_upload_ends_without_credit_and_only_once() -> None:
    upload = Upload()
    assert not upload.ready
    upload.ended = True
    assert upload.ready
    upload.leave()
    assert not upload.ready


def test_an_upload_that_starts_over_waits_for_credit_again() -> None:
    upload = Upload()
    upload.grant(2)
    upload.waiting.append(b"1")
    assert (upload.ready, upload.room) == (True, False)
    upload.start_over()
    assert (upload.ready, upload.room) == (False, False)
    upload.grant(1)
    upload.leave()
    assert (upload.sent, upload.room) == (1, False)
