"""The promises, one by one: what is promised, which tests show it, and what of it nobody has shown."""

from collections.abc import Mapping
from dataclasses import dataclass

_SIM, _E2E, _LOOP, _EDGES, _CORE = "tests/sim", "tests/e2e", "tests/loop", "tests/edges", "tests/core"
_EXPLORE = f"{_SIM}/test_explore.py::test_no_single_disruption_breaks_a_promise"
_PAIRS = f"{_SIM}/test_explore.py::test_no_sampled_pair_of_disruptions_breaks_a_promise"
_SEEDS = f"{_SIM}/test_promises.py::test_a_random_world_settles_and_stays_settled"
_MACHINE = f"{_SIM}/test_machine.py::TestManifestMachine"
_KILLS = f"{_E2E}/test_torture.py::test_applies_that_are_killed_at_any_instant_link_each_app_once"
_PROMISES, _FUZZ = f"{_SIM}/test_promises.py", f"{_EDGES}/test_gupshup_fuzz.py"


@dataclass(frozen=True, slots=True)
class Promise:
    """*says* is the promise, *tests* show it, *lacks* is what is not shown."""

    says: str
    tests: tuple[str, ...]
    lacks: str = ""


PROMISES: Mapping[str, Promise] = {
    "P1": Promise(
        "Once disruptions stop, everything becomes as declared and is then left alone: the end is the same "
        "as that of a run without disruptions, and three more passes write nothing.",
        (_EXPLORE, _PAIRS, _SEEDS, _MACHINE, _KILLS),
    ),
    "P2": Promise(
        "The process may be killed before, during and after any request and any transaction.",
        (
            _EXPLORE,
            _KILLS,
            f"{_LOOP}/test_crashes.py::test_a_process_killed_after_any_call_is_finished_by_the_next_with_one_link",
        ),
        "a power cut below the file system: the tests trust SQLite about what an fsync keeps",
    ),
    "P3": Promise(
        "No link goes out for a phone, or by a name, while an earlier one may still take effect.",
        (
            _EXPLORE,
            _PAIRS,
            _KILLS,
            f"{_LOOP}/reconcile/test_link.py::test_a_renamed_manifest_opens_no_second_link_while_one_is_unclear",
        ),
        "an effect later than `lateEffect`: nobody can wait for ever, so the operator chooses the figure",
    ),
    "P4": Promise(
        "A phone is bound only to an app of ours with exactly this phone, by an authenticated answer.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_plan_properties.py::test_a_link_is_planned_only_for_an_absent_app_without_an_open_link",
        ),
    ),
    "P5": Promise(
        "A verb that only plans or reports sends no write: its client has no method for it.",
        (
            f"{_PROMISES}::test_a_plan_only_reads_under_any_disruption",
            f"{_E2E}/test_plan.py::test_planning_sends_only_get_requests_and_the_sign_in",
            f"{_E2E}/test_validate.py::test_validate_opens_no_socket_and_needs_no_credentials",
        ),
    ),
    "P6": Promise(
        "Each action checks its own precondition right before it is sent, and is skipped if Gupshup changed.",
        (
            f"{_LOOP}/reconcile/test_link.py::test_a_query_by_phone_goes_right_before_the_link",
            f"{_LOOP}/reconcile/test_link.py::test_an_app_that_appeared_since_the_list_is_not_linked_again",
            f"{_LOOP}/reconcile/test_write.py::test_a_duplicate_subscription_is_observed_and_updated",
        ),
        "a plan that was saved, changed and applied later: its tests belong to that command",
    ),
    "P7": Promise(
        "Nothing is written twice: if everything is as declared, nothing is written; a value that is read "
        "back does not differ; a value that cannot be read back is sent once.",
        (
            _EXPLORE,
            _MACHINE,
            f"{_EDGES}/test_gupshup_round_trip.py::test_a_written_subscription_does_not_differ_when_it_is_read_back",
            f"{_LOOP}/reconcile/test_write.py::test_a_second_run_of_apply_writes_nothing",
        ),
    ),
    "P8": Promise(
        "Whatever starts a pass earlier (a timer, a change of the source, an event, a person), the end is "
        "the same.",
        (
            "tests/sim/test_long_run.py::test_a_long_run_settles_despite_every_fault",
            "tests/e2e/test_run.py::test_reconcile_and_a_command_that_waits_for_the_lock_are_served_by_run",
        ),
        "every order of several triggers: the runs have some of them",
    ),
    "P9": Promise(
        "Events only save time: without them the next poll finds the same.",
        ("tests/sim/test_long_run.py::test_a_long_run_settles_and_is_quiet",),
    ),
    "P10": Promise(
        "A subscription is deleted only if its tag is owned, the policy allows it and a complete source "
        "does not declare it, or if it is ours (declared, written from here, or owned) and its app is declared as "
        "retired; apps are never deleted.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_subscriptions.py::test_unsubscribing_takes_policy_ownership_and_a_complete_source",
            f"{_CORE}/planning/test_plan_properties.py::test_no_action_is_planned_without_policy_or_under_suspension",
            f"{_CORE}/planning/test_retirement.py::test_what_is_ours_goes_whatever_is_declared_and_without_a_policy",
            f"{_E2E}/test_cases.py::test_only_owned_and_undeclared_subscriptions_are_unsubscribed",
        ),
    ),
    "P11": Promise(
        "Guards hold a whole class of changes, on fleets of 1, 2, 9, 10, 11 and 1,000 apps; a release "
        "allows exactly what was held.",
        (
            f"{_CORE}/planning/test_guard.py::test_a_guard_allows_its_ceiling_on_fleets_of_any_size",
            f"{_CORE}/planning/test_guard.py::test_one_change_above_the_ceiling_holds_the_whole_class",
            f"{_E2E}/test_ends.py::test_a_guard_holds_and_a_digest_releases_exactly_that",
            _EXPLORE,
        ),
    ),
    "P12": Promise(
        "An empty, unreadable or shrunken source changes nothing.",
        (
            f"{_CORE}/planning/test_source_guard.py::test_an_empty_source_is_refused",
            f"{_CORE}/planning/test_source_guard.py::test_a_fifth_of_a_source_may_go_at_once",
            f"{_E2E}/test_ends.py::test_a_run_that_cannot_begin_says_why",
            f"{_E2E}/test_run.py::test_an_empty_or_shrunken_source_changes_nothing_until_it_is_released",
            f"{_SIM}/test_planted_defects.py::test_a_planted_defect_breaks_its_promise",
        ),
    ),
    "P13": Promise(
        "No code can delete all subscriptions of an app, or build a path outside the table of calls.",
        (
            f"{_EDGES}/test_gupshup_routes.py::test_no_id_builds_a_path_outside_the_table_of_routes",
            f"{_EDGES}/test_gupshup_routes.py::test_no_route_deletes_all_subscriptions_of_an_app",
        ),
    ),
    "P14": Promise(
        "Without a store, only the tag shows that a subscription is ours, and nothing is written without "
        "need: only values that cannot be read back, once.",
        (
            f"{_PROMISES}::test_a_lost_store_costs_one_repeat_of_what_cannot_be_read",
            f"{_E2E}/test_damage.py::test_a_lost_store_is_rebuilt_by_observing",
        ),
    ),
    "P15": Promise(
        "No window has more calls than its rate limit, as the server counts: across crashes, restarts and "
        "parallel commands.",
        (
            f"{_PROMISES}::test_a_crash_loop_breaks_no_limit_and_no_promise",
            f"{_PROMISES}::test_commands_side_by_side_share_the_rate_limits",
            f"{_CORE}/test_ratelimit.py::test_no_window_at_gupshup_is_ever_overfull",
            f"{_LOOP}/test_rate_limiter_crashes.py::test_no_window_at_gupshup_is_overfull",
            _KILLS,
        ),
        "calls of other tools that share the partner's rate limits: after a 429 the rate limit cools down",
    ),
    "P16": Promise(
        "After a 429, no call of the same bucket is sent for a whole window.",
        (
            _EXPLORE,
            f"{_LOOP}/test_rate_limiter.py::test_a_429_makes_its_budget_cool_down_for_a_window_or_retry_after",
            f"{_E2E}/test_faults.py::test_a_429_to_a_link_makes_its_budget_cool_down_as_long_as_it_says",
        ),
    ),
    "P17": Promise(
        "No write is sent again before a read showed its outcome; only one layer repeats reads.",
        (
            _EXPLORE,
            f"{_EDGES}/test_gupshup_tokens.py::test_a_link_is_never_repeated_but_the_next_one_has_a_new_token",
            f"{_LOOP}/reconcile/test_write.py::test_a_lost_reply_costs_one_observation_and_no_second_write",
        ),
    ),
    "P18": Promise(
        "Each call ends by its deadline, and no answer is read beyond its size limit.",
        (
            f"{_EDGES}/test_gupshup_transport.py::test_a_malformed_answer_ends_in_time_and_proves_nothing",
            f"{_EDGES}/test_gupshup_transport.py::test_a_bomb_is_not_unpacked_whole",
        ),
    ),
    "P19": Promise(
        "Any status, content type and body becomes a value or one of our errors; an answer that is not "
        "understood is never a success, and never proof that nothing happened.",
        (
            f"{_FUZZ}::test_any_answer_to_a_read_is_a_value_or_says_who_has_to_act",
            f"{_FUZZ}::test_any_answer_to_a_write_is_a_value_or_says_who_has_to_act",
            f"{_FUZZ}::test_no_answer_to_a_link_is_taken_for_a_refusal_without_proof",
        ),
    ),
    "P20": Promise(
        "There is one sign-in at a time, and none while a good token is there; refusals cause no storm of "
        "sign-ins.",
        (
            _EXPLORE,
            f"{_EDGES}/test_gupshup_tokens.py::test_a_hundred_waiting_calls_cause_one_login_and_one_app_token",
            f"{_EDGES}/test_gupshup_tokens.py::test_a_storm_of_401_causes_three_logins_in_half_an_hour",
            f"{_E2E}/test_ends.py::test_refused_credentials_are_exit_7_and_tried_no_more_than_twice",
        ),
    ),
    "P21": Promise(
        "Calls go out in the order in which they were asked for, and the errors of one app delay only its "
        "own writes.",
        (
            f"{_LOOP}/test_rate_limiter.py::test_callers_are_let_through_in_the_order_of_arrival",
            f"{_LOOP}/reconcile/test_write.py::test_an_exhausted_budget_of_one_app_delays_its_own_writes_only",
        ),
    ),
    "P22": Promise(
        "An intent is on disk before its link is sent, and an app's id before any call to the app; if the "
        "disk fails, no further write is sent.",
        (
            _EXPLORE,
            f"{_E2E}/test_damage.py::test_a_full_disk_allows_no_write_that_cannot_be_stored",
            f"{_E2E}/test_damage.py::test_an_outcome_that_cannot_be_written_ends_the_run_and_is_found_by_the_next",
            f"{_EDGES}/test_store_opening.py::test_a_store_is_safe_from_power_loss",
        ),
    ),
    "P23": Promise(
        "A damaged, foreign or newer store is refused and left as it is; a lost store is rebuilt from reads.",
        (
            f"{_E2E}/test_damage.py::test_a_store_that_cannot_be_trusted_is_left_as_it_is",
            f"{_E2E}/test_damage.py::test_a_lost_store_is_rebuilt_by_observing",
            f"{_EDGES}/test_store_opening.py::test_a_new_store_is_not_created_beside_the_remains_of_another",
        ),
    ),
    "P24": Promise(
        "There is one writer for each partner; a process that lost the right to write sends nothing more, "
        "checked right before the bytes go.",
        (
            f"{_PROMISES}::test_a_second_process_is_locked_out_and_writes_nothing",
            f"{_PROMISES}::test_a_process_that_lost_the_lock_writes_no_more_and_the_next_one_finishes",
            f"{_EDGES}/test_gupshup_transport.py::test_the_lease_is_checked_last_before_the_bytes_of_a_write_are_sent",
            f"{_E2E}/test_damage.py::test_a_store_taken_away_while_it_is_used_ends_the_writing",
            _KILLS,
        ),
        "a packet that was already sent: nobody can recall it, and the wait of P3 covers that",
    ),
    "P25": Promise(
        "A run that is interrupted reports how far it got, and the call under way counts as unclear.",
        (
            f"{_E2E}/test_ends.py::test_an_interrupted_run_still_reports_how_far_it_got",
            f"{_E2E}/test_ends.py::test_a_link_that_is_interrupted_is_unclear_and_found_by_the_next_run",
            f"{_E2E}/test_run.py::test_run_ends_soon_during_a_link_and_links_nothing_twice",
        ),
    ),
    "P26": Promise(
        "Memory, files, log lines and tables stay limited over weeks.",
        ("tests/sim/test_soak.py::test_no_table_and_no_descriptor_grows_without_an_end",),
    ),
    "P27": Promise(
        "The same seed gives the same run, byte for byte, in any process.",
        (
            f"{_SIM}/test_replay.py",
            f"{_SIM}/test_explore.py::test_a_kill_during_a_transaction_leaves_what_a_kill_before_it_leaves",
        ),
    ),
    "P28": Promise(
        "Every write has a line in the history, which was begun before the write, and no line is about a "
        "write that was not sent.",
        (
            _EXPLORE,
            _KILLS,
            f"{_LOOP}/reconcile/test_write.py::test_every_write_has_one_finished_line_of_history",
        ),
    ),
    "P29": Promise(
        "An app that is reported Ready existed and was live at that time; no early end is reported as a "
        "success.",
        (
            _EXPLORE,
            f"{_CORE}/planning/test_messages.py::test_a_blocked_app_shows_its_reason_in_each_condition_concerned",
            "tests/doors/test_exits.py",
        ),
        "Gupshup answers a write with success and does not keep the value: the next read shows it",
    ),
    "P30": Promise(
        "Any bytes get an answer within moments: valid, or problems with rule, place and remedy.",
        (
            f"{_CORE}/decode/test_mutations.py::test_arbitrary_bytes_are_decoded_or_refused_with_a_problem",
            f"{_CORE}/decode/test_corpus.py::test_an_invalid_file_breaks_exactly_the_rules_it_should",
            f"{_E2E}/test_validate.py::test_validate_answers_hostile_folders_within_moments",
        ),
    ),
    "P31": Promise(
        "An invalid file stops its whole source: half a source is no source, and the last good revision "
        "stays in force.",
        (
            f"{_E2E}/test_run.py::test_a_source_that_turns_bad_leaves_run_on_the_last_good_revision",
            f"{_E2E}/test_ends.py::test_a_run_that_cannot_begin_says_why",
            f"{_CORE}/decode/test_mutations.py::test_a_changed_document_is_valid_or_breaks_known_rules",
        ),
    ),
    "P32": Promise(
        "Credentials go to known addresses only, whatever a manifest says.",
        (f"{_CORE}/decode/test_reach.py::test_credentials_go_only_to_addresses_that_the_operator_allowed",),
    ),
    "P33": Promise(
        "No secret appears in any output, log, error, argument, file or request to others, in any of its "
        "forms.",
        (
            f"{_E2E}/test_canaries.py::test_a_good_run_shows_no_secret_and_calls_no_other_host",
            f"{_E2E}/test_canaries.py::test_secrets_that_gupshup_echoes_are_masked",
            f"{_E2E}/test_canaries.py::test_a_crash_shows_no_secret",
            f"{_FUZZ}::test_no_secret_that_gupshup_echoes_is_in_a_value_or_an_error",
            _EXPLORE,
        ),
        "core dumps and swap, which belong to the operating system",
    ),
    "P34": Promise(
        "An event is only a hint: nothing in it is believed, and a flood of events causes few reads.",
        (
            "tests/doors/test_web_hooks.py::test_a_hundred_repeats_of_an_event_are_two_hints",
            "tests/doors/test_web_hooks.py::test_a_flood_of_apps_costs_a_seventh_of_the_calls",
            f"{_CORE}/schedule/test_schedule.py::test_a_flood_about_apps_in_flight_costs_one_observation_a_second",
            "tests/core/test_webhook_event.py::test_arbitrary_bytes_in_a_webhook_body_raise_nothing",
        ),
    ),
    "P35": Promise(
        "Only Gupshup is called: addresses in manifests are data.",
        (
            f"{_E2E}/test_canaries.py::test_a_good_run_shows_no_secret_and_calls_no_other_host",
            f"{_EDGES}/test_gupshup_transport.py::test_a_redirect_is_not_followed_and_nothing_leaves",
        ),
    ),
    "P36": Promise(
        "A source that a guard refused stays refused, across passes, processes and verbs, until it is "
        "released; the last good revision is one revision with its own manifests.",
        (
            f"{_E2E}/test_once.py::test_a_refused_revision_is_refused_on_every_pass_and_drift_is_restored",
            f"{_E2E}/test_once.py::test_a_rewritten_history_is_refused_on_every_pass_until_it_is_released",
            f"{_LOOP}/run/test_controller.py::test_a_renamed_partner_evades_no_guard_and_signs_in_once",
            f"{_LOOP}/run/test_source_watcher.py::test_another_folder_is_compared_with_what_the_account_had",
        ),
        "a loss in steps, each of which `maxShrink` allows: every accepted revision is the next one to "
        "compare with",
    ),
    "P37": Promise(
        "A manifest that is read half-written causes no call.",
        (
            f"{_EDGES}/test_sources.py::test_no_prefix_of_a_file_is_accepted_however_slowly_it_is_written",
            f"{_E2E}/test_half_written.py::test_a_file_that_is_rewritten_slowly_in_place_is_one_update",
            f"{_E2E}/test_half_written.py::test_a_manifest_that_changes_after_it_was_read_stops_the_run_before_a_write",
        ),
        "a writer that pauses for 2 s in the middle of a file; and with `plan`, `apply` and `run --once`, a "
        "writer that pauses from the reading until the first write (sources.md)",
    ),
    "P38": Promise(
        "No step of the wall clock, in any direction, before, during or between processes, causes a second "
        "link, or a wait longer than the declared one (plus a minute); after a reboot the whole wait begins "
        "again.",
        (
            f"{_SIM}/test_clock_steps.py::test_no_step_of_the_clock_breaks_a_promise",
            f"{_SIM}/test_clock_steps.py::test_a_long_run_keeps_the_cool_down_over_steps_of_the_clock",
            f"{_EDGES}/test_store_clocks.py::test_a_stored_time_has_its_true_age",
            f"{_EDGES}/test_store_clocks.py::test_after_a_reboot_every_waiting_time_begins_anew",
            f"{_E2E}/test_clocks.py::test_a_link_without_an_answer_is_waited_for_as_long_as_declared",
            f"{_E2E}/test_clocks.py::test_another_command_gets_the_lock_of_a_run_although_the_clock_was_set",
        ),
        "the clock of a PostgreSQL server, which all replicas use: it has to be slewed, not stepped",
    ),
    "P39": Promise(
        "Nothing is written for ever: a write that has no effect, or that never gets a clear answer, ends "
        "in a reason that names who has to act next, and slows down no other app.",
        (
            f"{_SIM}/test_endless_writes.py::test_a_gupshup_that_never_agrees_about_one_app_gets_few_writes",
            f"{_SIM}/test_planted_defects.py::test_a_planted_defect_breaks_its_promise",
            f"{_LOOP}/test_no_end_of_writes.py",
            f"{_CORE}/planning/test_no_end_of_writes.py::test_three_writes_that_do_not_take_block_further_ones",
            f"{_CORE}/test_url.py::test_a_url_in_another_spelling_is_the_same",
        ),
        "a value that is written and is changed again after every read: somebody else changes it, and it is put "
        "back for ever",
    ),
    "P40": Promise(
        "Output may fail, work may not: whatever happens to stdout, stderr and logs, the calls, the store "
        "and the exit code are the same.",
        (
            f"{_E2E}/test_output.py::test_an_apply_whose_report_cannot_be_printed_does_its_work_and_keeps_the_report",
            f"{_E2E}/test_output.py::test_every_verb_ends_with_its_own_exit_code",
            f"{_E2E}/test_output.py::test_a_run_whose_log_cannot_be_written_goes_on",
            f"{_E2E}/test_output.py::test_a_reader_of_output_that_goes_away_does_not_prevent_the_webhook",
            f"{_EDGES}/test_streams.py::test_a_reader_of_stderr_that_stops_reading_does_not_block_the_process",
            f"{_EDGES}/test_streams.py::test_json_means_the_same_in_any_encoding",
        ),
        "a kill while a report waits for its reader: then the report is lost, and `get` and `events` show "
        "the results",
    ),
    "P41": Promise(
        "One account is one account: with any way to sign in and any names of manifests and Partners, the "
        "lock, the rate limits, the intents and everything remembered are shared; nothing is done for an "
        "account that cannot be distinguished from a known one.",
        (
            f"{_SIM}/test_planted_defects.py::test_the_same_disruption_breaks_no_promise_without_the_defect",
            f"{_CORE}/test_identity.py::test_an_account_is_recognised_by_its_id_or_its_apps",
            f"{_CORE}/test_identity.py::test_an_unknown_or_contradicted_account_is_refused",
            f"{_EDGES}/test_store_accounts.py::test_an_account_stored_without_an_id_takes_the_first_id_that_is_known",
            f"{_EDGES}/test_store_accounts.py::test_two_names_of_an_account_become_one_and_the_stricter_facts_stay",
            f"{_E2E}/test_account.py::test_an_unclear_link_is_not_repeated_after_another_way_to_sign_in",
            f"{_E2E}/test_account.py::test_two_ways_to_sign_in_share_one_lock",
            f"{_E2E}/test_account.py::test_an_account_that_may_be_a_known_one_is_left_alone",
        ),
        "one account behind two addresses (a proxy with a name of its own): the controller cannot notice it",
    ),
    "P42": Promise(
        "Requests of people and new apps go first, at any moment; background reads never delay them by more "
        "than one rate limit allows: right after a start, a new app is linked within five seconds of its "
        "commit, and has its webhook within ten seconds of its live event.",
        (
            f"{_SIM}/test_new_apps.py",
            f"{_CORE}/schedule/test_schedule.py::test_apps_that_the_first_sweep_has_not_reached_are_no_change_at_the_next_list",
            f"{_CORE}/schedule/test_schedule.py::test_an_event_goes_before_the_mass_of_changes_of_a_commit",
            f"{_CORE}/schedule/test_schedule.py::test_a_flood_about_other_apps_delays_no_event_about_an_app_in_flight",
        ),
        "more than a thousand apps in every run: a list of ten thousand takes twelve seconds within "
        "Gupshup's rate limits, and passes go one after the other; `list` at ten a minute, if Gupshup means "
        "that figure",
    ),
    "P44": Promise(
        "A manifest reaches only secrets and addresses that the operator allowed, whatever name it uses, "
        "both in offline checks and at each read.",
        (
            f"{_CORE}/decode/test_reach.py::test_credentials_go_only_to_addresses_that_the_operator_allowed",
            f"{_CORE}/decode/test_reach.py::test_a_credential_comes_from_a_variable_that_is_handed_out",
            f"{_CORE}/decode/test_reach.py::test_a_credential_comes_from_a_file_that_is_handed_out",
            f"{_CORE}/decode/test_reach.py::test_a_header_comes_from_a_file_that_is_handed_out",
            f"{_EDGES}/test_secrets.py::test_a_link_out_of_a_folder_of_secrets_is_not_followed",
            f"{_EDGES}/test_secrets.py::test_the_pod_s_token_is_never_read",
            f"{_E2E}/test_reach.py::test_a_port_of_this_machine_is_not_reached_before_the_operator_allows_it",
            f"{_E2E}/test_reach.py::test_a_variable_that_was_not_handed_out_is_not_sent",
            f"{_E2E}/test_reach.py::test_a_file_behind_a_link_out_of_its_folder_is_not_sent",
        ),
        "hard links, and a folder of credentials that somebody else may write to; which credential goes to "
        "which allowed address",
    ),
    "P46": Promise(
        'Reports are true: nothing is called Ready, Synced or "as declared" that was neither written nor '
        "read.",
        (
            f"{_SIM}/test_planted_defects.py::test_a_planted_defect_breaks_its_promise",
            f"{_LOOP}/reconcile/test_write.py::test_a_callback_declared_after_the_link_is_written",
            "tests/core/status/test_conditions.py::test_a_value_neither_written_nor_read_is_unknown_in_conditions",
            "tests/core/planning/test_subscriptions.py::test_an_unavailable_header_blocks_its_subscription",
            f"{_E2E}/test_cases.py::test_an_unavailable_header_is_reported_by_every_verb",
        ),
    ),
    "P47": Promise(
        "Never more than two Universal Tokens of one store are active, whatever is killed, and each whose text "
        "was lost is revoked. No pass fails because a token ended or a secret was rotated.",
        (
            f"{_SIM}/test_planted_defects.py::test_a_planted_defect_breaks_its_promise",
            f"{_SIM}/test_universal_tokens.py::test_months_of_restarts_and_two_rotations_fail_no_pass_and_keep_two_tokens_at_most",
            f"{_LOOP}/test_tokens.py::test_killed_at_any_two_effects_the_next_process_gets_there",
            f"{_E2E}/test_tokens.py::test_a_mint_whose_answer_was_lost_is_revoked_by_name_after_the_next_one",
        ),
    ),
    "P48": Promise(
        "A saved plan is done exactly, and once: what became different since it was made is skipped and named, "
        "nothing that it does not hold is sent, and killed at any call the next run of it finishes it.",
        (
            _EXPLORE,
            "tests/core/planning/test_approval.py::test_only_what_was_shown_is_done",
            "tests/core/planning/test_approval.py::test_an_action_that_was_not_sent_has_a_result",
            f"{_LOOP}/test_apply.py::test_an_approved_action_whose_turn_comes_later_is_looked_at_again",
            f"{_E2E}/test_asking.py::test_a_confirmed_apply_does_what_was_shown_and_names_what_changed_meanwhile",
            f"{_E2E}/test_saved_plans.py::test_what_others_changed_meanwhile_is_skipped_and_named_and_the_rest_is_done",
            f"{_E2E}/test_saved_plans.py::test_a_run_that_is_killed_in_any_call_is_finished_by_the_next_one",
        ),
    ),
}

