//! The rules of a policy, put to one call: which matches first, and in which order it puts the
//! integrations.

use std::cell::OnceCell;

use gatehouse_domain::Result;
use gatehouse_domain::id::TenantId;
use gatehouse_domain::link::Entity;
use gatehouse_domain::routing::{Choice, Decision, Policy, SkippedRule, Split, SuccessRate};

use super::choose::Ordered;
use super::{Wanted, split, window};
use crate::Engine;
use crate::clock::random;
use crate::expression::{Expressions, Scope};

/// The rule that matched, with the key of the call where the rule has one of its own.
pub(super) struct Matched<'p> {
    pub(super) choice: Option<(u32, &'p Choice)>,
    pub(super) key: Option<String>,
    pub(super) skipped: Vec<SkippedRule>,
}

impl Engine {
    /// The candidates of a policy for a call. What was found goes into the decision.
    pub(super) async fn by_policy(
        &self,
        tenant: TenantId,
        policy: &Policy,
        wanted: &Wanted,
        decision: &mut Decision,
    ) -> Result<Ordered> {
        decision.policy = Some(policy.id);
        let matched = first_match(policy, wanted, &self.0.routing.expressions);
        decision.skipped_rules = matched.skipped;
        let Some((rule, choice)) = matched.choice else { return Ok(Vec::new()) };
        decision.policy_rule = Some(rule);
        let key = matched.key.or_else(|| usual_key(wanted));
        let key = match key {
            Some(key) => key,
            None => u128::from_be_bytes(random()?).to_string(),
        };
        match choice {
            Choice::Priority(ids) => {
                Ok(ids.iter().enumerate().map(|(n, id)| (*id, format!("priority {}", n + 1))).collect())
            }
            Choice::Split(split) => Ok(by_share(policy, split, &key)),
            Choice::SuccessRate(rate) => self.by_success(tenant, rate, &wanted.capability, &key).await,
        }
    }

    async fn by_success(&self, tenant: TenantId, choice: &SuccessRate, capability: &str, key: &str) -> Result<Ordered> {
        let minute = self.now().as_second() / 60;
        let mut rates = Vec::with_capacity(choice.integrations.len());
        for id in &choice.integrations {
            let window = self.window(tenant, *id, capability).await?;
            rates.push(window.rate(minute, choice.window_minutes, choice.window_calls));
        }
        let seed = match choice.seed {
            Some(seed) => seed.to_be_bytes(),
            None => random()?,
        };
        let (ranked, explores) = window::order(choice, &rates, window::chance_of(seed, key));
        let why = |(place, (id, rate)): (usize, (_, f64))| {
            let explored = if explores && place == 0 { ", explored" } else { "" };
            (id, format!("succeeds in {:.1} % of recent calls{explored}", rate * 100.0))
        };
        Ok(ranked.into_iter().enumerate().map(why).collect())
    }
}

/// The first rule that matches. A rule that can not be evaluated does not match, and is told.
pub(super) fn first_match<'p>(policy: &'p Policy, wanted: &Wanted, expressions: &Expressions) -> Matched<'p> {
    let mut matched = Matched { choice: None, key: None, skipped: Vec::new() };
    let scope = OnceCell::new();
    let scope = || {
        scope.get_or_init(|| {
            Scope::new(&wanted.parameters, &wanted.capability, wanted.entity.as_ref(), wanted.purpose.as_ref())
        })
    };
    for (index, rule) in (0u32..).zip(&policy.rules) {
        let holds = match &rule.when {
            None => Ok(true),
            Some(when) => expressions.get(when).and_then(|expression| expression.holds(scope())),
        };
        match holds {
            Ok(false) => continue,
            Err(reason) => {
                matched.skipped.push(SkippedRule { rule: index, reason });
                continue;
            }
            Ok(true) => {}
        }
        if let Choice::Split(Split { key: Some(key), .. }) = &rule.then {
            match expressions.get(&key_expression(key)).and_then(|expression| expression.key(scope())) {
                Ok(key) => matched.key = key,
                // The usual key serves; that it had to is told.
                Err(reason) => matched.skipped.push(SkippedRule { rule: index, reason: format!("its key: {reason}") }),
            }
        }
        matched.choice = Some((index, &rule.then));
        break;
    }
    matched
}

/// The expression of a split's key: a JSON path looks into the parameters.
pub(super) fn key_expression(key: &str) -> String {
    match key.strip_prefix('$') {
        Some(path) => format!("parameters{path}"),
        None => key.to_owned(),
    }
}

fn usual_key(wanted: &Wanted) -> Option<String> {
    let entity = wanted.entity.as_ref().map(Entity::entity_id);
    entity.or(wanted.idempotency_key.as_deref()).map(str::to_owned)
}

