//! What is the same for every client of a paper account, and what a paper account does not have.

use super::Out;
use super::refusal::{Refusal, named};
use crate::desk::Desk;
use crate::wire::message::advisor::{FamilyCode, FamilyCodes, SoftDollarTiers};
use crate::wire::message::session::UserInfo;
use crate::wire::message::terminal::VerifyCompleted;
use crate::wire::{Reply, Request, notice};

/// Answers, or refuses with the broker's own code.
pub(super) fn answer(request: &Request, desk: &Desk, out: &mut Out) {
    let id = request.id().unwrap_or(notice::SESSION);
    let refusal = match request {
        Request::UserInfo(asked) => {
            let white_branding_id = Some(String::new());
            out.push(Reply::UserInfo(UserInfo { req_id: asked.req_id, white_branding_id }));
            return;
        }
        Request::FamilyCodes(_) => {
            let account_id = Some(desk.state().account.clone());
            let family_codes = vec![FamilyCode { account_id, family_code: Some(String::new()) }];
            out.push(Reply::FamilyCodes(FamilyCodes { family_codes }));
            return;
        }
        // A paper account has no commission arrangements.
        Request::SoftDollarTiers(asked) => {
            let soft_dollar_tiers = Vec::new();
            out.push(Reply::SoftDollarTiers(SoftDollarTiers { req_id: asked.req_id, soft_dollar_tiers }));
            return;
        }
        Request::Verify(_) | Request::VerifyMessage(_) => {
            let text = "Verification is for programs that the broker registered; this gateway knows none";
            let error_text = Some(text.to_owned());
            out.push(Reply::VerifyCompleted(VerifyCompleted { is_successful: Some(false), error_text }));
            return;
        }
        Request::RequestFa(_) | Request::ReplaceFa(_) => {
            Refusal::invalid("account", "FA data operations ignored for non FA customers.")
        }
        Request::FundamentalsData(asked) => named(asked.contract.as_ref(), desk).err().unwrap_or_else(|| {
            let text = "The fundamentals data for the security specified is not available.Not allowed";
            Refusal::new(notice::NO_FUNDAMENTALS, text)
        }),
        Request::WshMetaData(_) | Request::WshEventData(_) => {
            Refusal::new(notice::NEWS_FEED_NOT_ALLOWED, "News feed is not allowed.")
        }
        // What was refused at once leaves nothing to cancel, and the broker is silent.
        _ => return,
    };
    out.push(refusal.told(id, desk));
}
