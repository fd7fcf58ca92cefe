"""Exit codes: what each one means, over all verbs."""

from controller.core.explain.explanation import Explanation, Section

EXIT_CODES = Section(
    "exit code",
    "cli.md#exit-codes",
    (
        Explanation("exit 0", "done, or nothing to do", "`apply` of what is live and subscribed", "nothing"),
        Explanation(
            "exit 1",
            "error",
            "a path that does not exist; a store that cannot be read",
            "correct what the last line on stderr names, or each `wrong` line of `doctor`, and run it again",
        ),
        Explanation(
            "exit 2",
            "there are actions (`plan --detailed-exitcode` only; if entries only wait, it is 0), or drift "
            "(`plan --fail-on drift`)",
            "`plan --detailed-exitcode` of a new App",
            "look at the plan; `apply` makes the changes",
        ),
        Explanation(
            "exit 3",
            "manifests invalid",
            "a phone without quotes (`GS201`)",
            "correct each problem that is listed; `gupshupctl explain` has its rule",
        ),
        Explanation(
            "exit 4",
            "changes held by a guard, or a source refused by one",
            "30 links at once, where `maxLinks` allows 25",
            "check what is held; the output has the command that releases exactly that",
        ),
        Explanation(
            "exit 5",
            "something failed, is blocked, stale or left out. "
            "`plan` has [rules of its own](cli.md#exit-codes-of-plan)",
            "an app whose name somebody else has (`NameTakenElsewhere`)",
            "do what the reason asks for; `gupshupctl explain` has each reason",
        ),
        Explanation(
            "exit 6",
            "still converging, or unclear, when the run ended; the state of something is not known "
            "(`plan --fail-on unread`)",
            "`apply --wait` whose `--timeout` was over before an app was live",
            "run the same command again: it looks first, and repeats nothing that happened",
        ),
        Explanation(
            "exit 7",
            "credentials refused",
            "a client secret that has ended",
            "correct the credentials that the message names, and run it again",
        ),
        Explanation(
            "exit 8",
            "another process holds the partner's writer lock (`--lock-timeout`, default 0)",
            "`apply` on the store of a `run`",
            "wait for the process that the message names, or give a `--lock-timeout`",
        ),
        Explanation(
            "exit 64",
            "wrong usage, also `apply` without `--yes` if there is no terminal",
            "an option that the verb does not have",
            "see `gupshupctl help VERB`",
        ),
        Explanation(
            "exit 130",
            "interrupted",
            "Ctrl-C",
            "run the same command again: it looks first, and repeats nothing that happened",
        ),
    ),
)
