//! What a person asks: halt, resume.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use crate::command::CommandAction;
use crate::hub::CommandRefusal;
use crate::problem::{Problem, ProblemDocument};
use crate::view::CommandState;

/// Longest reason, characters.
pub const REASON: usize = 200;

/// Longest idempotency key, characters.
pub const KEY: usize = 64;

/// A command.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandBody {
    /// Why, in your words; goes into the ledger.
    #[schema(min_length = 1, max_length = 200)]
    reason: String,
}

/// A command was taken; what becomes of it is told on the channel `commands`.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CommandAnswer {
    /// Its identity.
    command_id: String,
    /// Always `accepted`.
    state: CommandState,
}

/// Stops new risk. Working entries are cancelled, protective stops stay.
#[utoipa::path(post, path = "/api/v1/commands/halt", tag = "commands", request_body = CommandBody,
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 64 visible characters; the same key and body is one command"),
        ("X-AT" = String, Header, description = "Always 1"),
    ),
    responses(
        (status = 202, body = CommandAnswer),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not from our own page", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for another command", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "The core takes no commands", body = ProblemDocument, content_type = "application/problem+json")
    ))]
pub(crate) async fn halt(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<CommandBody>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<CommandAnswer>), Problem> {
    command(&app, &headers, body, CommandAction::Halt)
}

/// Lets trading go on after a halt.
#[utoipa::path(post, path = "/api/v1/commands/resume", tag = "commands", request_body = CommandBody,
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 64 visible characters; the same key and body is one command"),
        ("X-AT" = String, Header, description = "Always 1"),
    ),
    responses(
        (status = 202, body = CommandAnswer),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "Not from our own page", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for another command", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "The core takes no commands", body = ProblemDocument, content_type = "application/problem+json")
    ))]
pub(crate) async fn resume(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<CommandBody>, axum::extract::rejection::JsonRejection>,
) -> Result<(StatusCode, Json<CommandAnswer>), Problem> {
    command(&app, &headers, body, CommandAction::Resume)
}

fn command(
    app: &App,
    headers: &HeaderMap,
    body: Result<Json<CommandBody>, axum::extract::rejection::JsonRejection>,
    action: CommandAction,
) -> Result<(StatusCode, Json<CommandAnswer>), Problem> {
    app.names.check_command(headers)?;
    let key = idempotency_key(headers)?;
    let Json(body) = body.map_err(|e| Problem::of_status(e.status(), e.body_text()))?;
    let reason = checked_reason(&body.reason)?;
    match app.hub.command(action, reason, key) {
        Ok(command_id) => {
            tracing::info!(command = action.name(), command_id, reason, "command taken");
            Ok((StatusCode::ACCEPTED, Json(CommandAnswer { command_id, state: CommandState::Accepted })))
        }
        Err(CommandRefusal::Conflict) => {
            let detail = "this Idempotency-Key was used for another command; make a new one";
            Err(Problem::new(StatusCode::CONFLICT, "idempotency_conflict", detail))
        }
        Err(CommandRefusal::Full) => {
            let detail = "too many commands wait for the core; if it does not answer, stop the process";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "commands_full", detail))
        }
        Err(CommandRefusal::Closed) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "core_stopped", "the core has stopped"))
        }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or("");
    if (1..=KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(key);
    }
    let detail = "send a header `Idempotency-Key` of 1 to 64 visible characters, new for each command";
    Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key", detail))
}

fn checked_reason(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    if (1..=REASON).contains(&reason.chars().count()) && !reason.chars().any(char::is_control) {
        return Ok(reason);
    }
    let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_reason", "a command needs a reason");
    Err(problem.field("/reason", "1 to 200 characters on one line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_one_line_of_text() {
        assert_eq!(checked_reason("  too fast  ").unwrap(), "too fast");
        for bad in ["", "   ", "a\nb", &"x".repeat(201)] {
            assert!(checked_reason(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn keys_are_visible_characters() {
        let with =
            |key: &str| [("idempotency-key".parse().unwrap(), key.parse().unwrap())].into_iter().collect();
        let check = |headers: &HeaderMap| idempotency_key(headers).map(str::to_owned);
        assert_eq!(check(&with("01JD-x")).unwrap(), "01JD-x");
        for bad in ["", "a b", &"x".repeat(65)] {
            assert!(check(&with(bad)).is_err(), "{bad:?}");
        }
        assert!(check(&HeaderMap::new()).is_err());
    }
}
