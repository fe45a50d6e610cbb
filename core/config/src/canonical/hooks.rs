//! `hooks-libraries`, and what belongs to them in the user contexts of subnets and classes.

use crate::hooks::{
    Feature, FlexAction, FlexChange, FlexOption, FlexSubOption, Hook, Hooks, Limits, PingCheck,
};
use crate::json::{Map, Value};

pub(super) fn tree(hooks: &Hooks) -> Value {
    hooks.0.iter().map(hook).collect()
}

fn hook(hook: &Hook) -> Map {
    let parameters = match &hook.feature {
        Feature::BuiltIn | Feature::Bootp | Feature::Limits => None,
        Feature::FlexId(flex_id) => Some(
            Map::default()
                .with("identifier-expression", flex_id.identifier.to_string())
                .with("replace-client-id", flex_id.replace_client_id),
        ),
        Feature::FlexOption(options) => {
            Some(Map::default().with("options", options.iter().map(flex_option).collect::<Value>()))
        }
        Feature::PingCheck(settings) => Some(ping_check(settings)),
    };
    Map::default().with("library", hook.library.as_str()).with_some("parameters", parameters)
}

fn flex_option(option: &FlexOption) -> Map {
    let map = Map::default()
        .with("code", u32::from(option.code))
        .with_some("client-class", option.class.as_deref());
    match &option.change {
        FlexChange::Whole(action) => flex_action(map, action),
        FlexChange::Within(subs) => {
            map.with("sub-options", subs.iter().map(flex_sub_option).collect::<Value>())
        }
    }
}

fn flex_sub_option(sub: &FlexSubOption) -> Map {
    let map = Map::default()
        .with("space", sub.space.to_string())
        .with("code", u32::from(sub.code))
        .with_some("client-class", sub.class.as_deref())
        .with("container-add", sub.container_add)
        .with("container-remove", sub.container_remove);
    flex_action(map, &sub.action)
}

fn flex_action(map: Map, action: &FlexAction) -> Map {
    let (key, value) = match action {
        FlexAction::Add(value) => ("add", value),
        FlexAction::Supersede(value) => ("supersede", value),
        FlexAction::Remove(test) => return map.with("remove", test.to_string()),
    };
    map.with(key, value.expression.to_string()).with("csv-format", value.csv)
}

fn ping_check(settings: &PingCheck) -> Map {
    Map::default()
        .with("enable-ping-check", settings.enabled)
        .with("min-ping-requests", settings.requests)
        .with("reply-timeout", settings.reply_timeout_ms)
        .with("ping-cltt-secs", settings.cltt.0)
}

/// What a subnet says instead of the library's parameters.
pub(super) fn ping_check_here(hooks: &Hooks, here: Option<&PingCheck>) -> Option<Map> {
    hooks.ping_check().map(|global| match here {
        Some(settings) => ping_check(settings),
        None => ping_check(&PingCheck { enabled: false, ..*global }),
    })
}

/// The limits of a subnet or a class, if there are any.
pub(super) fn limits(limits: &Limits) -> Option<Map> {
    let rate = limits.rate.map(|rate| format!("{} packets per {}", rate.packets, rate.per.name()));
    (*limits != Limits::NONE).then(|| {
        Map::default().with_some("address-limit", limits.addresses).with_some("rate-limit", rate)
    })
}
