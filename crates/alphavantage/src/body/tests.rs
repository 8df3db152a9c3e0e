use super::*;
use proptest::prelude::*;

fn key() -> ApiKey {
    ApiKey::new("ABCDEFGH12345678").unwrap()
}

fn of(body: &str) -> Class {
    classify(200, body.as_bytes(), Function::RealtimeOptions, Format::Json, &key()).class
}

/// Every row of the table of failures, with its words.
#[test]
fn each_refusal_is_told_apart_by_its_body() {
    let burst = |n| {
        of(&format!(
            r#"{{"Information":"Burst pattern detected. Please consider spreading out your API requests more evenly across a 1-minute window and query no more than {n} requests per second. Premium plans..."}}"#
        ))
    };
    let rows = [
        (
            r#"{"Error Message":"the parameter apikey is invalid or missing. Please claim your free API key on (https://x)"}"#,
            Class::AuthInvalid,
        ),
        (r#"{"Information":"the parameter apikey is invalid or missing."}"#, Class::AuthInvalid),
        (
            r#"{"Error Message":"Invalid API call. Please retry or visit the documentation (https://x) for REALTIME_OPTIONS."}"#,
            Class::BadRequest,
        ),
        (r#"{"Error Message":"This API function (X) does not exist."}"#, Class::BadRequest),
        (
            r#"{"Information":"Minute-level rate limit exceed. Please stay under the number of API requests per minute for your premium subscription plan."}"#,
            Class::MinuteLimit,
        ),
        (
            r#"{"Information":"Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to any of the premium plans to lift the free key rate limit (25 requests per day)"}"#,
            Class::BurstLimit { per_second: Some(1) },
        ),
        (
            r#"{"Information":"our standard API rate limit is 25 requests per day. Please subscribe to any of the premium plans"}"#,
            Class::DayLimit,
        ),
        (
            r#"{"Note":"Our standard API call frequency is 5 calls per minute and 500 calls per day"}"#,
            Class::MinuteLimit,
        ),
        (
            r#"{"Note":"Thank you for using Alpha Vantage! Please contact premium@x if you are targeting a higher API call volume."}"#,
            Class::MinuteLimit,
        ),
        (
            r#"{"Information":"Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe"}"#,
            Class::NotEntitled,
        ),
        (
            r#"{"Information":"The **demo** API key is for demo purposes only. Please claim your free API key"}"#,
            Class::DemoKey,
        ),
        (
            r#"{"endpoint":"Realtime Options","message":"This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL AND FOR ILLUSTRATION PURPOSES ONLY***","data":[{"contractID":"XXYYZZ999999C00020000","symbol":"XXYYZZ","expiration":"2099-99-99"}]}"#,
            Class::NotEntitled,
        ),
        (r#"{"data":[1],"message":"ARTIFICIAL sample data"}"#, Class::NotEntitled),
        (r#"{"data":[1],"message":"something else"}"#, Class::Transport(Broken::Unknown)),
        ("{}", Class::Empty),
        (r#"{"detail":"Internal"}"#, Class::Transport(Broken::Status)),
        (r#"{"Information":"words that nobody has seen"}"#, Class::Transport(Broken::Unknown)),
        (
            r#"{"endpoint":"Historical Options","message":"success","data":[1]}"#,
            Class::Transport(Broken::Unknown),
        ),
        (r#"{"endpoint":"Realtime Options","message":"success","data":[1]}"#, Class::Data),
        (r#"{"data":[1]}"#, Class::Data),
        ("<html><body>502</body></html>", Class::Transport(Broken::Html)),
        (r#"{"data":[{"a":"b"#, Class::Transport(Broken::Truncated)),
        ("", Class::Transport(Broken::Truncated)),
        ("contractID,symbol", Class::Transport(Broken::Truncated)),
    ];
    for (body, class) in rows {
        assert_eq!(of(body), class, "{body}");
    }
    for n in [10, 20, 30] {
        assert_eq!(burst(n), Class::BurstLimit { per_second: Some(n) });
    }
}

#[test]
fn only_the_top_level_counts() {
    let body = r#"{"Meta Data":{"1. Information":"Daily Prices","Note":"x","Error Message":"apikey is invalid"},"Time Series (Daily)":{}}"#;
    assert_eq!(of(body), Class::Data);
}

#[test]
fn no_news_is_no_error() {
    let body = br#"{"Information":"Invalid inputs. Please refer to the API documentation https://x/documentation#newsapi and try again."}"#;
    let class = |function| classify(200, body, function, Format::Json, &key()).class;
    assert_eq!(class(Function::NewsSentiment), Class::Empty);
    assert_eq!(class(Function::GlobalQuote), Class::BadRequest);
}

#[test]
fn the_key_is_taken_out_of_the_words() {
    let body = br#"{"Information":"We have detected your API key as ABCDEFGH12345678 and our standard API rate limit is 25 requests per day."}"#;
    let verdict = classify(200, body, Function::NewsSentiment, Format::Json, &key());
    assert_eq!(verdict.class, Class::DayLimit);
    assert!(!verdict.text.contains("ABCDEFGH") && verdict.text.contains("[key]"), "{}", verdict.text);
    let failed = classify(500, b"oops ABCDEFGH12345678", Function::NewsSentiment, Format::Json, &key());
    assert_eq!(failed.class, Class::Transport(Broken::Status));
    assert!(!failed.text.contains("ABCDEFGH"));
}

#[test]
fn a_refusal_comes_as_json_where_a_table_was_asked_for() {
    let body = br#"{"Information":"Minute-level rate limit exceed."}"#;
    let verdict = classify(200, body, Function::RealtimeOptions, Format::Csv, &key());
    assert_eq!(verdict.class, Class::MinuteLimit);
    let table = classify(200, b"contractID,symbol\r\n", Function::RealtimeOptions, Format::Csv, &key());
    assert_eq!(table.class, Class::Data);
}

proptest! {
    #[test]
    fn any_bytes_have_a_class(bytes in proptest::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
        for format in [Format::Json, Format::Csv] {
            let verdict = classify(status, &bytes, Function::NewsSentiment, format, &key());
            prop_assert!(status == 200 || verdict.class == Class::Transport(Broken::Status));
        }
    }

    #[test]
    fn any_words_have_a_class(text in ".{0,200}") {
        let body = serde_json::json!({ "Information": text }).to_string();
        prop_assert_ne!(of(&body), Class::Data);
    }
}
