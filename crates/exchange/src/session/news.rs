//! News: providers, headlines, articles, bulletins.

use std::collections::BTreeMap;

use alphatrader_model::{Span, Symbol, Timestamp};

use super::refusal::Refusal;
use super::{Out, when};
use crate::desk::Desk;
use crate::feed::news::{self, Headline, PROVIDERS};
use crate::wire::message::market_data::MarketDataRequest;
use crate::wire::message::news::{
    HistoricalNews, HistoricalNewsEnd, HistoricalNewsRequest, NewsArticle, NewsArticleRequest, NewsBulletin,
    NewsProvider, NewsProviders, TickNews,
};
use crate::wire::{Reply, Request, notice};

/// Most headlines of one answer, as at the broker.
const MAX_HEADLINES: usize = 300;

/// Days looked through for headlines.
const MAX_DAYS: usize = 400;

/// Requests of all headlines of a provider that a client may have.
const MAX_TAPES: usize = 16;

/// They are told this often.
const TAPE_EVERY: Span = Span::from_seconds(5);

/// Bulletins of general matters, of an exchange that closed, of one that opened.
const OPENED: (i32, &str) = (3, "The exchange is open for the regular session.");
const CLOSED: (i32, &str) = (2, "The exchange has closed the regular session.");

/// What a client wants to know as it happens.
#[derive(Debug, Default)]
pub struct Bulletins {
    /// Bulletins up to this are told.
    told: Option<Timestamp>,
    /// All headlines of a provider, by request: which, and up to when they are told.
    tapes: BTreeMap<i32, (String, Timestamp)>,
}

impl Bulletins {
    /// Answers a request about news.
    pub(super) fn on_request(&mut self, request: &Request, desk: &Desk, out: &mut Out) {
        match request {
            Request::NewsBulletins(asked) => {
                let all = asked.all_messages == Some(true);
                let before = desk.session().map(|session| session.open - Span::from_nanos(1));
                self.told = Some(before.filter(|_| all).unwrap_or(desk.now()));
                self.tell(desk, out);
            }
            Request::CancelNewsBulletins(_) => self.told = None,
            Request::NewsProviders(_) => {
                let provider = |(code, name): (&str, &str)| NewsProvider {
                    provider_code: Some(code.to_owned()),
                    provider_name: Some(name.to_owned()),
                };
                let news_providers = PROVIDERS.into_iter().map(provider).collect();
                out.push(Reply::NewsProviders(NewsProviders { news_providers }));
            }
            Request::HistoricalNews(asked) => {
                if let Err(refusal) = headlines(asked, desk, out) {
                    out.push(refusal.told(asked.req_id.unwrap_or(notice::SESSION), desk));
                }
            }
            Request::NewsArticle(asked) => out.push(article(asked, desk)),
            _ => {}
        }
    }

    /// Whether a request of all headlines of a provider has this id.
    pub(super) fn has_tape(&self, id: i32) -> bool {
        self.tapes.contains_key(&id)
    }

    /// Ends it; whether there was one.
    pub(super) fn end_tape(&mut self, id: i32) -> bool {
        self.tapes.remove(&id).is_some()
    }

    /// All headlines of a provider from now on: a market data request of type `NEWS`, whose exchange
    /// is the provider.
    pub(super) fn begin_tape(
        &mut self,
        id: i32,
        asked: &MarketDataRequest,
        desk: &Desk,
        out: &mut Out,
    ) -> Result<(), Refusal> {
        let contract = asked.contract.as_ref();
        let provider = contract.and_then(|contract| contract.exchange.as_deref()).unwrap_or_default();
        if PROVIDERS.iter().all(|(known, _)| *known != provider) {
            let text = "No security definition has been found for the request";
            return Err(Refusal::new(notice::NO_SECURITY_DEFINITION, text));
        }
        if self.tapes.len() >= MAX_TAPES {
            return Err(Refusal::new(notice::TOO_MANY_LINES, "Max number of tickers has been reached"));
        }
        let beginning = desk.session().map_or(desk.now(), |session| desk.calendar().midnight(session.date));
        self.tapes.insert(id, (provider.to_owned(), beginning));
        self.tell_tapes(desk, out);
        Ok(())
    }

    /// Tells the headlines of whole providers that came up since the last look.
    pub(super) fn tell_tapes(&mut self, desk: &Desk, out: &mut Out) {
        let now = desk.now();
        for (id, (provider, told)) in &mut self.tapes {
            if now.since(*told) < TAPE_EVERY {
                continue;
            }
            ticks(*id, None, std::slice::from_ref(provider), (*told, now), desk, out);
            *told = now;
        }
    }

    /// Tells bulletins that came up since the last look.
    pub(super) fn tell(&mut self, desk: &Desk, out: &mut Out) {
        let (Some(told), Some(session)) = (self.told, desk.session()) else { return };
        let now = desk.now();
        for (at, (kind, text)) in [(session.open, OPENED), (session.close, CLOSED)] {
            if at > told && at <= now {
                let number = at.seconds() / 60 % i64::from(i32::MAX);
                out.push(Reply::NewsBulletin(NewsBulletin {
                    news_msg_id: i32::try_from(number).ok(),
                    news_msg_type: Some(kind),
                    news_message: Some(text.to_owned()),
                    originating_exch: Some("NYSE".to_owned()),
                }));
            }
        }
        self.told = Some(now.max(told));
    }
}

