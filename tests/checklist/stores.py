"""Which test shows which line of the stores' checklist (S), which defect of earlier stores (D) and which
risk of the library for graphs (R).

An entry says what holds, in our words, and names the tests, `module.test` below `tests/`. What is not ours to
show stands in `NOT_OURS` with the reason. `test_stores.py` checks that no line and no test is missing.
"""

from __future__ import annotations

from typing import NamedTuple


class Shown(NamedTuple):
    """`lines` are numbers and spans of them: `S2-S14 S38`."""

    lines: str
    what: str
    tests: str


SHOWN = [
    Shown(
        "S1",
        "every store is a protocol",
        "checklist.test_stores.test_protocols_are_what_the_stores_do"
        " test_memory_backend.test_a_memory_in_dicts",
    ),
    Shown("S2-S14", "four classes of errors", "test_memory_types.test_every_class_of_error_is_its_own"),
    Shown("S15 S16", "words of states", "test_memory_types.test_the_words_of_states"),
    Shown("S17 S18", "limits and offsets", "test_memory_types.test_limits"),
    Shown(
        "S19 S260 S263", "hits have id, distance, metadata", "test_vectors.test_nearest_first_with_metadata"
    ),
    Shown("S20 S201 S202", "entities", "test_memory_knowledge.test_entities"),
    Shown(
        "S21-S64 S68-S86",
        "what may be stored and what is refused",
        "test_memory_types.test_valid test_memory_types.test_invalid",
    ),
    Shown("S65-S67", "scans by name", "test_memory_types.test_threats_by_name"),
    Shown("S87 S89 S91 S92 S94", "backends", "test_memory_stores.test_backends_stand_in"),
    Shown("S88 S93 S105 S224 S225 S227 S259", "users", "test_memory_people.test_a_user_with_identities"),
    Shown("S95-S100", "closing all, telling all", "test_memory_stores.test_closing_tries_all_and_tells_all"),
    Shown(
        "S101 S102 D51",
        "what cannot be opened is named, the rest closed",
        "test_memory_stores.test_a_store_that_cannot_be_opened_is_named_and_the_others_closed",
    ),
    Shown("S104", "an empty folder", "test_memory_stores.test_the_folder_is_made_for_the_user_alone"),
    Shown("S124-S127", "what is no time", "test_memory_types.test_what_is_no_time"),
    Shown("S128 S129", "times", "test_memory_types.test_times_have_one_width"),
    Shown(
        "S130 S131 S136 S137 S140",
        "a session comes back and changes",
        "test_memory_stores.test_a_session_comes_back_and_changes",
    ),
    Shown(
        "S132 S139", "newest first", "test_memory_stores.test_sessions_newest_first_and_pages_without_holes"
    ),
    Shown("S133 S134", "sessions that are not there", "test_memory_stores.test_sessions_that_are_not_there"),
    Shown("S138 S139", "budgets one by one", "checklist.test_stores.test_budgets_change_one_by_one"),
    Shown("S135", "the active window", "test_memory_stores.test_the_active_window"),
    Shown("S143 S145", "all of a message", "test_memory_stores.test_all_of_a_message_comes_back"),
    Shown("S144", "an empty scan is none", "checklist.test_stores.test_an_empty_scan_is_none"),
    Shown(
        "S146 S147 S161-S172 D9 D10 D11",
        "words, however they are typed",
        "test_memory_stores.test_words_are_found test_memory_stores.test_no_query_is_an_error",
    ),
    Shown("S148 S158-S160 S177-S179 S181", "ranges of hours", "test_memory_stores.test_hours"),
    Shown("S149-S152 S154-S156", "deleting by id", "test_memory_stores.test_deleting_by_id"),
    Shown("S153", "deleting thousands", "test_memory_stores.test_deleting_thousands"),
    Shown("S157", "trimming tells which went", "test_memory_stores.test_trim"),
    Shown("S173 S174", "searches stay inside", "checklist.test_stores.test_a_search_stays_in_its_workspace"),
    Shown("S180", "limits without a zero", "test_memory_stores.test_limits_where_zero_makes_no_sense"),
    Shown("S182-S186 D37", "ranges of summaries", "test_memory_stores.test_ranges_of_summaries"),
    Shown("S187 D36", "a status is one of two", "test_memory_types.test_invalid"),
    Shown("S188-S192", "a summary in two steps", "test_memory_stores.test_a_summary_in_two_steps"),
    Shown("S193 S194", "pending is invisible", "checklist.test_stores.test_what_is_pending_is_nowhere_shown"),
    Shown("S195-S198", "deleting summaries", "test_memory_stores.test_deleting_summaries"),
    Shown("S203", "relationships", "test_memory_knowledge.test_relationships"),
    Shown("S204 S207-S209", "facts", "test_memory_knowledge.test_facts"),
    Shown("S205 S219-S223", "walks", "test_memory_knowledge.test_walks_go_as_far_as_asked"),
    Shown(
        "S206 D19",
        "one statement, several sources",
        "test_memory_knowledge.test_one_statement_by_two_sources_is_one_fact_and_survives_one_of_them",
    ),
    Shown("S210", "after closing", "test_memory_knowledge.test_after_closing"),
    Shown("S211-S217 D18", "deleting facts", "test_memory_knowledge.test_deleting_facts_beside_entities"),
    Shown("S218 D29", "facts are no edges", "test_memory_knowledge.test_facts_are_no_way_to_walk"),
    Shown(
        "S226 S228 S230 S235 S238 S241 D6",
        "what is not there",
        "test_memory_people.test_what_is_not_there",
    ),
    Shown("S229 D27", "updates of users", "test_memory_people.test_an_update_is_of_the_whole_user"),
    Shown("S231-S233", "pages of users", "test_memory_people.test_users_in_pages"),
    Shown(
        "S234 S236",
        "a user goes",
        "checklist.test_stores.test_a_user_without_a_name_somewhere_comes_and_goes",
    ),
    Shown("S237 S239 S240", "pairings", "test_memory_people.test_pairings"),
    Shown(
        "S242-S244 D23 D24",
        "nothing is dropped in silence",
        "test_memory_people.test_several_in_one_channel_and_nothing_dropped_in_silence",
    ),
    Shown("S245-S252 S256 D26", "asking the audit log", "test_memory_people.test_what_was_done"),
    Shown("S253", "details come back", "test_memory_people.test_entries_come_back_whole"),
    Shown("S254 S255", "a failing append", "checklist.test_stores.test_an_entry_that_fails_leaves_nothing"),
    Shown("S257", "entries are final", "test_memory_people.test_the_log_only_grows"),
    Shown("S258", "many threads append", "test_memory_people.test_many_threads_append"),
    Shown("S261 S264-S266", "deleting vectors", "test_vectors.test_delete"),
    Shown("S262", "upserts", "test_vectors.test_upsert_replaces_vector_and_metadata"),
    Shown("S267 S268", "reopening, and an empty store", "test_vectors.test_survives_reopening"),
    Shown(
        "S272 S301 D63",
        "one summary, whoever else is at it",
        "test_memory_compact.test_only_what_is_old"
        " test_memory_compact.test_two_passes_at_once_make_one_summary",
    ),
    Shown("S273-S276", "messages become a summary", "test_memory_compact.test_a_session_becomes_a_summary"),
    Shown(
        "S278",
        "a model that fails is not needed",
        "test_memory_compact.test_whatever_a_server_answers_there_is_a_summary",
    ),
    Shown(
        "S279-S288 S294 S298 D60 D61 D62",
        "whatever breaks off, the next pass tidies up and repeats nothing",
        "prove.test_compaction_kills.test_killed_at_every_step"
        " checklist.test_stores.test_a_step_that_fails_is_made_up_for",
    ),
    Shown("S289 S290", "newcomers stay", "test_memory_compact.test_messages_that_arrive_meanwhile_stay"),
    Shown("S293", "a batch of one", "checklist.test_stores.test_a_batch_of_one_begins_where_it_ends"),
    Shown(
        "S299 S300 D64",
        "facts are cut",
        "checklist.test_stores.test_facts_are_cut_between_characters"
        " checklist.test_stores.test_there_is_an_end_to_what_a_summary_states",
    ),
    Shown("D1", "fractions of seconds", "test_memory_stores.test_ranges_are_true_at_fractions_of_a_second"),
    Shown(
        "D2",
        "equal times keep an order",
        "test_memory_stores.test_sessions_newest_first_and_pages_without_holes"
        " test_memory_knowledge.test_pages_of_entities_and_facts"
        " checklist.test_stores.test_equal_times_keep_the_order_of_insertion",
    ),
    Shown(
        "D3", "nor are they turned round", "test_memory_stores.test_messages_of_one_moment_keep_their_order"
    ),
    Shown("D4 D13", "bounds and limits", "test_memory_stores.test_limits_mean_the_same_everywhere"),
    Shown("D5", "all is checked", "test_memory_types.test_invalid"),
    Shown("D7", "appending again", "test_memory_stores.test_appending_again_is_the_same_or_a_conflict"),
    Shown("D8", "no blind updates", "test_memory_stores.test_two_who_read_the_same_cannot_both_write"),
    Shown("D12", "words are rebuilt", "test_memory_stores.test_words_can_be_checked_and_rebuilt"),
    Shown("D14 D15", "gone is gone", "test_memory_forget.test_no_byte_of_a_forgotten_session_is_left"),
    Shown("D16 D17", "no stale triples", "test_memory_knowledge.test_an_entity_is_replaced_as_a_whole"),
    Shown(
        "D20 D21 D33 D34",
        "kinds are apart",
        "test_memory_knowledge.test_no_fact_passes_for_anything_else",
    ),
    Shown("D22", "no wildcards in names", "test_memory_knowledge.test_names_begin_with_what_is_typed"),
    Shown("D25", "one identity, one user", "test_memory_people.test_one_identity_is_one_user"),
    Shown("D28", "workspaces are apart", "test_memory_knowledge.test_both_ends_must_be_in_the_workspace"),
    Shown("D30", "types filter edges", "test_memory_knowledge.test_walks_keep_to_the_wanted_types"),
    Shown("D31", "ids of edges", "test_memory_knowledge.test_ids_of_relationships_are_unique"),
    Shown("D32", "hubs and cycles", "test_memory_knowledge.test_a_large_hub_and_a_deep_cycle"),
    Shown("D35", "deleting what is known", "test_memory_knowledge.test_relationships"),
    Shown("D38", "a write is small", "test_vectors_defects.test_d38_a_write_does_not_grow_with_the_store"),
    Shown("D39", "flushed and moved", "test_vectors.test_snapshots_are_written_beside_flushed_and_moved"),
    Shown("D40", "files apart", "test_vectors_defects.test_d40_stores_of_one_stem_do_not_share_files"),
    Shown(
        "D41",
        "damage is told",
        "test_vectors_defects.test_d41_a_bad_file_is_told_and_never_overwritten"
        " test_vectors.test_a_damaged_snapshot_is_not_used_and_built_anew",
    ),
    Shown(
        "D42", "two at once", "test_vectors_defects.test_d42_two_processes_and_two_instances_keep_both_writes"
    ),
    Shown("D43", "a failed write", "test_vectors.test_a_failing_write_is_not_searchable"),
    Shown("D44", "one dimension", "test_vectors_defects.test_d44_the_dimension_is_fixed"),
    Shown("D45", "directions", "test_vectors_defects.test_d45_vectors_without_a_direction_are_refused"),
    Shown("D46", "typed metadata", "test_vectors_defects.test_d46_metadata_keeps_value_and_type"),
    Shown("D47", "filters fail closed", "test_vectors_defects.test_d47_filters_fail_closed"),
    Shown("D48", "k, and rare filters", "test_vectors_defects.test_d48_a_rare_filter_is_exact"),
    Shown("D49", "ties", "test_vectors_defects.test_d49_ties_go_by_id"),
    Shown("D50", "copies", "test_vectors_defects.test_d50_nothing_is_shared_with_the_caller"),
    Shown("D52", "odd folders", "test_memory_stores.test_odd_folders_are_folders_of_their_own"),
    Shown("D53", "versions", "test_memory_stores.test_a_damaged_or_newer_database_is_refused"),
    Shown(
        "D54", "errors are errors", "test_vectors_defects.test_d54_a_search_that_cannot_be_done_is_an_error"
    ),
    Shown(
        "D55", "no network", "test_vectors_defects.test_d55_an_empty_vector_is_refused_and_nobody_is_asked"
    ),
    Shown("D56", "private files", "test_vectors_defects.test_d56_the_files_are_private"),
    Shown("D57", "readers and writers", "test_vectors_defects.test_d57_searches_go_on_while_somebody_writes"),
    Shown("D58", "closed is closed", "test_vectors_defects.test_d58_after_closing_everything_is_refused"),
    Shown("D59", "cosines", "test_vectors_defects.test_d59_distances_are_those_of_cosines"),
    Shown("D65", "all batches of a backlog", "test_memory_compact.test_long_sessions_in_batches"),
    Shown("D66", "reading again", "test_memory_stores.test_reading_states_go_with_their_messages"),
    Shown(
        "R1 R4",
        "candidates are scored anew, filters come first",
        "test_vectors.test_a_scan_finds_what_a_full_scan_finds"
        " test_vectors.test_filters_are_exact_at_any_selectivity",
    ),
    Shown("R2", "keys are never used again", "test_vectors.test_readers_catch_up_with_every_change"),
    Shown("R3", "upserts", "test_vectors.test_updates_leave_the_graph_for_the_rows_behind_it"),
    Shown("R5", "no direction", "test_vectors_defects.test_d45_vectors_without_a_direction_are_refused"),
    Shown(
        "R6",
        "a header and checksums of our own",
        "test_vectors.test_a_damaged_snapshot_is_not_used_and_built_anew"
        " test_vectors.test_a_snapshot_of_another_collection_is_not_used",
    ),
    Shown(
        "R7",
        "one class of errors, and files that are moved into place",
        "test_vectors_defects.test_d48_k_is_checked_whatever_is_stored"
        " test_vectors.test_snapshots_are_written_beside_flushed_and_moved",
    ),
    Shown("D67", "over the real stores", "test_memory_compact.test_a_session_becomes_a_summary"),
]

NOT_OURS = {
    "S90": "gateway.db is shared with the hooks, which know SQLite only; its stores are protocols, too",
    "S103": "vectors are rows of the search index; there is no store of them that could fail on its own",
    "S106-S123": "no columns are added by name: schemas have numbered migrations",
    "S141 S142 S175 S176 S199 S200": "there never was a version without these columns",
    "S269 S277": "age decides what is rolled up, not a number of messages; facts come with every summary",
    "S270 S271 S291 S292": "compaction is no object with parts and no workspace id to be left out",
    "S295-S297": "no queues in memory: what is left to tidy up is found in the databases",
    "S302-S304": "agents have no tools of ours that roll or ask; hooks never fail an answer",
}
