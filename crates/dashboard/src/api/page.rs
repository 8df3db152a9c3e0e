//! Lists in pages: `?limit=&cursor=` to `{items, next_cursor}`.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// Most items of a page, and the default.
pub const MOST: u32 = 500;

/// Which part of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items at most, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// Items.
    pub items: Vec<T>,
    /// Where the next part begins; absent after the last.
    pub next_cursor: Option<String>,
}

impl PageQuery {
    /// How many items, checked.
    ///
    /// # Errors
    /// A limit outside 1 to 500.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(MOST);
        if (1..=MOST).contains(&limit) {
            return Ok(limit as usize);
        }
        let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_limit", "`limit` is 1 to 500");
        Err(problem.field("limit", format!("{limit} is not 1 to 500")))
    }

    /// Where the page before ended.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The part of `all` this query asks for.
    ///
    /// # Errors
    /// As [`Self::limit`].
    pub(crate) fn cut<T: Clone>(&self, all: &[T], key: impl Fn(&T) -> &str) -> Result<Page<T>, Problem> {
        let limit = self.limit()?;
        let first = match &self.cursor {
            None => 0,
            Some(cursor) => all.iter().position(|item| key(item) == cursor).map_or(all.len(), |at| at + 1),
        };
        let items: Vec<T> = all.iter().skip(first).take(limit).cloned().collect();
        let more = first + items.len() < all.len();
        let next_cursor = if more { items.last().map(|item| key(item).to_owned()) } else { None };
        Ok(Page { items, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(limit: Option<u32>, cursor: Option<&str>) -> PageQuery {
        PageQuery { limit, cursor: cursor.map(str::to_owned) }
    }

    #[test]
    fn pages_follow_each_other() {
        let all = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = query(Some(2), cursor.as_deref()).cut(&all, String::as_str).unwrap();
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        assert!(query(None, Some("gone")).cut(&all, String::as_str).unwrap().items.is_empty());
    }

    #[test]
    fn limits_are_checked() {
        assert_eq!(query(None, None).limit().unwrap(), 500);
        for bad in [0, 501] {
            assert_eq!(query(Some(bad), None).limit().unwrap_err().code(), "bad_limit");
        }
    }
}
