//! The store suite on SQLite; what only a store in one directory has to do; death at any moment.
#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod backups;
mod directory;
mod examining;
mod housekeeping;
mod kill;
mod removing;
mod searching;
mod slow_reader;
#[path = "../suite/mod.rs"]
mod suite;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use inhaul_store::{SqliteStore, StoreOptions};
use inhaul_types::Timestamp;
use tempfile::TempDir;

use suite::Bed;

/// A directory of its own and a clock that is turned by hand.
struct SqliteBed {
    dir: TempDir,
    now: Arc<AtomicI64>,
}

impl SqliteBed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            dir,
            now: Arc::new(AtomicI64::new(1_700_000_000_000)),
        }
    }

    fn options(&self) -> StoreOptions {
        let now = Arc::clone(&self.now);
        let clock = Arc::new(move || Timestamp::from_millis(now.load(Ordering::SeqCst)));
        StoreOptions {
            clock,
            ..StoreOptions::default()
        }
    }
}

impl Bed for SqliteBed {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.dir.path(), self.options())
            .await
            .unwrap()
    }

    fn set_now(&self, now: Timestamp) {
        self.now.store(now.millis(), Ordering::SeqCst);
    }
}

store_suite! { super::SqliteBed::new() =>
    accounts {
        an_account_changes_what_is_named,
        an_account_counts_what_it_holds,
        an_account_goes_with_its_mail_and_leaves_what_others_share,
        an_account_has_its_inbox_from_the_start,
        an_account_that_is_needed_stays,
        names_and_addresses_are_taken_once,
        nobody_of_a_disabled_group_signs_in,
        only_the_right_password_lets_in,
        the_last_administrator_stays,
    }
    audit {
        a_change_is_recorded_as_it_was_said,
        a_filter_finds_its_changes_and_no_others,
    }
    batches {
        a_batch_that_fails_leaves_nothing,
        a_committed_batch_is_there_with_all_it_said,
        a_small_commit_overtakes_a_large_one,
        many_runs_at_once_store_each_message_once,
        one_failing_batch_among_many_fails_alone,
        uids_ascend_in_the_order_of_delivery_and_names_differ,
    }
    bodies {
        a_spool_shorter_than_promised_stores_nothing,
        an_unknown_message_is_missing,
        every_octet_comes_back,
        one_message_for_ten_folders_is_ten_placements_of_one_body,
        the_same_octets_are_one_body,
        two_runs_with_the_same_large_body_store_it_once,
    }
    catch_alls {
        a_batch_that_fails_is_remembered_nowhere,
        a_catch_all_has_no_owner,
        a_change_replaces_how_messages_are_shared_out,
        a_copy_is_not_put_into_a_folder_twice,
        a_full_mailbox_stops_nothing,
        a_story_tells_every_placement_and_why,
        an_account_that_a_rule_leads_to_stays,
        copies_in_one_batch_are_one_message,
        every_setting_comes_back_as_it_was_made,
        octets_of_a_copy_are_not_kept,
        one_body_for_ten_people_is_stored_once,
        rules_lead_to_folders_in_their_order,
        the_book_has_every_account_by_address_and_name,
        the_next_of_its_kind_adopts_ledger_and_unclaimed,
        what_its_reader_removed_does_not_come_again,
        what_was_for_a_folder_that_is_gone_goes_to_the_fallback,
        why_a_copy_came_is_added_to_the_message_that_is_there,
        without_an_identity_every_copy_is_stored,
    }
    claims {
        a_claim_for_the_fallback_itself_moves_nothing,
        a_claim_into_a_folder_that_is_not_there_moves_nothing,
        a_claim_moves_what_belongs_and_nothing_else,
        a_claimed_message_is_found_where_it_is_now,
        a_message_that_came_for_others_as_well_is_copied,
        copies_of_a_claimed_message_go_where_it_went,
        unclaimed_addresses_are_counted_most_frequent_first,
        very_many_are_claimed,
    }
    folders {
        a_folder_that_is_renamed_takes_along_what_lies_in_it,
        a_folder_that_is_removed_leaves_its_mail_in_trash,
        a_removed_folder_is_made_again_by_the_next_message_for_it,
        a_rename_is_followed_by_what_delivers_there,
        names_of_folders_can_be_told_apart,
        very_many_messages_of_a_removed_folder_go_to_trash,
        what_has_a_purpose_of_its_own_stays,
    }
    groups {
        a_group_changes_what_is_named,
        a_group_somebody_is_in_stays,
        an_allowance_is_the_tightest_of_group_and_account_and_what_the_account_holds,
        everyone_is_there_from_the_start_and_for_good,
    }
    ledger {
        a_long_ledger_is_searched_to_its_end,
        a_story_names_retrieval_and_run,
        a_message_left_out_is_never_deleted,
        a_message_left_out_and_stored_at_last_is_one_row,
        a_person_finds_a_message_by_what_they_remember,
        a_relinked_row_carries_what_is_listed_now,
        a_row_goes_through_its_states,
        a_run_ends_with_the_deletion_of_very_many,
        a_stored_message_has_its_row,
        another_host_or_user_opens_an_epoch,
        changes_are_applied_all_or_none,
        only_what_was_left_out_is_ordered_and_its_delivery_ends_the_order,
        other_active_retrievals_of_the_maildrop_show_their_ledgers,
        presence_in_the_listing_is_remembered,
        the_maildrop_remembers_broken_ids_and_the_hold,
    }
    loops {
        a_loop_that_is_ordered_is_stored_under_its_row,
        copies_of_one_session_are_so_many_messages,
        it_is_held_in_whichever_folder_and_by_this_account_only,
        of_runs_at_the_same_moment_one_stores_it,
        what_the_account_holds_is_left_out_where_that_is_asked_for,
        what_was_removed_is_held_no_more,
    }
    mail {
        all_that_was_seen_is_marked_and_what_came_since_is_not,
        many_are_acted_on_in_slices,
        so_many_are_marked_that_none_can_be_taken_back,
        the_largest_come_first_and_each_once,
        what_has_a_star_is_found_in_every_folder_but_trash,
        what_is_anothers_is_left_alone,
        what_is_moved_is_elsewhere_and_comes_back,
        what_is_named_twice_is_counted_once,
        what_is_read_is_not_counted_as_unread,
    }
    maildrop {
        a_body_is_opened_by_folder_and_uid,
        a_maildrop_is_inbox_in_the_order_of_its_uids,
        a_maildrop_of_very_many_is_whole,
        bodies_are_read_ahead_as_far_as_they_fit,
        no_more_is_read_ahead_than_4_mib,
        nobody_has_no_maildrop,
    }
    news {
        a_listener_hears_of_each_folder,
        a_listener_hears_of_what_went,
        a_slow_listener_is_told_what_it_missed,
        nothing_is_heard_of_a_batch_that_failed,
    }
    notices {
        a_message_of_our_own_arrives_once,
        a_notice_is_tried_for_three_days,
        a_notice_that_can_never_arrive_is_given_up_at_once,
        each_kind_of_channel_sees_its_own_waiting_notices,
        of_too_many_notices_the_oldest_are_given_up,
        what_was_told_and_the_notices_are_written_together,
        what_was_told_of_the_server_itself_is_remembered,
        what_was_told_of_a_mailbox_goes_with_its_account,
    }
    removal {
        a_message_in_two_folders_goes_from_one,
        a_small_commit_overtakes_a_large_removal,
        nothing_is_removed_from_a_folder_that_is_not_there,
        two_who_remove_the_same_remove_each_message_once,
        what_is_removed_is_gone_and_not_counted_any_more,
        whoever_reads_a_message_that_goes_reads_it_to_its_end,
    }
    retrievals {
        a_change_back_to_a_known_maildrop_adopts_it,
        a_change_changes_what_it_names,
        a_retrieval_comes_back_as_it_was_made,
        a_removed_retrieval_is_adopted_by_the_next_of_its_kind,
        a_secret_comes_back_and_can_be_changed,
        how_to_sign_in_is_remembered_for_this_way_in_only,
        another_destination_keeps_what_was_brought,
        people_make_no_more_retrievals_than_their_limit,
        whoever_pauses_it_is_remembered_until_it_goes_on,
        the_same_remote_and_destination_adopts_the_ledger,
    }
    run_pages {
        counts_are_those_of_the_hours_since,
        pages_show_every_run_once_newest_first,
    }
    runs {
        a_run_is_recorded_with_its_end,
        failures_add_up_until_a_good_run,
        a_stopped_run_says_nothing_of_its_retrieval,
        failures_are_taken_back_to_how_it_stood_before,
    }
    schedule {
        a_new_retrieval_is_due_at_once,
        a_refused_sign_in_holds_back_what_was_not_meant_for_it,
        a_run_ends_with_when_it_is_due_next,
        a_run_that_nobody_ended_is_over_at_the_next_opening,
        many_schedules_are_written_together,
        runs_that_people_start_are_counted_by_day,
        what_was_saved_is_due_at_once,
    }
    search {
        a_folder_that_is_not_there_is_told,
        a_removed_account_leaves_the_index,
        a_search_finds_what_a_plain_look_finds,
        a_search_without_time_goes_on_where_it_ended,
        many_small_messages_are_found_all_the_same,
        what_stands_behind_a_long_text_is_found,
        other_peoples_messages_are_found_by_any_stretch,
        what_went_to_another_is_theirs_at_once,
    }
    sign_in {
        a_name_comes_before_the_same_address_of_somebody_else,
        a_name_or_a_full_address_signs_in,
        only_the_password_itself_signs_in,
        whoever_is_switched_off_hears_it_for_the_right_password_only,
    }
    trash {
        a_clock_that_jumps_ahead_does_not_empty_trash,
        messages_in_trash_go_after_30_days,
        nothing_is_forgotten_that_was_taken_out,
        trash_is_emptied_up_to_what_was_seen,
        what_is_delivered_into_trash_counts_from_then_on,
    }
    views {
        a_ledger_that_was_taken_over_shows_nothing_of_others,
        a_person_finds_what_their_own_retrievals_saw,
        a_strip_says_how_many_runs_were_folded,
        a_strip_shows_the_newest_runs_that_ended,
        accounts_come_by_name_a_page_at_a_time,
        conversations_are_those_of_the_runs_asked_for,
        of_a_catch_all_only_what_is_in_their_folders_is_found,
        bars_since_a_moment_come_newest_first,
        an_accounts_retrievals_are_its_own_and_those_that_fill_it,
        an_account_is_found_by_its_number_and_a_group_by_its_members,
        stories_are_those_since_a_moment,
        the_newest_messages_come_first_and_each_once,
        very_many_accounts_are_looked_through,
        very_many_messages_of_a_catch_all_are_looked_through,
    }
    visitors {
        a_link_signs_in_once_and_never_too_late,
        a_new_password_ends_all_sessions_and_links,
        a_session_comes_back_as_it_began,
        a_session_ends_once_and_for_good,
        a_session_that_is_used_counts_as_a_sign_in,
        a_set_up_that_fails_leaves_its_link_good,
        an_account_takes_with_it_what_it_came_in_with,
        an_api_key_acts_for_its_account_until_it_is_removed,
        of_two_set_ups_at_once_one_wins,
        of_two_who_use_a_link_at_once_one_comes_in,
        set_up_is_an_administrator_who_can_sign_in,
        the_first_administrator_is_made_once,
        too_many_sessions_end_the_one_idle_longest,
        what_an_account_has_chosen_is_kept,
        too_many_trusted_senders_end_the_oldest,
        who_is_trusted_is_remembered_for_each_account,
        whoever_does_not_come_any_more_is_forgotten,
        whoever_may_not_sign_in_has_no_session,
    }
}
