//! Numbers of the errors and notices that the gateway sends, as the broker numbers them.

/// Request or order refers to no session-wide id.
pub const SESSION: i32 = -1;

/// A ticker id is already streaming.
pub const DUPLICATE_TICKER_ID: i32 = 102;
/// An order id was used before.
pub const DUPLICATE_ORDER_ID: i32 = 103;
/// The order is filled and can't be changed.
pub const CANNOT_MODIFY_FILLED: i32 = 104;
/// The change does not match the order (side, contract or type).
pub const MODIFICATION_MISMATCH: i32 = 105;
/// The price is not a multiple of the minimum tick; no status follows.
pub const PRICE_OFF_TICK: i32 = 110;
/// Time in force and order type do not go together.
pub const TIF_MISMATCH: i32 = 111;
/// On-close orders are for the day.
pub const AUCTION_NEEDS_DAY: i32 = 113;
/// The order can't be hidden.
pub const HIDDEN_NOT_ALLOWED: i32 = 152;
/// The order ended and can't be cancelled.
pub const CANNOT_CANCEL: i32 = 161;
/// No contract, or more than one, fits.
pub const NO_SECURITY_DEFINITION: i32 = 200;
/// The order was rejected; the reason follows the colon.
pub const ORDER_REJECTED: i32 = 201;
/// The order was cancelled.
pub const ORDER_CANCELLED: i32 = 202;
/// A cancel names a ticker id that is not streaming.
pub const UNKNOWN_TICKER_ID: i32 = 300;
/// More depth requests than allowed.
pub const TOO_MANY_DEPTH_REQUESTS: i32 = 309;
/// A cancel names a depth request that does not exist.
pub const DEPTH_NOT_FOUND: i32 = 310;
/// A message could not be read.
pub const UNREADABLE: i32 = 320;
/// A request is not valid.
pub const INVALID_REQUEST: i32 = 321;
/// A request could not be processed.
pub const REQUEST_FAILED: i32 = 322;
/// Another connection has this client id.
pub const CLIENT_ID_IN_USE: i32 = 326;
/// An order message; accepted when it starts with `Warning:`.
pub const ORDER_MESSAGE: i32 = 399;
/// The gateway does not work orders of this type.
pub const UNSUPPORTED_ORDER_TYPE: i32 = 387;
/// The legs of a combination do not make one.
pub const INVALID_COMBINATION: i32 = 312;
/// One leg of a combination is not a contract that can be traded.
pub const INVALID_LEG: i32 = 313;
/// A combination without legs.
pub const NO_LEGS: i32 = 314;
/// A time in an order can't be read, or is over.
pub const INVALID_TIME: i32 = 391;
/// No such algorithm.
pub const UNKNOWN_ALGORITHM: i32 = 439;
/// An order under an algorithm can't be changed so.
pub const ALGORITHM_UNCHANGEABLE: i32 = 440;
/// A parameter of an algorithm has a value that it does not take.
pub const ALGORITHM_PARAMETER: i32 = 441;
/// The algorithm does not take such orders.
pub const ALGORITHM_NOT_ALLOWED: i32 = 442;
/// The algorithm has no such parameter.
pub const UNKNOWN_ALGORITHM_PARAMETER: i32 = 443;
/// A price is missing or none.
pub const INVALID_PRICE: i32 = 463;
/// Message id not known.
pub const UNKNOWN_MESSAGE: i32 = 505;
/// Not allowed for the security: tick-by-tick of options, depth of them.
pub const NOT_AVAILABLE_TICK_BY_TICK: i32 = 10189;
/// A child names a parent that does not exist.
pub const MISSING_PARENT: i32 = 10006;
/// A cancel names an order this client never placed.
pub const ORDER_NOT_FOUND: i32 = 10147;
/// A cancel names an order in a state that has no cancel.
pub const ORDER_NOT_CANCELLABLE: i32 = 10148;
/// The gateway trades in the session only.
pub const OUTSIDE_HOURS_IGNORED: i32 = 2109;
/// Market data farm works.
pub const MARKET_DATA_FARM_OK: i32 = 2104;
/// Historical data farm works.
pub const HISTORICAL_FARM_OK: i32 = 2106;
/// Security definition farm works.
pub const SECURITY_DEFINITION_FARM_OK: i32 = 2158;
/// The link to the broker is lost.
pub const CONNECTION_LOST: i32 = 1100;
/// The link to the broker is back, subscriptions are kept.
pub const CONNECTION_RESTORED: i32 = 1102;
/// The link to the broker is back, subscriptions are gone.
pub const CONNECTION_RESTORED_DATA_LOST: i32 = 1101;
/// What expires today could not be afforded to be delivered.
pub const EXPIRY_WARNING: i32 = 2161;
/// More messages a second than allowed.
pub const TOO_MANY_MESSAGES: i32 = 100;
/// A request of history failed or came too soon.
pub const HISTORY_FAILED: i32 = 162;
/// A book is halted: subscribe again.
pub const DEPTH_HALTED: i32 = 316;
/// A book is reset: empty it and read on.
pub const DEPTH_RESET: i32 = 317;
/// Live data need a subscription; delayed ones are to be had.
pub const NOT_ENTITLED: i32 = 10089;
/// Live data need a subscription; delayed ones are shown.
pub const SHOWING_DELAYED: i32 = 10167;
/// Another session of the login has the market data.
pub const COMPETING_SESSION: i32 = 10197;
/// Market data lines are used up.
pub const TOO_MANY_LINES: i32 = 101;
/// Tick-by-tick streams are used up.
pub const TOO_MANY_TICK_STREAMS: i32 = 10190;
/// Depth is not offered for the contract.
pub const DEPTH_NOT_SUPPORTED: i32 = 10092;
/// The historical data service has an objection: pacing, no data, a cancelled query.
pub const HISTORICAL_SERVICE: i32 = 162;
/// A cancel names a scan that does not run.
pub const NO_SCANNER: i32 = 365;
/// A cancel names a historical query that does not exist.
pub const NO_HISTORICAL_QUERY: i32 = 366;
/// No report on the company.
pub const NO_FUNDAMENTALS: i32 = 430;
/// A news article is not known.
pub const INVALID_NEWS_ARTICLE: i32 = 10172;
/// The account has no such news.
pub const NEWS_FEED_NOT_ALLOWED: i32 = 10276;
/// A time can't be read.
pub const UNREADABLE_TIME: i32 = 10314;
