//! Where messages can go: `conversations.list` and `users.list`.

use gatehouse_sdk::json::Fields;
use gatehouse_sdk::messaging::channels::{Channel, ChannelsPage, ChannelsRequest};
use gatehouse_sdk::messaging::workspace_members::{WorkspaceMember, WorkspaceMembersPage, WorkspaceMembersRequest};
use gatehouse_sdk::{Result, context, paging, time};

use crate::api;

/// What is asked for where nothing is said, and the most: less than the 1000 that Slack takes, as it may answer a large
/// list with an error.
const USUAL_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 200;

/// Reads a page of channels.
pub(crate) fn channels(request: &ChannelsRequest) -> Result<ChannelsPage> {
    let archived = request.archived == Some(true);
    let (items, next) = channel_page(request.cursor.as_deref(), request.limit, archived)?;
    Ok(ChannelsPage { items, next })
}

/// Reads a page of the workspace's members.
pub(crate) fn members(request: &WorkspaceMembersRequest) -> Result<WorkspaceMembersPage> {
    let (items, next) = member_page(request.cursor.as_deref(), request.limit)?;
    Ok(WorkspaceMembersPage { items: items.into_iter().map(|found| found.member).collect(), next })
}

/// Channels, and the cursor of the next page.
pub(crate) fn channel_page(
    cursor: Option<&str>,
    limit: Option<u32>,
    archived: bool,
) -> Result<(Vec<Channel>, Option<String>)> {
    let private = context::read_settings(|settings| settings.flag("private_channels"))?;
    let get = api::get("conversations.list")
        .query("exclude_archived", !archived)
        .query("types", if private { "public_channel,private_channel" } else { "public_channel" })
        .query("limit", paging::limit(limit, USUAL_PAGE, LARGEST_PAGE)?)
        .query_some("cursor", cursor);
    api::send(get)?.read(|list| (list.each("channels", channel), api::next(list)))
}

/// A member, and when it was changed.
pub(crate) struct Found {
    /// The member.
    pub(crate) member: WorkspaceMember,
    /// When it was last changed, in milliseconds since 1970.
    pub(crate) updated_at_ms: Option<u64>,
}

/// Members, and the cursor of the next page.
pub(crate) fn member_page(cursor: Option<&str>, limit: Option<u32>) -> Result<(Vec<Found>, Option<String>)> {
    let get = api::get("users.list")
        .query("limit", paging::limit(limit, USUAL_PAGE, LARGEST_PAGE)?)
        .query_some("cursor", cursor);
    api::send(get)?.read(|list| (list.each("members", member), api::next(list)))
}

fn channel(found: &Fields<'_>) -> Channel {
    let topic = found.inner("topic", |topic| topic.text_some("value")).flatten();
    Channel {
        id: found.text("id"),
        name: found.text("name"),
        topic: topic.filter(|topic| !topic.is_empty()),
        is_private: found.flag("is_private"),
        archived: found.flag("is_archived"),
    }
}

fn member(found: &Fields<'_>) -> Found {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let told = |name: &str| filled(found.inner("profile", |profile| profile.text_some(name)).flatten());
    let name = told("display_name").or_else(|| told("real_name")).or_else(|| filled(found.text_some("real_name")));
    let member = WorkspaceMember {
        id: found.text("id"),
        display_name: name.unwrap_or_else(|| found.text("name")),
        email: told("email"),
        is_bot: found.flag("is_bot"),
        active: !found.flag("deleted"),
    };
    Found { member, updated_at_ms: found.count_some("updated").map(time::from_seconds) }
}
