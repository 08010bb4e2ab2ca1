//! What every platform promises, as cases against the traits alone.
//!
//! A platform joins with a [`Harness`] and one line, `platform_contract!(MyHarness::new())`, which makes a
//! test of each case. Nothing here knows which platform it runs on.

#[doc(hidden)]
pub mod cases;
pub mod tools;

use std::{future::Future, time::Duration};

use crossdock_platform::Platform;

/// How the cases get a platform, and how time passes for it.
pub trait Harness {
    type P: Platform;

    /// Runs a case to its end.
    fn run<F: Future<Output = ()>>(&self, case: F);

    /// An empty platform: no messages, no items, no secrets.
    fn fresh(&self) -> impl Future<Output = Self::P>;

    /// Lets time pass. Cases ask for a few seconds at most, so a platform with real time may really wait.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;

    /// Sets the live versions of a secret, newest first: one, or two as during a rotation.
    fn set_secret(&self, platform: &Self::P, name: &str, versions: &[&str]) -> impl Future<Output = ()>;

    /// After this time without writes, every lagging read has caught up.
    fn lag(&self) -> Duration;

    /// After how many receives a message goes to the dead-letter queue instead of being received again.
    fn max_receives(&self) -> u32 {
        5
    }

    /// Whether the platform makes faults on purpose. Calls are then tried again, and what cannot be said
    /// with duplicates about is left out.
    fn strict(&self) -> bool {
        false
    }
}

/// Makes one test of each case.
#[macro_export]
macro_rules! platform_contract {
    ($harness:expr) => {
        $crate::platform_contract! { @tests $harness;
            sending {
                delivers_every_message_as_it_was_sent
                carries_every_character_that_xml_has
                refuses_a_character_outside_xml_for_its_entry_alone
                refuses_an_empty_body
                takes_a_body_at_the_limit
                refuses_a_body_above_the_limit_for_its_entry_alone
                refuses_a_batch_whose_sum_is_above_the_limit
                refuses_a_batch_of_more_than_ten
                takes_a_batch_of_none
                holds_back_a_delayed_message
                refuses_a_delay_above_the_limit_for_its_entry_alone
                keeps_the_queues_apart
            }
            receiving {
                finds_nothing_in_an_empty_queue
                receives_no_more_than_was_asked_for
                receives_no_more_than_ten
                hides_a_received_message_until_its_visibility_is_over
                counts_every_receive
                gives_every_receive_a_receipt_of_its_own
                does_not_bring_back_a_deleted_message
                deletes_a_message_twice_without_an_error
                deletes_nothing_by_a_stale_receipt
                changes_no_visibility_by_a_stale_receipt
                brings_a_message_back_at_once
                keeps_a_message_away_for_longer
                refuses_a_visibility_above_twelve_hours
                counts_visible_and_received_and_delayed_messages
            }
            dead_letters {
                buries_a_message_after_its_last_receive
                does_not_bury_what_was_deleted_at_its_last_receive
                never_buries_a_dead_letter
                brings_dead_letters_back_with_a_new_count
                redrives_nothing_from_an_empty_queue
            }
            writing {
                writes_the_first_version
                raises_the_version_by_one
                refuses_a_first_write_where_an_item_stands
                refuses_a_version_that_is_no_longer_there
                refuses_a_version_where_nothing_stands
                takes_a_repeated_first_write_for_success
                takes_a_repeated_later_write_for_success
                does_not_take_a_repeat_for_success_once_somebody_else_wrote
                lets_one_of_two_writers_win_and_shows_the_other_what_won
                keeps_every_field_of_an_item
                replaces_every_field_of_an_item
                takes_an_item_near_the_limit
                refuses_an_item_above_the_limit
                refuses_a_key_with_an_empty_part
                deletes_only_the_version_it_names
                starts_again_after_a_delete
                still_reads_an_item_that_has_expired
            }
            reading {
                finds_nothing_where_nothing_was_written
                sees_every_write_in_a_consistent_read
                catches_up_in_an_eventual_read
                lists_a_partition_in_both_directions
                lists_what_begins_with_a_prefix
                pages_through_a_partition_in_both_directions
                lists_more_than_one_answer_can_carry
                scans_a_kind_of_item_page_by_page
                shares_everything_with_a_clone
            }
            indexes {
                lists_what_is_due_earliest_first
                gives_no_more_due_keys_than_asked_for
                keeps_the_shards_of_the_due_index_apart
                follows_a_due_time_that_moves
                drops_from_the_due_index_what_is_no_longer_due
                refuses_a_shard_that_the_due_index_does_not_have
                lists_a_shelf_oldest_first
                pages_through_a_shelf
                takes_an_item_off_its_shelf
            }
            secrets {
                has_no_version_of_a_secret_that_was_never_set
                gives_both_versions_during_a_rotation_newest_first
                sees_a_rotation_without_a_restart
                leaves_the_line_end_of_a_file_out_of_a_secret
                never_takes_an_empty_text_for_a_secret
            }
        }
    };
    (@tests $harness:expr; $($group:ident { $($case:ident)* })*) => {
        $($(
            #[test]
            fn $case() {
                let harness = $harness;
                $crate::Harness::run(&harness, $crate::cases::$group::$case(&harness));
            }
        )*)*
    };
}