CHANGED: tuple[tuple[str, str], ...] = (
    (
        "P36",
        "`run --once` kept the manifests that it had just refused as the last good ones. So its second pass "
        "did what nobody had approved. Now it keeps nothing before its first write. Found by a second run.",
    ),
    (
        "P36",
        "A renamed Partner, another folder or another repository was compared with nothing, so that "
        "webhooks of a shrunken source were deleted. Now the store knows for each account what was declared "
        "before. Found by a renamed Partner.",
    ),
    (
        "P37",
        "A folder was read 0.1 s after a change, so that the controller acted on a half-written file. Now "
        "nothing may change for 2 s. Found by a slow writer.",
    ),
    (
        "P38",
        "Intents had dates of the wall clock of the process that wrote them. If the clock was an hour slow, "
        "a link whose answer was lost was sent again as soon as the clock was right. If the clock was fast, "
        "the link waited for days. Found by reading how two processes date one row. Now intents use the "
        "machine's monotonic time.",
    ),
    (
        "P15",
        "After a reboot with a fast clock, the log of calls forgot the last minute. Now the log goes on as "
        "if no time had passed. Found by runs that set the clock at each effect and reboot.",
    ),
    (
        "P41",
        "An account whose token does not reveal its id was kept under its Partner's name. With a second "
        "sign-in by e-mail it had two locks and two sets of rate limits, and a second link was sent while "
        "the first could still take effect. Found by reading. Now accounts are in the store, and each is "
        "known by its id or its apps.",
    ),
    (
        "P7",
        "A 200 without a body as the answer to an unsubscribe counted as success, and the subscription "
        "stayed until another process read it. Now only 204 may come without a body. After any other "
        "answer, the controller reads again. Found by the exploration.",
    ),
    (
        "P24",
        "The right to write was checked before the connection was made, which may take seconds. Now it is "
        "checked once more right before the bytes go.",
    ),
    (
        "P24",
        "A writer went on after its lock file was removed. Now it writes nothing more, neither to Gupshup "
        "nor to the store.",
    ),
    (
        "P22",
        "SQLite goes on writing into a file that was moved or deleted while it was open: nobody would ever "
        "find these intents. Now each write first checks that the file is still the one that was opened.",
    ),
    (
        "P23",
        "A new store could begin beside the write-ahead log of a lost one, and SQLite would have mixed the "
        "two. Now such remains are refused.",
    ),
    (
        "P15",
        "The store's clock stopped while the machine was suspended. Now it counts that time, if the system "
        "has such a clock.",
    ),
    (
        "P11",
        "Links that Gupshup refuses in the same words cooled down only from the next pass on, and the other "
        "links of the same pass were sent. Now they cool down within the pass.",
    ),
    (
        "P11",
        "A release named the resource and not what would be written there, so that the consent to one "
        "change allowed another one. Now it names the content.",
    ),
    (
        "P21",
        "A read could give up waiting while later ones were allowed. Now calls go out in the order in which "
        "they were asked for.",
    ),
    (
        "P25",
        "A link that was interrupted was unclear in the store, and was missing in the run's own report. Now "
        "the report has it as unclear.",
    ),
    ("P29", "A resource that had not been read was reported as different. Now it is reported as unknown."),
    ("P29", "An end that had no rank among the exit codes counted as a success. Now it is an error."),
    (
        "P46",
        "A header whose variable was not set counted as declared, and so did a callback URL that was "
        "declared after the link and never written. Now the first is blocked, and the second is written "
        "once. Found by a trial.",
    ),
    (
        "P44",
        "The credentials of a Partner could name any variable and file, and its address any port of this "
        "machine. Found by reading. Now the operator allows both, and real paths are compared.",
    ),
    (
        "P39",
        "The answer to an update ended the count of updates that had no effect, although the answer only "
        "repeats what was sent. Now only a read ends the count. Found by a server that shows URLs in "
        "another spelling.",
    ),
    (
        "P39",
        "After an answer that proves nothing, the same call followed in the next pass, for ever. Now each "
        "further try waits longer, across processes, and after five tries the reason asks for a person.",
    ),
    (
        "P42",
        "After every start a new app's webhook waited until all other apps were read, for seven minutes "
        "with a thousand apps, in spite of its live event: at the second list, every app that had not been "
        "read became a change. Now such an app is drift, and an event goes before many changes. Found by a "
        "fleet in which every app has webhooks.",
    ),
    (
        "P33",
        "If a proxy repeated its credentials in an answer, the message quoted them. Now they are masked, "
        "like any other secret.",
    ),
)
"""What did not hold at first, each found by a test that is still there."""

UNEXPLORED: tuple[str, ...] = (
    "Gupshup itself. The simulator is built from the published pages. If they are silent or disagree, it "
    "has a switch, and the seeds try both ways. No run here can show what no page says.",
    "Two wrong reads. If both the list and the read by phone right before a link hide an app that exists, "
    "the link is sent. Then Gupshup refuses it, because names and phones are unique.",
    "The order of steps within one event loop. asyncio decides the order of the tasks of one process, and "
    "every run has one such order. In runs with two processes, they are interleaved at their awaits.",
    "All pairs and triples of disruptions. A seed draws a sample; `make explore` takes all pairs, for days.",
    "PostgreSQL in the exploration. Tests of their own run its leases and refusals against a real server. "
    "The exploration runs on SQLite.",
    "The network below TLS, hardware that lies about fsync, and clocks of two machines that drift apart by more than "
    "the margin of a window.",
)
"""What these figures do not say, by name."""
