//! Calls of the interfaces of `gatehouse:messaging`.

functions!(pub messages of messaging, "gatehouse:messaging/messages" {
    "send-message" => send_message(record);
    "get-message" => get_message(id);
});
functions!(pub template_messages of messaging, "gatehouse:messaging/template-messages" {
    "send-template-message" => send_template_message(record);
});
functions!(pub message_edits of messaging, "gatehouse:messaging/message-edits" {
    "update-message" => update_message(record);
    "delete-message" => delete_message(id);
});
functions!(pub message_history of messaging, "gatehouse:messaging/message-history" {
    "sync-messages" => sync_messages(record);
});
functions!(pub channels of messaging, "gatehouse:messaging/channels" {
    "list-channels" => list_channels(record);
});
functions!(pub workspace_members of messaging, "gatehouse:messaging/workspace-members" {
    "list-workspace-members" => list_workspace_members(record);
});
