"""How long to wait after failures in a row."""

from controller.core.backoff import pass_backoff, write_backoff


def test_the_back_off_of_passes_doubles_to_five_minutes_and_chance_spreads_it() -> None:
    pauses = [pass_backoff(failures, 1.0) for failures in (1, 2, 3, 8, 9, 10_000)]
    assert pauses == [2.0, 4.0, 8.0, 256.0, 300.0, 300.0]
    assert [pass_backoff(failures, 0.0) for failures in (1, 2, 10_000)] == [1.0, 2.0, 150.0]


def test_the_back_off_of_a_write_doubles_to_an_hour() -> None:
    pauses = [write_backoff(tries) for tries in range(1, 10)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert write_backoff(10_000) == 3600
