//! Calls of the interfaces of `gatehouse:email`.

functions!(pub emails of email, "gatehouse:email/emails" {
    "send-email" => send_email(record);
});
functions!(pub template_emails of email, "gatehouse:email/template-emails" {
    "send-template-email" => send_template_email(record);
});
functions!(pub email_templates of email, "gatehouse:email/email-templates" {
    "list-email-templates" => list_email_templates(record);
});
functions!(pub suppressions of email, "gatehouse:email/suppressions" {
    "sync-suppressions" => sync_suppressions(record);
    "add-suppression" => add_suppression(record);
    "remove-suppression" => remove_suppression(email);
});
functions!(pub mailboxes of email, "gatehouse:email/mailboxes" {
    "sync-emails" => sync_emails(record);
    "get-email" => get_email(id);
    "get-email-attachment" => get_email_attachment(record);
});
