"""The promises, one by one: what is promised, which tests show it, and what of it nobody has shown."""

from collections.abc import Mapping
from dataclasses import dataclass

_SIM, _E2E, _LOOP, _EDGES, _CORE = "tests/sim", "tests/e2e", "tests/loop", "tests/edges", "tests/core"
_EXPLORE = f"{_SIM}/test_explore.py::test_no_single_trouble_breaks_a_promise"
_PAIRS = f"{_SIM}/test_explore.py::test_no_pair_of_a_sample_breaks_a_promise"
_SEEDS = f"{_SIM}/test_promises.py::test_it_settles_and_stays_settled"
_MACHINE = f"{_SIM}/test_machine.py::TestHouse"
_KILLS = f"{_E2E}/test_torture.py::test_killed_at_any_instant_each_app_is_linked_once"
_PROMISES, _FUZZ = f"{_SIM}/test_promises.py", f"{_EDGES}/test_gupshup_fuzz.py"


@dataclass(frozen=True, slots=True)
class Promise:
    """*says* is the promise, *tests* show it, *lacks* is what is not shown."""

    says: str
    tests: tuple[str, ...]
    lacks: str = ""


PROMISES: Mapping[str, Promise] = {
    "P1": Promise(
        "Once trouble stops, everything gets to where it is declared, and is then left alone: the end is that of "
        "a run without trouble, and three more passes write nothing.",
        (_EXPLORE, _PAIRS, _SEEDS, _MACHINE, _KILLS),
    ),
    "P2": Promise(
        "It may be killed before, during and after any request and any transaction.",
        (
            _EXPLORE,
            _KILLS,
            f"{_LOOP}/test_crashes.py::test_whenever_the_process_dies_the_next_one_gets_there_and_links_once",
        ),
        "a power cut below the file system: SQLite's own word is taken for what an fsync keeps",
    ),
    "P3": Promise(
        "No link goes out for a phone, or by a name, while an earlier one may still take effect.",
        (
            _EXPLORE,
            _PAIRS,
            _KILLS,
            f"{_LOOP}/reconcile/test_link.py::test_a_renamed_manifest_opens_no_second_link_while_one_is_unclear",
        ),
        "an effect later than `lateEffect`: nobody can wait for ever, so the figure is the operator's",
    ),
    "P4": Promise(
        "What is bound is an app of ours with exactly the declared phone, told by an authenticated answer.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_plan_properties.py::test_a_link_is_for_what_nobody_has_seen_and_nobody_is_at",
        ),
    ),
    "P5": Promise(
        "What only plans or tells sends no write; its client has no method that could.",
        (
            f"{_PROMISES}::test_a_plan_only_reads_whatever_it_meets",
            f"{_E2E}/test_plan.py::test_planning_sends_get_and_the_sign_in_and_nothing_else",
            f"{_E2E}/test_validate.py::test_validate_opens_no_socket_and_needs_no_credentials",
        ),
    ),
    "P6": Promise(
        "Each action looks at its own precondition right before it is sent, and is skipped where the world moved.",
        (
            f"{_LOOP}/reconcile/test_link.py::test_a_look_by_phone_stands_right_before_the_link",
            f"{_LOOP}/reconcile/test_link.py::test_an_app_that_appeared_meanwhile_is_not_linked_again",
            f"{_LOOP}/reconcile/test_write.py::test_a_duplicate_is_looked_at_and_updated",
        ),
        "a plan that was saved, changed and applied later: its tests stand with that command",
    ),
    "P7": Promise(
        "Nothing is written twice: where all is as declared, nothing is; what was read back does not differ; what "
        "cannot be read back is sent once.",
        (
            _EXPLORE,
            _MACHINE,
            f"{_EDGES}/test_gupshup_round_trip.py::test_what_was_written_is_what_is_read",
            f"{_LOOP}/reconcile/test_write.py::test_a_second_run_writes_nothing",
        ),
    ),
    "P8": Promise(
        "Whatever hurries a pass (a timer, a change of the source, an event, a person), the end is the same.",
        (
            "tests/sim/test_keeping.py::test_it_gets_there_through_every_strike",
            "tests/e2e/test_run.py::test_a_person_asks_it_to_look_and_another_command_gets_its_turn",
        ),
        "every order of several triggers: runs meet some",
    ),
    "P9": Promise(
        "Events only hurry: without any of them the next poll finds the same.",
        ("tests/sim/test_keeping.py::test_it_gets_there_and_is_quiet",),
    ),
    "P10": Promise(
        "Only what is owned by its tag, allowed by policy and absent from a complete source is unsubscribed; apps "
        "are never deleted.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_subscriptions.py::test_unsubscribing_takes_policy_ownership_and_a_complete_source",
            f"{_CORE}/planning/test_plan_properties.py::test_nothing_is_done_without_policy_or_under_suspension",
            f"{_E2E}/test_cases.py::test_what_is_owned_and_undeclared_is_unsubscribed_and_nothing_else",
        ),
    ),
    "P11": Promise(
        "Guards hold a whole class of change on fleets of 1, 2, 9, 10, 11 and 1,000; a release is for exactly what "
        "was held.",
        (
            f"{_CORE}/planning/test_guard.py::test_a_ceiling_on_fleets_of_any_size",
            f"{_CORE}/planning/test_guard.py::test_one_more_than_allowed_holds_the_whole_class",
            f"{_E2E}/test_ends.py::test_a_guard_holds_and_a_digest_releases_exactly_that",
            _EXPLORE,
        ),
    ),
    "P12": Promise(
        "An empty, unreadable or shrunken source changes nothing.",
        (
            f"{_CORE}/planning/test_source_guard.py::test_an_empty_source_is_refused",
            f"{_CORE}/planning/test_source_guard.py::test_a_fifth_may_go_at_once",
            f"{_E2E}/test_ends.py::test_a_run_that_cannot_begin_says_why",
            f"{_E2E}/test_run.py::test_an_empty_or_shrunken_source_changes_nothing_until_it_is_released",
            f"{_SIM}/test_broken.py::test_a_defect_breaks_its_promise",
        ),
    ),
    "P13": Promise(
        "No code can delete all subscriptions of an app, or build a path outside the table of calls.",
        (
            f"{_EDGES}/test_gupshup_routes.py::test_no_id_whatever_builds_a_path_outside_the_table",
            f"{_EDGES}/test_gupshup_routes.py::test_nothing_deletes_all_subscriptions_of_an_app",
        ),
    ),
    "P14": Promise(
        "Without a store nothing counts as ours that its tag does not tell, and nothing is written for good measure: "
        "only what cannot be read back, once.",
        (
            f"{_PROMISES}::test_a_lost_store_costs_one_repeat_of_what_cannot_be_read",
            f"{_E2E}/test_damage.py::test_a_lost_store_is_rebuilt_by_looking",
        ),
    ),
    "P15": Promise(
        "No window holds more calls than its limit as the server counts: across crashes, restarts and commands "
        "side by side.",
        (
            f"{_PROMISES}::test_a_crash_loop_breaks_no_limit_and_no_promise",
            f"{_PROMISES}::test_commands_side_by_side_keep_the_limits_together",
            f"{_CORE}/test_ratelimit.py::test_no_window_at_gupshup_is_ever_overfull",
            f"{_LOOP}/test_rate_limiter_crashes.py::test_no_window_at_gupshup_is_overfull",
            _KILLS,
        ),
        "what other tools spend of the same partner's limits: then a 429 is answered by a rest",
    ),
    "P16": Promise(
        "After a 429 nothing goes out for a whole window that counts in the same bucket.",
        (
            _EXPLORE,
            f"{_LOOP}/test_rate_limiter.py::test_a_429_rests_its_budget_for",
            f"{_E2E}/test_faults.py::test_a_429_closes_the_link_and_its_budget_rests_for_a_window",
        ),
    ),
    "P17": Promise(
        "No write is sent again before somebody looked what became of it; reads are tried again by one layer alone.",
        (
            _EXPLORE,
            f"{_EDGES}/test_gupshup_tokens.py::test_a_link_is_never_repeated_but_the_next_one_has_a_new_token",
            f"{_LOOP}/reconcile/test_write.py::test_a_lost_reply_costs_a_look_and_nothing_is_sent_twice",
        ),
    ),
    "P18": Promise(
        "Each call ends by its deadline, and no answer is read beyond its cap.",
        (
            f"{_EDGES}/test_gupshup_transport.py::test_a_rude_answer_ends_in_time_and_proves_nothing",
            f"{_EDGES}/test_gupshup_transport.py::test_a_bomb_is_not_unpacked_whole",
        ),
    ),
    "P19": Promise(
        "Any status, content type and body becomes a value or one of our errors; what is not understood is never a "
        "success, nor proof that nothing happened.",
        (
            f"{_FUZZ}::test_any_answer_to_a_read_is_a_value_or_says_who_moves_next",
            f"{_FUZZ}::test_any_answer_to_a_write_is_a_value_or_says_who_moves_next",
            f"{_FUZZ}::test_no_answer_to_a_link_is_taken_for_a_refusal_without_proof",
        ),
    ),
    "P20": Promise(
        "One sign-in at a time, and none while a good token is there; refusals cause no storm of them.",
        (
            _EXPLORE,
            f"{_EDGES}/test_gupshup_tokens.py::test_a_hundred_waiting_calls_cause_one_login_and_one_app_token",
            f"{_EDGES}/test_gupshup_tokens.py::test_a_storm_of_401_causes_three_logins_in_half_an_hour",
            f"{_E2E}/test_ends.py::test_refused_credentials_are_exit_7_and_asked_no_more_than_twice",
        ),
    ),
    "P21": Promise(
        "Whoever came first is let through first, and one app's trouble holds back its own writes alone.",
        (
            f"{_LOOP}/test_rate_limiter.py::test_who_came_first_is_let_through_first",
            f"{_LOOP}/reconcile/test_write.py::test_one_apps_budget_holds_back_its_own_writes_only",
        ),
    ),
    "P22": Promise(
        "An intent is on disk before its link goes out, an app's id before anything is sent to it; where the disk "
        "fails, nothing more goes out.",
        (
            _EXPLORE,
            f"{_E2E}/test_damage.py::test_a_disk_that_is_full_allows_no_write_that_it_cannot_remember",
            f"{_E2E}/test_damage.py::test_an_outcome_that_cannot_be_written_ends_the_run_and_is_found_by_the_next",
            f"{_EDGES}/test_store_opening.py::test_a_store_is_safe_from_power_loss",
        ),
    ),
    "P23": Promise(
        "A damaged, foreign or newer store is refused and left as it is; a lost one is rebuilt by looking.",
        (
            f"{_E2E}/test_damage.py::test_a_store_that_cannot_be_trusted_is_left_as_it_is",
            f"{_E2E}/test_damage.py::test_a_lost_store_is_rebuilt_by_looking",
            f"{_EDGES}/test_store_opening.py::test_a_store_is_not_started_anew_beside_the_remains_of_another",
        ),
    ),
    "P24": Promise(
        "One writer a partner; who lost that right sends nothing more, down to the moment before the bytes go.",
        (
            f"{_PROMISES}::test_a_second_process_is_locked_out_and_writes_nothing",
            f"{_PROMISES}::test_who_lost_the_lock_writes_nothing_more_and_the_next_one_finishes",
            f"{_EDGES}/test_gupshup_transport.py::test_the_right_to_write_is_asked_for_when_nothing_but_the_bytes_is_left_to_do",
            f"{_E2E}/test_damage.py::test_a_store_taken_away_while_it_is_used_ends_the_writing",
            _KILLS,
        ),
        "a packet that has already left: nobody can call it back, and P3's wait is for that",
    ),
    "P25": Promise(
        "A run that is interrupted tells how far it got, and what it was at counts as unclear.",
        (
            f"{_E2E}/test_ends.py::test_a_run_that_is_interrupted_still_tells_how_far_it_got",
            f"{_E2E}/test_ends.py::test_a_link_that_is_interrupted_is_unclear_and_found_by_the_next_run",
            f"{_E2E}/test_run.py::test_it_ends_soon_while_a_link_is_on_its_way_and_nothing_is_linked_twice",
        ),
    ),
    "P26": Promise(
        "Memory, files, lines and tables stay bounded over weeks.",
        ("tests/sim/test_soak.py::test_nothing_grows_without_an_end",),
    ),
    "P27": Promise(
        "The same seed tells the same story, byte for byte, in any process.",
        (
            f"{_SIM}/test_replay.py",
            f"{_SIM}/test_explore.py::test_a_kill_during_a_transaction_leaves_what_a_kill_before_it_leaves",
        ),
    ),
    "P28": Promise(
        "Every write has a line in the history, begun before it, and no line tells of one that was not sent.",
        (_EXPLORE, _KILLS, f"{_LOOP}/reconcile/test_write.py::test_every_write_has_one_finished_line"),
    ),
    "P29": Promise(
        "What is called Ready was there and live when it was said; no early end passes for a success.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_messages.py::test_a_blocked_app_says_so_in_each_condition_that_it_concerns",
            "tests/doors/test_exits.py",
        ),
        "a Gupshup that answers a write with success and does not keep it: the next look tells",
    ),
    "P30": Promise(
        "Any bytes are answered within moments: valid, or problems with rule, place and remedy.",
        (
            f"{_CORE}/decode/test_mutations.py::test_any_bytes_are_answered",
            f"{_CORE}/decode/test_corpus.py::test_an_invalid_file_breaks_exactly_the_rules_it_should",
            f"{_E2E}/test_validate.py::test_hostile_folders_are_answered_within_moments",
        ),
    ),
    "P31": Promise(
        "A file that is wrong stops its whole source: half a source is none, and the last good revision goes on.",
        (
            f"{_E2E}/test_run.py::test_a_source_that_turns_bad_freezes_it_on_the_last_good_revision_over_restarts",
            f"{_E2E}/test_ends.py::test_a_run_that_cannot_begin_says_why",
            f"{_CORE}/decode/test_mutations.py::test_a_changed_document_is_valid_or_breaks_known_rules",
        ),
    ),
    "P32": Promise(
        "Credentials go to known addresses only, whatever a manifest says.",
        (f"{_CORE}/decode/test_reach.py::test_credentials_go_where_the_operator_said",),
    ),
    "P33": Promise(
        "No secret is seen in any output, log, error, argument, file or request to others, in any of its forms.",
        (
            f"{_E2E}/test_canaries.py::test_a_good_run_shows_no_secret_and_reaches_nobody_else",
            f"{_E2E}/test_canaries.py::test_whatever_gupshup_echoes_is_masked",
            f"{_E2E}/test_canaries.py::test_a_crash_shows_no_secret",
            f"{_FUZZ}::test_no_secret_comes_back_out",
            _EXPLORE,
        ),
        "core dumps and swap, which are the operating system's",
    ),
    "P34": Promise(
        "An event is a hint to look: nothing it says is believed, and a flood of them costs few looks.",
        (
            "tests/doors/test_web_hooks.py::test_a_hundred_repeats_are_two_looks",
            "tests/doors/test_web_hooks.py::test_a_flood_of_apps_costs_a_tenth_of_the_calls",
            f"{_CORE}/schedule/test_schedule.py::test_a_flood_about_what_is_under_way_costs_a_look_a_second",
            "tests/core/test_webhook_event.py::test_any_bytes_are_answered",
        ),
    ),
    "P35": Promise(
        "Nobody but Gupshup is reached: addresses in manifests are data.",
        (
            f"{_E2E}/test_canaries.py::test_a_good_run_shows_no_secret_and_reaches_nobody_else",
            f"{_EDGES}/test_gupshup_transport.py::test_a_redirect_is_not_followed_and_nothing_leaves",
        ),
    ),
    "P36": Promise(
        "What a source guard refused stays refused, over passes, processes and verbs, until it is released; the "
        "last good revision is one revision with its own manifests.",
        (
            f"{_E2E}/test_once.py::test_what_is_refused_is_refused_on_every_pass_and_drift_is_put_back",
            f"{_E2E}/test_once.py::test_a_rewritten_history_is_refused_on_every_pass_until_it_is_released",
            f"{_LOOP}/run/test_controller.py::test_a_renamed_partner_gets_round_no_guard_and_signs_in_once",
            f"{_LOOP}/run/test_source_watcher.py::test_another_folder_is_compared_with_what_the_account_had",
        ),
        "a loss that comes in steps, each of which `maxShrink` allows: every revision that was taken counts anew",
    ),
    "P37": Promise(
        "A manifest seen half-written leads to no call.",
        (
            f"{_EDGES}/test_sources.py::test_no_prefix_of_a_file_is_taken_however_slowly_it_is_written",
            f"{_E2E}/test_half_written.py::test_a_file_that_is_rewritten_slowly_in_place_is_one_update",
            f"{_E2E}/test_half_written.py::test_what_changes_after_it_was_read_stops_before_the_first_write",
        ),
        "a writer that rests for 2 s in the middle of a file, and before `plan`, `apply` and `run --once` one that "
        "rests from their reading until their first write (sources.md)",
    ),
    "P38": Promise(
        "No step of the wall clock, in any direction, before, during or between processes, leads to a second link, "
        "nor to a rest longer than the declared one (a minute's grace); after a reboot the whole rest begins again.",
        (
            f"{_SIM}/test_stepping.py::test_no_clock_that_is_set_breaks_a_promise",
            f"{_SIM}/test_stepping.py::test_a_process_that_never_stops_keeps_the_rest_over_steps_of_the_clock",
            f"{_EDGES}/test_store_clocks.py::test_a_remembered_moment_is_as_old_as_it_is",
            f"{_EDGES}/test_store_clocks.py::test_in_a_new_run_of_the_machine_what_rests_begins_to_rest_anew",
            f"{_E2E}/test_clocks.py::test_a_link_whose_answer_was_lost_rests_for_its_time_and_no_longer",
            f"{_E2E}/test_clocks.py::test_another_command_gets_its_turn_beside_a_run_though_the_clock_was_set",
        ),
        "the clock of a PostgreSQL server, which all replicas go by: it has to be slewed, not stepped",
    ),
    "P39": Promise(
        "Nothing is written for ever: a write that does not take, or is never answered clearly, ends in a reason that "
        "names who moves next, and slows nobody else.",
        (
            f"{_SIM}/test_no_end.py::test_a_gupshup_that_never_agrees_about_one_app_gets_few_calls",
            f"{_SIM}/test_broken.py::test_a_defect_breaks_its_promise",
            f"{_LOOP}/test_no_end_of_writes.py",
            f"{_CORE}/planning/test_no_end_of_writes.py::test_three_writes_that_do_not_take_are_enough",
            f"{_CORE}/test_url.py::test_a_url_in_another_spelling_is_the_same",
        ),
        "a value that takes and is changed again after every look: somebody else is at it, and it is put back for ever",
    ),
    "P40": Promise(
        "Output may fail, work may not: whatever becomes of stdout, stderr and logs, the calls, the store and the exit "
        "code are the same.",
        (
            f"{_E2E}/test_output.py::test_an_apply_whose_report_cannot_be_printed_does_its_work_and_keeps_the_report",
            f"{_E2E}/test_output.py::test_every_verb_ends_with_its_own_exit_code",
            f"{_E2E}/test_output.py::test_a_run_whose_log_cannot_be_written_goes_on",
            f"{_E2E}/test_output.py::test_a_reader_that_goes_away_after_the_link_does_not_keep_the_webhook_away",
            f"{_EDGES}/test_streams.py::test_a_reader_of_stderr_that_stops_reading_stops_nobody",
            f"{_EDGES}/test_streams.py::test_json_means_the_same_in_any_encoding",
        ),
        "a kill while a report waits for its reader: then it is in nobody's hands, and `get` and `events` tell the rest",
    ),
    "P41": Promise(
        "One account is one account: however one signs in and whatever manifests and Partners are called, lock, pace, "
        "intents and all that is remembered are shared; what cannot be told apart from a known account does nothing.",
        (
            f"{_SIM}/test_broken.py::test_the_same_trouble_breaks_no_promise_of_the_product_as_it_is",
            f"{_CORE}/test_identity.py::test_an_account_is_known_again",
            f"{_CORE}/test_identity.py::test_what_cannot_be_told_or_is_contradicted_is_refused",
            f"{_EDGES}/test_store_accounts.py::test_an_account_that_was_met_without_an_id_takes_the_first_one_that_is_told",
            f"{_EDGES}/test_store_accounts.py::test_two_names_of_one_account_become_one_and_the_stricter_of_two_stays",
            f"{_E2E}/test_account.py::"
            "test_a_link_that_may_still_take_effect_is_not_repeated_by_who_signs_in_another_way",
            f"{_E2E}/test_account.py::test_two_ways_to_sign_in_share_one_lock",
            f"{_E2E}/test_account.py::test_an_account_that_cannot_be_told_from_one_that_is_known_is_left_alone",
        ),
        "one account behind two addresses (a proxy with a name of its own): nobody can tell",
    ),
    "P42": Promise(
        "What people asked for and what is new go first, at any moment; a sweep never holds them up longer than one "
        "budget's turn: right after a start a newcomer is linked within five seconds of its commit, and has its "
        "webhook within ten of its live event.",
        (
            f"{_SIM}/test_newcomers.py",
            f"{_CORE}/schedule/test_schedule.py::test_what_a_first_sweep_has_not_reached_is_no_change_at_the_next_list",
            f"{_CORE}/schedule/test_schedule.py::test_an_event_goes_before_many_things_that_a_commit_changed",
            f"{_CORE}/schedule/test_schedule.py::test_no_flood_about_others_keeps_an_event_about_what_is_under_way",
        ),
        "more than a thousand apps in every run: a list of ten thousand takes twelve seconds at Gupshup's pace, and "
        "passes go one after the other; `list` at ten a minute, should Gupshup mean that figure",
    ),
    "P44": Promise(
        "A manifest reaches no secret and no address that the operator did not hand out, whatever it calls them, "
        "offline and where they are read.",
        (
            f"{_CORE}/decode/test_reach.py::test_credentials_go_where_the_operator_said",
            f"{_CORE}/decode/test_reach.py::test_a_credential_comes_from_a_variable_that_is_handed_out",
            f"{_CORE}/decode/test_reach.py::test_a_credential_comes_from_a_file_that_is_handed_out",
            f"{_CORE}/decode/test_reach.py::test_a_header_comes_from_a_file_that_is_handed_out",
            f"{_EDGES}/test_secrets.py::test_a_link_out_of_what_is_handed_out_is_not_followed",
            f"{_EDGES}/test_secrets.py::test_the_pod_s_token_is_never_read",
            f"{_E2E}/test_reach.py::test_a_port_of_this_machine_is_not_reached_before_the_operator_allows_it",
            f"{_E2E}/test_reach.py::test_a_variable_that_was_not_handed_out_is_not_sent",
            f"{_E2E}/test_reach.py::test_a_file_behind_a_link_is_not_sent",
        ),
        "hard links, and a folder of credentials that somebody else may write to; which credential goes to which "
        "of the addresses that are allowed",
    ),
    "P46": Promise(
        'What is said is so: Ready, Synced, "as declared" are said of nothing that was neither written nor read.',
        (
            f"{_SIM}/test_broken.py::test_a_defect_breaks_its_promise",
            f"{_LOOP}/reconcile/test_write.py::test_a_callback_declared_after_the_link_is_written",
            "tests/core/status/test_conditions.py::test_what_was_neither_written_nor_read_is_called_unknown",
            "tests/core/planning/test_subscriptions.py::test_a_header_that_cannot_be_had_blocks_its_subscription",
            f"{_E2E}/test_cases.py::test_a_header_that_cannot_be_had_is_said_by_every_verb",
        ),
    ),
}

