//! Calls of the interfaces of `gatehouse:marketing`.

functions!(pub audiences of marketing, "gatehouse:marketing/audiences" {
    "list-audiences" => list_audiences(record);
});
functions!(pub subscribers of marketing, "gatehouse:marketing/subscribers" {
    "save-subscriber" => save_subscriber(record);
    "get-subscriber" => get_subscriber(record);
    "sync-subscribers" => sync_subscribers(record);
});
functions!(pub subscriber_tags of marketing, "gatehouse:marketing/subscriber-tags" {
    "tag-subscriber" => tag_subscriber(record);
});
functions!(pub subscriber_events of marketing, "gatehouse:marketing/subscriber-events" {
    "track-subscriber-event" => track_subscriber_event(record);
});
functions!(pub campaigns of marketing, "gatehouse:marketing/campaigns" {
    "create-campaign" => create_campaign(record);
    "send-campaign" => send_campaign(id);
    "get-campaign" => get_campaign(id);
    "sync-campaigns" => sync_campaigns(record);
});
functions!(pub campaign_reports of marketing, "gatehouse:marketing/campaign-reports" {
    "get-campaign-report" => get_campaign_report(id);
});
