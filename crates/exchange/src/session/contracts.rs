//! Contract details, option chains, rules, symbol search.

use super::{Out, tell};
use crate::desk::Desk;
use crate::feed::catalogue::Unnamed;
use crate::feed::details;
use crate::wire::message::contract::{
    ContractDataEnd, ContractDataRequest, MarketDepthExchanges, SecDefOptParameterEnd,
    SecDefOptParamsRequest, SmartComponents, SymbolSamples,
};
use crate::wire::{Reply, Request, notice};

/// Answers what only asks about contracts.
pub(super) fn answer(request: &Request, desk: &Desk, out: &mut Out) {
    match request {
        Request::ContractDetails(asked) => contract_details(asked, desk, out),
        Request::SecDefOptParams(asked) => option_parameters(asked, desk, out),
        Request::MatchingSymbols(asked) => {
            let pattern = asked.pattern.as_deref().unwrap_or_default();
            let contract_descriptions = details::matching_symbols(&desk.feed().catalogue, pattern);
            out.push(Reply::SymbolSamples(SymbolSamples { req_id: asked.req_id, contract_descriptions }));
        }
        Request::MarketDepthExchanges(_) => {
            let depth_market_data_descriptions = details::depth_exchanges();
            out.push(Reply::MarketDepthExchanges(MarketDepthExchanges { depth_market_data_descriptions }));
        }
        Request::SmartComponents(asked) => {
            let known = asked.bbo_exchange.as_deref() == Some(details::BBO_EXCHANGE);
            let smart_components = if known { details::smart_components() } else { Vec::new() };
            out.push(Reply::SmartComponents(SmartComponents { req_id: asked.req_id, smart_components }));
        }
        Request::MarketRule(asked) => {
            let id = asked.market_rule_id.unwrap_or_default();
            if let Some(rule) = details::market_rule(&desk.feed().catalogue, id) {
                out.push(Reply::MarketRule(rule));
            } else {
                let text = format!("Error validating request:-'market rule {id} is unknown'");
                out.push(tell::error(notice::SESSION, notice::INVALID_REQUEST, &text, desk.now()));
            }
        }
        _ => {}
    }
}

fn contract_details(asked: &ContractDataRequest, desk: &Desk, out: &mut Out) {
    let id = asked.req_id.unwrap_or(notice::SESSION);
    let contract = asked.contract.clone().unwrap_or_default();
    if contract.sec_type.as_deref() == Some("BAG") {
        let text = "Error validating request:-'combinations have no contract details'";
        out.push(tell::error(id, notice::INVALID_REQUEST, text, desk.now()));
        return;
    }
    let catalogue = &desk.feed().catalogue;
    let found = catalogue.find(&contract);
    if found.is_empty() {
        out.push(tell::error(id, notice::NO_SECURITY_DEFINITION, Unnamed::Unknown.text(), desk.now()));
        return;
    }
    let exchange = contract.exchange.as_deref().unwrap_or_default();
    for listing in found {
        let mut data = details::contract_data(listing, exchange, catalogue, desk.calendar(), desk.now());
        data.req_id = Some(id);
        out.push(Reply::ContractDetails(Box::new(data)));
    }
    out.push(Reply::ContractDetailsEnd(ContractDataEnd { req_id: Some(id) }));
}

fn option_parameters(asked: &SecDefOptParamsRequest, desk: &Desk, out: &mut Out) {
    let id = asked.req_id.unwrap_or(notice::SESSION);
    let catalogue = &desk.feed().catalogue;
    let symbol = asked.underlying_symbol.as_deref().unwrap_or_default();
    let underlying = catalogue.stocks().find(|listing| {
        listing.instrument.underlying.as_str() == symbol
            && asked.underlying_con_id.is_none_or(|con_id| con_id == 0 || con_id == listing.con_id)
    });
    let stock = asked.underlying_sec_type.as_deref().is_none_or(|kind| kind == "STK");
    let Some(underlying) = underlying.filter(|_| stock) else {
        let text = format!("Invalid contract id or underlying for an option chain: '{symbol}'");
        out.push(tell::error(id, notice::INVALID_REQUEST, &text, desk.now()));
        return;
    };
    for mut parameters in details::option_parameters(catalogue, underlying) {
        parameters.req_id = Some(id);
        out.push(Reply::SecDefOptParameter(parameters));
    }
    out.push(Reply::SecDefOptParameterEnd(SecDefOptParameterEnd { req_id: Some(id) }));
}
