//! One session, from the first subscription to the loss of the connection.

use std::sync::Arc;
use std::time::Duration;

use alphatrader_model::{BrokerEvent, Effect};
use ibapi::Client;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::connect::Connected;
use crate::context::Context;
use crate::desk::{Desk, End, Ends, Memory};
use crate::heartbeat;
use crate::market::keeper::Kick;
use crate::market::symbol::Following;
use crate::rota::Rota;
use crate::status::count;

/// Reasons to open streams anew that may wait; a stream that misses some opens anew for all.
const KICKS: usize = 64;
/// Troubles that may wait: the first ends the session.
const TROUBLES: usize = 4;
/// How long a session may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often the queue to the engine is asked for books it lost.
const LOST_BOOKS: Duration = Duration::from_millis(250);

/// Runs a session to its end. The engine hears of its begin, its end and all between.
pub(crate) async fn run(
    context: &Arc<Context>,
    connected: Connected,
    memory: &mut Memory,
    effects: &mut mpsc::Receiver<Effect>,
    stop: &mut watch::Receiver<bool>,
) -> End {
    let Connected { client, notices, account } = connected;
    count(&context.board.counters.sessions);
    context.set_dark(false);
    let (trouble, troubles) = mpsc::channel(TROUBLES);
    let kicks = broadcast::Sender::new(KICKS);
    let ends = Ends { effects, stop, trouble: troubles, notices, kicks: kicks.clone() };
    let desk = Desk::open(Arc::clone(context), Arc::clone(&client), account, memory, ends).await;
    let end = match desk {
        Ok(desk) => {
            // Reports of orders are followed by now: nothing of them is missed.
            let tasks = follow(context, &client, &kicks, trouble);
            let end = Box::pin(desk.run()).await;
            // The connection goes before the streams, so that they need no cancels of their own.
            close(&client).await;
            drop(tasks);
            end
        }
        Err(reason) => {
            close(&client).await;
            End::Lost(reason)
        }
    };
    let reason = match &end {
        End::Lost(reason) => reason.clone(),
        End::Stopped => "this program ends".to_owned(),
    };
    context.broker(BrokerEvent::Disconnected { reason });
    context.gap_everywhere();
    end
}

/// Everything of a session but its desk. Dropping the set ends it.
fn follow(
    context: &Arc<Context>,
    client: &Arc<Client>,
    kicks: &broadcast::Sender<Kick>,
    trouble: mpsc::Sender<String>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(heartbeat::watch(Arc::clone(context), Arc::clone(client), trouble));
    tasks.spawn(lost_books(Arc::clone(context), kicks.clone()));
    let plan = &context.plan;
    let rota = Arc::new(Rota::new(&plan.books_wanted(), plan.books));
    tasks.spawn(take_turns(Arc::clone(&rota), context.config.book_turn));
    for symbol in &plan.symbols {
        let following = Following {
            context: Arc::clone(context),
            client: Arc::clone(client),
            kicks: kicks.clone(),
            rota: Arc::clone(&rota),
            plan: *symbol,
        };
        tasks.spawn(following.run());
    }
    tasks
}

/// Gives books that wait their turn.
async fn take_turns(rota: Arc<Rota>, turn: Duration) {
    let mut turns = interval(turn);
    // The first is at once.
    turns.tick().await;
    loop {
        turns.tick().await;
        rota.turn();
    }
}

/// Has books opened anew that were lost on the way to the engine.
async fn lost_books(context: Arc<Context>, kicks: broadcast::Sender<Kick>) {
    let mut look = interval(LOST_BOOKS);
    loop {
        look.tick().await;
        for instrument in context.inbox.take_lost_books() {
            // Fails only while no stream is open.
            let _ = kicks.send(Kick::Book(instrument));
        }
    }
}

async fn close(client: &Client) {
    if timeout(FAREWELL, client.disconnect()).await.is_err() {
        tracing::warn!("the connection did not close in time and is left");
    }
}
