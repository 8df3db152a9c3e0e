//! News: providers, headlines, articles, bulletins.

use std::collections::BTreeMap;

/// Asks which providers of news there are.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct NewsProvidersRequest {}

/// The providers of news.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsProviders {
    #[prost(message, repeated, tag = "1")]
    pub news_providers: Vec<NewsProvider>,
}

/// One provider of news.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsProvider {
    #[prost(string, optional, tag = "1")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub provider_name: Option<String>,
}

/// Asks for the text of a headline.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsArticleRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub article_id: Option<String>,
    #[prost(btree_map = "string, string", tag = "4")]
    pub news_article_options: BTreeMap<String, String>,
}

/// The text of a headline; type 0 is text or HTML, 1 is a binary file in Base64.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsArticle {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub article_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub article_text: Option<String>,
}

/// Asks for past headlines of a contract; provider codes are joined by `+`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalNewsRequest {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub con_id: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub provider_codes: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub start_date_time: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub end_date_time: Option<String>,
    #[prost(int32, optional, tag = "6")]
    pub total_results: Option<i32>,
    #[prost(btree_map = "string, string", tag = "7")]
    pub historical_news_options: BTreeMap<String, String>,
}

/// One past headline.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HistoricalNews {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(string, optional, tag = "2")]
    pub time: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub article_id: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub headline: Option<String>,
}

/// No more headlines were asked for.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct HistoricalNewsEnd {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(bool, optional, tag = "2")]
    pub has_more: Option<bool>,
}

/// A headline as it comes (generic tick 292); `timestamp` in milliseconds.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TickNews {
    #[prost(int32, optional, tag = "1")]
    pub req_id: Option<i32>,
    #[prost(int64, optional, tag = "2")]
    pub timestamp: Option<i64>,
    #[prost(string, optional, tag = "3")]
    pub provider_code: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub article_id: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub headline: Option<String>,
    #[prost(string, optional, tag = "6")]
    pub extra_data: Option<String>,
}

/// Asks for bulletins of the broker, with `allMessages` also for those of today.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct NewsBulletinsRequest {
    #[prost(bool, optional, tag = "1")]
    pub all_messages: Option<bool>,
}

/// Ends the request for bulletins.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct CancelNewsBulletins {}

/// A bulletin; type 1 is general, 2 says that an exchange closed, 3 that it opened.
#[derive(Clone, PartialEq, prost::Message)]
pub struct NewsBulletin {
    #[prost(int32, optional, tag = "1")]
    pub news_msg_id: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub news_msg_type: Option<i32>,
    #[prost(string, optional, tag = "3")]
    pub news_message: Option<String>,
    #[prost(string, optional, tag = "4")]
    pub originating_exch: Option<String>,
}