/// Headlines of a contract between two times, newest first.
fn headlines(asked: &HistoricalNewsRequest, desk: &Desk, out: &mut Out) -> Result<(), Refusal> {
    let id = asked.req_id;
    let con_id = asked.con_id.unwrap_or_default();
    let catalogue = &desk.feed().catalogue;
    let Some(listing) = catalogue.by_con_id(con_id) else {
        let text = "No security definition has been found for the request";
        return Err(Refusal::new(notice::NO_SECURITY_DEFINITION, text));
    };
    let symbol = listing.instrument.underlying;
    let codes = asked.provider_codes.as_deref().unwrap_or_default();
    let wanted: Vec<&str> = codes.split('+').filter(|code| !code.is_empty()).collect();
    if let Some(unknown) = wanted.iter().find(|code| PROVIDERS.iter().all(|(known, _)| known != *code)) {
        let cause = format!("News provider '{unknown}' is not subscribed");
        return Err(Refusal::invalid("provider", &cause));
    }
    let most = asked.total_results.and_then(|most| usize::try_from(most).ok()).unwrap_or(MAX_HEADLINES);
    let most = most.clamp(1, MAX_HEADLINES);
    let (now, calendar) = (desk.now(), desk.calendar());
    let read = |text: Option<&String>, field| {
        let text = text.map_or("", String::as_str);
        // Times of news are in UTC and written `2026-03-16 14:30:00.0`; the usual forms are taken too.
        match utc(text) {
            Some(at) => Ok(Some(at)),
            None => when::instant(text, field, now, calendar),
        }
    };
    let start = read(asked.start_date_time.as_ref(), "Start Date/Time")?;
    let end = read(asked.end_date_time.as_ref(), "End Date/Time")?.unwrap_or(now).min(now);
    let start = start.unwrap_or(Timestamp::from_nanos(i64::MIN));
    let mut found: Vec<Headline> = Vec::new();
    let days = std::iter::successors(Some(calendar.date_of(end)), |day| day.yesterday().ok());
    for day in days.take(MAX_DAYS) {
        let of_day = news::of_day(&desk.history(), day);
        let inside =
            |headline: &Headline| headline.symbol == symbol && headline.at <= end && headline.at > start;
        let provided = |headline: &Headline| wanted.is_empty() || wanted.contains(&headline.provider);
        found.extend(of_day.into_iter().rev().filter(|h| inside(h) && provided(h)));
        if found.len() > most || calendar.midnight(day) <= start {
            break;
        }
    }
    let has_more = found.len() > most;
    for headline in found.into_iter().take(most) {
        out.push(Reply::HistoricalNews(HistoricalNews {
            req_id: id,
            time: Some(utc_text(headline.at)),
            provider_code: Some(headline.provider.to_owned()),
            article_id: Some(headline.article),
            headline: Some(headline.text),
        }));
    }
    out.push(Reply::HistoricalNewsEnd(HistoricalNewsEnd { req_id: id, has_more: Some(has_more) }));
    Ok(())
}

fn article(asked: &NewsArticleRequest, desk: &Desk) -> Reply {
    let id = asked.req_id.unwrap_or(notice::SESSION);
    let named = asked.article_id.as_deref().unwrap_or_default();
    let found = news::find(&desk.history(), named)
        .filter(|headline| asked.provider_code.as_deref().is_none_or(|code| code == headline.provider))
        .filter(|headline| headline.at <= desk.now());
    let Some(headline) = found else {
        let cause = format!("The news article id {named} is not known");
        let text = format!("Error processing request.-'article' : cause - {cause}");
        return Refusal::new(notice::INVALID_NEWS_ARTICLE, text).told(id, desk);
    };
    Reply::NewsArticle(NewsArticle {
        req_id: Some(id),
        article_type: Some(0),
        article_text: Some(headline.body),
    })
}

/// Today's headlines about a stock (or about any) in `(since, until]`, as ticks of a market data
/// request. No `providers` mean all.
pub(super) fn ticks(
    id: i32,
    about: Option<Symbol>,
    providers: &[String],
    (since, until): (Timestamp, Timestamp),
    desk: &Desk,
    out: &mut Out,
) {
    let today = news::of_day(&desk.history(), desk.calendar().date_of(until));
    let inside = today.into_iter().filter(|headline| headline.at > since && headline.at <= until);
    let wanted = |headline: &Headline| {
        about.is_none_or(|symbol| symbol == headline.symbol)
            && (providers.is_empty() || providers.iter().any(|provider| provider == headline.provider))
    };
    for headline in inside.filter(wanted) {
        let (symbol, tone) = (headline.symbol, headline.tone);
        out.push(Reply::TickNews(TickNews {
            req_id: Some(id),
            timestamp: Some(headline.at.millis()),
            provider_code: Some(headline.provider.to_owned()),
            article_id: Some(headline.article),
            headline: Some(headline.text),
            extra_data: Some(format!("A:{symbol}:L:en:K:{tone:.2}:C:0.9")),
        }));
    }
}

fn utc(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text.split_once('.').map_or(text, |(whole, _)| whole);
    let civil = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(Timestamp::from_nanos)
}

fn utc_text(at: Timestamp) -> String {
    let millis = at.millis().rem_euclid(1_000);
    jiff::Timestamp::from_second(at.seconds())
        .map(|second| format!("{}.{}", second.strftime("%Y-%m-%d %H:%M:%S"), millis / 100))
        .unwrap_or_default()
}