fn by_share(policy: &Policy, split: &Split, key: &str) -> Ordered {
    let total: u64 = split.weights.iter().map(|share| u64::from(share.weight)).sum();
    let weight = |id| split.weights.iter().find(|share| share.integration == id).map_or(0, |share| share.weight);
    let order = split::order(&split.weights, policy.id, key);
    order.into_iter().map(|id| (id, format!("{} of {total} shares", weight(id)))).collect()
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::id::{IntegrationId, PolicyId};
    use gatehouse_domain::time::EPOCH;
    use serde_json::{Value, json};

    use super::*;

    fn policy(rules: Value) -> Policy {
        let id = PolicyId::new(1, [0; 10]);
        let rules = serde_json::from_value(rules).unwrap();
        Policy { id, name: "p".into(), capability: None, rules, created_at: EPOCH, updated_at: EPOCH }
    }

    fn wanted(parameters: Value) -> Wanted {
        Wanted {
            capability: "PROCESS_PAYMENT".to_owned(),
            parameters,
            integration: None,
            entity: Some(Entity::new("customer", "cus_1").unwrap()),
            purpose: None,
            policy: None,
            idempotency_key: Some("order-1".to_owned()),
            mapping: None,
        }
    }

    fn check(rules: Value, parameters: Value, rule: Option<u32>, key: Option<&str>, skipped: &[(u32, &str)]) {
        let (policy, expressions) = (policy(rules), Expressions::default());
        let matched = first_match(&policy, &wanted(parameters), &expressions);
        assert_eq!(matched.choice.map(|(rule, _)| rule), rule, "{policy:?}");
        assert_eq!(matched.key.as_deref(), key, "{policy:?}");
        assert_eq!(matched.skipped.len(), skipped.len(), "{:?}", matched.skipped);
        for (found, (rule, reason)) in matched.skipped.iter().zip(skipped) {
            assert!(found.rule == *rule && found.reason.contains(reason), "{found:?}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let a = IntegrationId::new(1, [1; 10]);
        let then = json!({ "priority": [a] });
        let rules = json!([
            { "when": "parameters.amount > 1000", "then": then },
            { "when": "parameters.country == 'DE'", "then": then },
            { "then": then },
        ]);
        check(rules.clone(), json!({ "amount": 2000, "country": "DE" }), Some(0), None, &[]);
        check(rules.clone(), json!({ "amount": 1000, "country": "DE" }), Some(1), None, &[]);
        check(rules.clone(), json!({ "amount": 1000, "country": "FR" }), Some(2), None, &[]);
        check(rules.clone(), json!({ "country": "DE" }), Some(1), None, &[(0, "no `amount`")]);
        check(rules, json!({}), Some(2), None, &[(0, "no `amount`"), (1, "no `country`")]);
        let only = json!([{ "when": "parameters.amount > 1000", "then": then }]);
        check(only.clone(), json!({ "amount": 1 }), None, None, &[]);
        check(only, json!({ "amount": "much" }), None, None, &[(0, "does not take")]);
        let number = json!([{ "when": "parameters.amount", "then": then }]);
        check(number, json!({ "amount": 1 }), None, None, &[(0, "gives a int")]);
    }

    #[test]
    fn a_split_takes_its_own_key_by_expression_or_by_path() {
        let split = |key: &str| {
            let weights = json!([{ "integration": IntegrationId::new(1, [1; 10]), "weight": 1 }]);
            json!([{ "then": { "split": { "weights": weights, "key": key } } }])
        };
        let parameters = json!({ "customer": { "id": "c9" }, "ids": [7, 8], "none": null });
        check(split("parameters.customer.id"), parameters.clone(), Some(0), Some("c9"), &[]);
        check(split("$.customer.id"), parameters.clone(), Some(0), Some("c9"), &[]);
        check(split("$.ids[1]"), parameters.clone(), Some(0), Some("8"), &[]);
        check(split("$['customer']['id']"), parameters.clone(), Some(0), Some("c9"), &[]);
        check(split("entity.id"), parameters.clone(), Some(0), Some("cus_1"), &[]);
        check(split("$.none"), parameters.clone(), Some(0), None, &[]);
        check(split("$.missing"), parameters, Some(0), None, &[(0, "its key")]);
    }

    #[test]
    fn without_a_key_of_its_own_the_entity_decides_then_the_idempotency_key() {
        let mut wanted = wanted(json!({}));
        assert_eq!(usual_key(&wanted).as_deref(), Some("cus_1"));
        wanted.entity = None;
        assert_eq!(usual_key(&wanted).as_deref(), Some("order-1"));
        wanted.idempotency_key = None;
        assert_eq!(usual_key(&wanted), None);
    }
}