CHANGED: tuple[tuple[str, str], ...] = (
    (
        "P36",
        "`run --once` kept the manifests that it had just refused as the last good ones, so that its second pass "
        "did what nobody had approved. It keeps nothing before its first write now. Found by running it twice.",
    ),
    (
        "P36",
        "A renamed Partner, another folder or another repository was compared with nothing, so that webhooks of a "
        "shrunken source were deleted. What was declared before is known by the account now. Found by renaming.",
    ),
    (
        "P37",
        "A folder was read 0.1 s after a change, so that a file rewritten in place was acted on half-way. It has "
        "to rest for 2 s now. Found by writing slowly.",
    ),
    (
        "P38",
        "Intents were dated by the wall clock of whichever process wrote them: a link whose answer was lost while the "
        "clock was an hour slow was sent again at once when it was right, and rested for days where it had been fast. "
        "Somebody read how two processes date one row. They go by the machine's monotonic time now.",
    ),
    (
        "P15",
        "After a reboot with a clock that was fast, the log of calls forgot the last minute. A clock that is set at "
        "each effect, with a reboot, found it. The log goes on now as if no time had passed.",
    ),
    (
        "P41",
        "An account whose token does not tell its id was kept under its Partner's name: signed in to by e-mail as well, "
        "it had two locks, two paces, and a second link went out while the first could still take effect. Found by "
        "reading; accounts are in the store now, each known by its id or its apps.",
    ),
    (
        "P7",
        "An unsubscribe that was answered with 200 and nothing at all was believed, and stayed undone until another "
        "process looked. Only 204 may come without a body now; all else is looked after. Found by the exploration.",
    ),
    (
        "P24",
        "The right to write was asked for before a connection was made, which may take seconds. It is asked for "
        "once more when nothing but the bytes is left to do.",
    ),
    (
        "P24",
        "A writer whose lock file was taken away went on. Now it writes nothing more, neither to Gupshup nor to "
        "the store.",
    ),
    (
        "P22",
        "SQLite goes on writing into a file that was moved or deleted while it was open: intents that nobody would "
        "ever find. Each write looks first whether the file is still the one that it opened.",
    ),
    (
        "P23",
        "A new store could be begun beside the write-ahead log of one that was gone, and SQLite would have mixed "
        "the two. Such remains are refused now.",
    ),
    (
        "P15",
        "The store's clock stood still while the machine was suspended. It counts that time now, where the system "
        "can tell.",
    ),
    (
        "P11",
        "Links that Gupshup refuses in the same words rested from the next pass on; the rest of the pass that saw "
        "them went out. They rest within it now.",
    ),
    (
        "P11",
        "A release named a thing that changes and not what would be written there, so that consent to one change "
        "let another one through. It names the content now.",
    ),
    (
        "P21",
        "A look could lose its patience while others that came later were let through. Whoever came first calls "
        "first now.",
    ),
    (
        "P25",
        "A link that was interrupted was in the store as unclear, and was not in the run's own report. It is told "
        "there as unclear now.",
    ),
    ("P29", "What had not been looked at was told to differ. It is told as unknown now."),
    ("P29", "An ending that had no rank among the exit codes passed for a success. It is an error now."),
    (
        "P46",
        "A header whose variable was not set passed for declared, and so did a callback that was declared after the "
        "link and never written. The first is blocked now, the second is written once. Found by trying it.",
    ),
    (
        "P44",
        "Credentials of a Partner could name any variable and file, and its address any port of this machine; a "
        "reader of the code saw it. Both are the operator's to hand out now, and real paths are compared.",
    ),
    (
        "P39",
        "The answer to an update ended the count of updates that did not take, although it only repeats what was "
        "sent. Only a look ends it now. Found by a server that shows URLs in another spelling.",
    ),
    (
        "P39",
        "An answer that proves nothing was followed by the same call in the next pass, for ever. Each further try "
        "waits longer now, over processes, and after five a person is named.",
    ),
    (
        "P42",
        "After every start a newcomer's webhook waited behind the whole first sweep, for seven minutes with a thousand "
        "apps, its live event notwithstanding: at the second list whatever nobody had looked at became a change. What "
        "a sweep has not reached is drift now, and an event goes before any mass of changes. Found by a fleet whose "
        "every app has webhooks.",
    ),
    (
        "P33",
        "A proxy that echoes the credentials it was shown was quoted with them. They are masked now, as any other "
        "secret.",
    ),
)
"""What did not hold at first, each found by a test that is still there."""

UNEXPLORED: tuple[str, ...] = (
    "Gupshup itself. The simulator is built from its published pages; where they are silent or disagree it has a "
    "switch, and the seeds try both ways. What no page tells, no run here can show.",
    "A look that lies twice. Where both the list and the look by phone right before a link hide an app that is there, "
    "the link goes out; Gupshup's own uniqueness of names and phones then stands in its way.",
    "The order of things within one event loop. Tasks of one process take turns as asyncio lets them, and every run "
    "has one such order; processes are interleaved at their awaits, in the runs that have two of them.",
    "Pairs and triples of troubles are sampled by a seed, not exhausted; `make explore` takes all pairs, for days.",
    "PostgreSQL under exploration. Its leases and refusals have tests of their own against a real server; the "
    "exploration runs on SQLite.",
    "The network below TLS, hardware that lies about fsync, and clocks of two machines that drift apart by more than "
    "the margin of a window.",
)
"""What these figures do not say, by name."""
