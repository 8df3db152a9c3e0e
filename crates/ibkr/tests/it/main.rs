//! The edge against gateways over real TCP.
//!
//! What goes wrong with this broker, again and again, and which tests hold us to it:
//!
//! | what goes wrong | tests |
//! | --- | --- |
//! | streams die silently | `streams::a_stream_that_falls_silent_...`, `link::after_the_broker_lost_...` |
//! | fills are missed while disconnected | `soak`, `picture::it_is_taken_when_the_engine_asks_...` |
//! | executions repeat, or are corrected | `soak`; the engine counts each base number once |
//! | order numbers clash | `link::a_client_id_in_use_...`, `orders::nothing_is_sent_twice_...` |
//! | one change makes two orders | `identity::one_order_with_two_...`, `identity::a_twin_under_...` |
//! | an execution before its order | `picture::an_execution_that_comes_while_...` |
//! | a book is reset, or one too many | `market::a_book_of_ten_rows_...`, `rations::books_go_in_turn_...` |
//! | advisories end a stream; delayed data | `market::delayed_data_...`, `streams::ticks_of_delayed_data_...` |
//! | a competing session | `streams::a_competing_session_...` |
//! | farm notices; a client id in use | `link::farm_notices_...`, `link::a_client_id_in_use_...` |
//! | pacing | `orders::a_cancel_does_not_wait_...`, `rations`, unit tests of the pacer |
//! | a word nobody knows, a frame nobody can read | `identity::a_state_that_...`, `identity::a_report_that_...` |
//! | requests without an answer | `picture::it_is_taken_again_...`, `picture::a_session_without_answers_...` |
//! | a slow reader loses messages | unit tests of the inbox; lag is told as a gap by the keeper |

#![expect(clippy::unwrap_used, reason = "what a test cannot do without may end it")]

mod harness;
mod identity;
mod link;
mod market;
mod orders;
mod paper;
mod picture;
mod rations;
mod scripted;
mod soak;
mod streams;
