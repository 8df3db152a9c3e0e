//! Groups of windows of a terminal: this gateway shows none, but programs of one client may agree on a
//! contract through them.

use std::collections::BTreeMap;

use super::Out;
use super::refusal::Refusal;
use crate::desk::Desk;
use crate::wire::message::terminal::{DisplayGroupList, DisplayGroupUpdated};
use crate::wire::{Reply, Request, notice};

/// Groups as a terminal numbers them.
const GROUPS: std::ops::RangeInclusive<i32> = 1..=7;

/// Subscriptions that a client may have.
const MAX_SUBSCRIPTIONS: usize = 64;

/// What each group shows, and who wants to know.
#[derive(Debug, Default)]
pub struct Groups {
    shown: BTreeMap<i32, String>,
    subscribed: BTreeMap<i32, i32>,
}

impl Groups {
    /// Answers a request about groups.
    pub(super) fn on_request(&mut self, request: &Request, desk: &Desk, out: &mut Out) {
        let id = request.id().unwrap_or(notice::SESSION);
        let answer = match request {
            Request::QueryDisplayGroups(_) => {
                let groups: Vec<String> = GROUPS.map(|group| group.to_string()).collect();
                let groups = Some(groups.join("|"));
                out.push(Reply::DisplayGroupList(DisplayGroupList { req_id: Some(id), groups }));
                Ok(())
            }
            Request::SubscribeToGroupEvents(asked) => self.subscribe(id, asked.group_id, out),
            Request::UpdateDisplayGroup(asked) => self.update(id, asked.contract_info.as_deref(), out),
            Request::UnsubscribeFromGroupEvents(_) => {
                self.subscribed.remove(&id);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(refusal) = answer {
            out.push(refusal.told(id, desk));
        }
    }

    fn subscribe(&mut self, id: i32, group: Option<i32>, out: &mut Out) -> Result<(), Refusal> {
        let group = group
            .filter(|group| GROUPS.contains(group))
            .ok_or_else(|| Refusal::invalid("group", "The group is not one of 1 to 7"))?;
        if self.subscribed.len() >= MAX_SUBSCRIPTIONS && !self.subscribed.contains_key(&id) {
            return Err(Refusal::failed("group", "Too many subscriptions to groups"));
        }
        self.subscribed.insert(id, group);
        out.push(self.told(id, group));
        Ok(())
    }

    fn update(&mut self, id: i32, contract: Option<&str>, out: &mut Out) -> Result<(), Refusal> {
        let group = *self
            .subscribed
            .get(&id)
            .ok_or_else(|| Refusal::invalid("group", "Subscribe to the group's events before changing it"))?;
        let contract = contract.unwrap_or("none").chars().take(64).collect();
        self.shown.insert(group, contract);
        let same = self.subscribed.iter().filter(|(_, of)| **of == group);
        out.extend(same.map(|(id, group)| self.told(*id, *group)));
        Ok(())
    }

    fn told(&self, id: i32, group: i32) -> Reply {
        let contract_info = Some(self.shown.get(&group).cloned().unwrap_or_else(|| "none".to_owned()));
        Reply::DisplayGroupUpdated(DisplayGroupUpdated { req_id: Some(id), contract_info })
    }
}
