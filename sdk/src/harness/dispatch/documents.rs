//! Calls of the interfaces of `gatehouse:documents`.

functions!(pub envelopes of documents, "gatehouse:documents/envelopes" {
    "send-envelope" => send_envelope(record);
    "get-envelope" => get_envelope(id);
    "sync-envelopes" => sync_envelopes(record);
});
functions!(pub template_envelopes of documents, "gatehouse:documents/template-envelopes" {
    "send-template-envelope" => send_template_envelope(record);
    "list-document-templates" => list_document_templates(record);
});
functions!(pub envelope_changes of documents, "gatehouse:documents/envelope-changes" {
    "void-envelope" => void_envelope(record);
    "remind-signers" => remind_signers(record);
});
functions!(pub signing_links of documents, "gatehouse:documents/signing-links" {
    "create-signing-link" => create_signing_link(record);
});
functions!(pub signed_documents of documents, "gatehouse:documents/signed-documents" {
    "get-signed-document" => get_signed_document(id);
});
