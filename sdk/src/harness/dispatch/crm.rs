//! Calls of the interfaces of `gatehouse:crm`.

functions!(pub contacts of crm, "gatehouse:crm/contacts" {
    "create-contact" => create_contact(record);
    "update-contact" => update_contact(record);
    "get-contact" => get_contact(id);
    "sync-contacts" => sync_contacts(record);
});
functions!(pub contact_search of crm, "gatehouse:crm/contact-search" {
    "search-contacts" => search_contacts(record);
});
functions!(pub contact_upserts of crm, "gatehouse:crm/contact-upserts" {
    "upsert-contacts" => upsert_contacts(record);
});
functions!(pub companies of crm, "gatehouse:crm/companies" {
    "create-company" => create_company(record);
    "update-company" => update_company(record);
    "get-company" => get_company(id);
    "sync-companies" => sync_companies(record);
});
functions!(pub opportunities of crm, "gatehouse:crm/opportunities" {
    "create-opportunity" => create_opportunity(record);
    "update-opportunity" => update_opportunity(record);
    "get-opportunity" => get_opportunity(id);
    "sync-opportunities" => sync_opportunities(record);
});
functions!(pub pipelines of crm, "gatehouse:crm/pipelines" {
    "list-pipelines" => list_pipelines();
});
functions!(pub notes of crm, "gatehouse:crm/notes" {
    "add-note" => add_note(record);
});
