//! The Mailchimp gateway: which function is answered where, and nothing else.
//!
//! It never sees a key or a token; the host attaches it as `plugin.toml` says.

mod api;
mod audiences;
mod campaigns;
mod connection;
mod error;
mod events;
mod outcomes;
mod reports;
mod subscribers;
mod synced;
mod tags;

use gatehouse_sdk::marketing::{audiences as audience, campaign_reports as report, campaigns as campaign};
use gatehouse_sdk::marketing::{subscriber_events as event, subscriber_tags as tag, subscribers as subscriber};
use gatehouse_sdk::{Account, Result, connection as account, outcomes as outcome, sync as record};

/// The gateway.
pub struct Mailchimp;

impl account::Guest for Mailchimp {
    fn test() -> Result<Account> {
        connection::test()
    }
}

impl outcome::Guest for Mailchimp {
    fn look_up(write: outcome::Write) -> Result<outcome::Finding> {
        outcomes::look_up(&write)
    }
}

impl record::Guest for Mailchimp {
    fn pull(entity: String, cursor: Option<String>, limit: u32) -> Result<record::Page> {
        synced::pull(&entity, cursor.as_deref(), limit)
    }

    fn push(entity: String, changes: Vec<record::Change>) -> Result<Vec<record::Outcome>> {
        synced::push(&entity, changes)
    }
}

impl audience::Guest for Mailchimp {
    fn list_audiences(request: audience::AudiencesRequest) -> Result<audience::AudiencesPage> {
        audiences::list(&request)
    }
}

impl subscriber::Guest for Mailchimp {
    fn save_subscriber(request: subscriber::SubscriberRequest) -> Result<subscriber::Subscriber> {
        subscribers::save(&request)
    }

    fn get_subscriber(lookup: subscriber::SubscriberLookup) -> Result<subscriber::Subscriber> {
        subscribers::get(&lookup)
    }

    fn sync_subscribers(request: subscriber::SubscribersRequest) -> Result<subscriber::SubscribersPage> {
        subscribers::list(&request)
    }
}

impl tag::Guest for Mailchimp {
    fn tag_subscriber(request: tag::TagsRequest) -> Result<tag::TaggedSubscriber> {
        tags::tag(request)
    }
}

impl event::Guest for Mailchimp {
    fn track_subscriber_event(event: event::SubscriberEvent) -> Result<event::TrackedEvent> {
        events::track(event)
    }
}

impl campaign::Guest for Mailchimp {
    fn create_campaign(request: campaign::CampaignRequest) -> Result<campaign::Campaign> {
        campaigns::create(&request)
    }

    fn send_campaign(id: String) -> Result<campaign::Campaign> {
        campaigns::send(&id)
    }

    fn get_campaign(id: String) -> Result<campaign::Campaign> {
        campaigns::get(&id)
    }

    fn sync_campaigns(request: campaign::CampaignsRequest) -> Result<campaign::CampaignsPage> {
        campaigns::list(&request)
    }
}

impl report::Guest for Mailchimp {
    fn get_campaign_report(id: String) -> Result<report::CampaignReport> {
        reports::get(&id)
    }
}

gatehouse_sdk::export_gateway!(
    Mailchimp: connection, outcomes, sync, audiences, subscribers, subscriber_tags, subscriber_events, campaigns,
    campaign_reports
);
