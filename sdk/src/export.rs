//! `export_gateway!`: the SDK's one macro. It exports the chosen interfaces from a component and,
//! in a native build, makes them callable by the harness instead.

/// Exports a gateway: its type, then the interfaces that it implements.
///
/// ```text
/// struct Acme;
/// impl connection::Guest for Acme { /* … */ }
/// impl charges::Guest for Acme { /* … */ }
/// gatehouse_sdk::export_gateway!(Acme: connection, charges);
/// ```
///
/// The interfaces are `connection`, `webhook`, `sync`, `outcomes`, `registrations`, `backfill` and those of the domains' packages, each by its
/// name in WIT with `_` for `-`, as `wit/README.md` lists them. The component exports these and no
/// others, so a capability that is listed works. An interface of the plugin's own package comes after a semicolon, as the path of a
/// module that the README describes:
///
/// ```text
/// gatehouse_sdk::export_gateway!(Acme: connection; themes);
/// ```
#[macro_export]
macro_rules! export_gateway {
    ($gateway:ident: $($interface:ident),+ $(,)? $(; $($own:ident),+ $(,)?)?) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the component ABI is made of raw functions; they are generated")]
        const _: () = {
            $($crate::__export_interface!($interface $gateway);)+
            $($($own::export!($gateway with_types_in $own);)+)?
        };

        #[cfg(not(target_arch = "wasm32"))]
        impl $crate::harness::Gateway for $gateway {
            fn functions() -> ::std::vec::Vec<&'static str> {
                let mut functions = ::std::vec::Vec::new();
                $(functions.extend_from_slice($crate::harness::dispatch::$interface::FUNCTIONS);)+
                $($(functions.extend_from_slice($own::FUNCTIONS);)+)?
                functions
            }

            fn call(
                function: &str,
                input: &$crate::harness::Value,
            ) -> ::core::option::Option<$crate::harness::Answer> {
                $(
                    if let Some(answer) = $crate::harness::dispatch::$interface::call::<$gateway>(function, input) {
                        return Some(answer);
                    }
                )+
                $($(
                    if let Some(answer) = $own::call::<$gateway>(function, input) {
                        return Some(answer);
                    }
                )+)?
                None
            }
        }
    };
}

/// Calls the generated export macro of one interface.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_interface {
    (connection $gateway:ident) => {
        $crate::bindings::connection::export_connection!($gateway with_types_in $crate::bindings::connection);
    };
    (webhook $gateway:ident) => {
        $crate::bindings::webhook::export_webhook!($gateway with_types_in $crate::bindings::webhook);
    };
    (sync $gateway:ident) => {
        $crate::bindings::sync::export_sync!($gateway with_types_in $crate::bindings::sync);
    };
    (outcomes $gateway:ident) => {
        $crate::bindings::outcomes::export_outcomes!($gateway with_types_in $crate::bindings::outcomes);
    };
    (registrations $gateway:ident) => {
        $crate::bindings::registrations::export_registrations!($gateway with_types_in $crate::bindings::registrations);
    };
    (backfill $gateway:ident) => {
        $crate::bindings::backfill::export_backfill!($gateway with_types_in $crate::bindings::backfill);
    };
    (charges $gateway:ident) => {
        $crate::bindings::payments::charges::export_charges!($gateway with_types_in $crate::bindings::payments::charges);
    };
    (captures $gateway:ident) => {
        $crate::bindings::payments::captures::export_captures!($gateway with_types_in $crate::bindings::payments::captures);
    };
    (payment_cancelling $gateway:ident) => {
        $crate::bindings::payments::payment_cancelling::export_payment_cancelling!($gateway with_types_in $crate::bindings::payments::payment_cancelling);
    };
    (refunds $gateway:ident) => {
        $crate::bindings::payments::refunds::export_refunds!($gateway with_types_in $crate::bindings::payments::refunds);
    };
    (customers $gateway:ident) => {
        $crate::bindings::payments::customers::export_customers!($gateway with_types_in $crate::bindings::payments::customers);
    };
    (links $gateway:ident) => {
        $crate::bindings::payments::links::export_links!($gateway with_types_in $crate::bindings::payments::links);
    };
    (transactions $gateway:ident) => {
        $crate::bindings::payments::transactions::export_transactions!($gateway with_types_in $crate::bindings::payments::transactions);
    };
    (accounting_contacts $gateway:ident) => {
        $crate::bindings::accounting::accounting_contacts::export_accounting_contacts!($gateway with_types_in $crate::bindings::accounting::accounting_contacts);
    };
    (invoices $gateway:ident) => {
        $crate::bindings::accounting::invoices::export_invoices!($gateway with_types_in $crate::bindings::accounting::invoices);
    };
    (invoice_sending $gateway:ident) => {
        $crate::bindings::accounting::invoice_sending::export_invoice_sending!($gateway with_types_in $crate::bindings::accounting::invoice_sending);
    };
    (invoice_voiding $gateway:ident) => {
        $crate::bindings::accounting::invoice_voiding::export_invoice_voiding!($gateway with_types_in $crate::bindings::accounting::invoice_voiding);
    };
    (invoice_payments $gateway:ident) => {
        $crate::bindings::accounting::invoice_payments::export_invoice_payments!($gateway with_types_in $crate::bindings::accounting::invoice_payments);
    };
    (accounting_items $gateway:ident) => {
        $crate::bindings::accounting::accounting_items::export_accounting_items!($gateway with_types_in $crate::bindings::accounting::accounting_items);
    };
    (tax_rates $gateway:ident) => {
        $crate::bindings::accounting::tax_rates::export_tax_rates!($gateway with_types_in $crate::bindings::accounting::tax_rates);
    };
    (ledger_accounts $gateway:ident) => {
        $crate::bindings::accounting::ledger_accounts::export_ledger_accounts!($gateway with_types_in $crate::bindings::accounting::ledger_accounts);
    };
    (messages $gateway:ident) => {
        $crate::bindings::messaging::messages::export_messages!($gateway with_types_in $crate::bindings::messaging::messages);
    };
    (template_messages $gateway:ident) => {
        $crate::bindings::messaging::template_messages::export_template_messages!($gateway with_types_in $crate::bindings::messaging::template_messages);
    };
    (message_edits $gateway:ident) => {
        $crate::bindings::messaging::message_edits::export_message_edits!($gateway with_types_in $crate::bindings::messaging::message_edits);
    };
    (message_history $gateway:ident) => {
        $crate::bindings::messaging::message_history::export_message_history!($gateway with_types_in $crate::bindings::messaging::message_history);
    };
    (channels $gateway:ident) => {
        $crate::bindings::messaging::channels::export_channels!($gateway with_types_in $crate::bindings::messaging::channels);
    };
    (workspace_members $gateway:ident) => {
        $crate::bindings::messaging::workspace_members::export_workspace_members!($gateway with_types_in $crate::bindings::messaging::workspace_members);
    };
    (emails $gateway:ident) => {
        $crate::bindings::email::emails::export_emails!($gateway with_types_in $crate::bindings::email::emails);
    };
    (template_emails $gateway:ident) => {
        $crate::bindings::email::template_emails::export_template_emails!($gateway with_types_in $crate::bindings::email::template_emails);
    };
    (email_templates $gateway:ident) => {
        $crate::bindings::email::email_templates::export_email_templates!($gateway with_types_in $crate::bindings::email::email_templates);
    };
    (suppressions $gateway:ident) => {
        $crate::bindings::email::suppressions::export_suppressions!($gateway with_types_in $crate::bindings::email::suppressions);
    };
    (mailboxes $gateway:ident) => {
        $crate::bindings::email::mailboxes::export_mailboxes!($gateway with_types_in $crate::bindings::email::mailboxes);
    };
    (calendars $gateway:ident) => {
        $crate::bindings::calendar::calendars::export_calendars!($gateway with_types_in $crate::bindings::calendar::calendars);
    };
    (calendar_reading $gateway:ident) => {
        $crate::bindings::calendar::calendar_reading::export_calendar_reading!($gateway with_types_in $crate::bindings::calendar::calendar_reading);
    };
    (calendar_writing $gateway:ident) => {
        $crate::bindings::calendar::calendar_writing::export_calendar_writing!($gateway with_types_in $crate::bindings::calendar::calendar_writing);
    };
    (calendar_cancelling $gateway:ident) => {
        $crate::bindings::calendar::calendar_cancelling::export_calendar_cancelling!($gateway with_types_in $crate::bindings::calendar::calendar_cancelling);
    };
    (availability $gateway:ident) => {
        $crate::bindings::calendar::availability::export_availability!($gateway with_types_in $crate::bindings::calendar::availability);
    };
    (bookings $gateway:ident) => {
        $crate::bindings::calendar::bookings::export_bookings!($gateway with_types_in $crate::bindings::calendar::bookings);
    };
    (contacts $gateway:ident) => {
        $crate::bindings::crm::contacts::export_contacts!($gateway with_types_in $crate::bindings::crm::contacts);
    };
    (contact_search $gateway:ident) => {
        $crate::bindings::crm::contact_search::export_contact_search!($gateway with_types_in $crate::bindings::crm::contact_search);
    };
    (contact_upserts $gateway:ident) => {
        $crate::bindings::crm::contact_upserts::export_contact_upserts!($gateway with_types_in $crate::bindings::crm::contact_upserts);
    };
    (companies $gateway:ident) => {
        $crate::bindings::crm::companies::export_companies!($gateway with_types_in $crate::bindings::crm::companies);
    };
    (opportunities $gateway:ident) => {
        $crate::bindings::crm::opportunities::export_opportunities!($gateway with_types_in $crate::bindings::crm::opportunities);
    };
    (pipelines $gateway:ident) => {
        $crate::bindings::crm::pipelines::export_pipelines!($gateway with_types_in $crate::bindings::crm::pipelines);
    };
    (notes $gateway:ident) => {
        $crate::bindings::crm::notes::export_notes!($gateway with_types_in $crate::bindings::crm::notes);
    };
    (audiences $gateway:ident) => {
        $crate::bindings::marketing::audiences::export_audiences!($gateway with_types_in $crate::bindings::marketing::audiences);
    };
    (subscribers $gateway:ident) => {
        $crate::bindings::marketing::subscribers::export_subscribers!($gateway with_types_in $crate::bindings::marketing::subscribers);
    };
    (subscriber_tags $gateway:ident) => {
        $crate::bindings::marketing::subscriber_tags::export_subscriber_tags!($gateway with_types_in $crate::bindings::marketing::subscriber_tags);
    };
    (subscriber_events $gateway:ident) => {
        $crate::bindings::marketing::subscriber_events::export_subscriber_events!($gateway with_types_in $crate::bindings::marketing::subscriber_events);
    };
    (campaigns $gateway:ident) => {
        $crate::bindings::marketing::campaigns::export_campaigns!($gateway with_types_in $crate::bindings::marketing::campaigns);
    };
    (campaign_reports $gateway:ident) => {
        $crate::bindings::marketing::campaign_reports::export_campaign_reports!($gateway with_types_in $crate::bindings::marketing::campaign_reports);
    };
    (products $gateway:ident) => {
        $crate::bindings::commerce::products::export_products!($gateway with_types_in $crate::bindings::commerce::products);
    };
    (inventory $gateway:ident) => {
        $crate::bindings::commerce::inventory::export_inventory!($gateway with_types_in $crate::bindings::commerce::inventory);
    };
    (orders $gateway:ident) => {
        $crate::bindings::commerce::orders::export_orders!($gateway with_types_in $crate::bindings::commerce::orders);
    };
    (order_fulfilling $gateway:ident) => {
        $crate::bindings::commerce::order_fulfilling::export_order_fulfilling!($gateway with_types_in $crate::bindings::commerce::order_fulfilling);
    };
    (order_cancelling $gateway:ident) => {
        $crate::bindings::commerce::order_cancelling::export_order_cancelling!($gateway with_types_in $crate::bindings::commerce::order_cancelling);
    };
    (customer_data $gateway:ident) => {
        $crate::bindings::commerce::customer_data::export_customer_data!($gateway with_types_in $crate::bindings::commerce::customer_data);
    };
    (store_subscriptions $gateway:ident) => {
        $crate::bindings::commerce::store_subscriptions::export_store_subscriptions!($gateway with_types_in $crate::bindings::commerce::store_subscriptions);
    };
    (store_subscription_changes $gateway:ident) => {
        $crate::bindings::commerce::store_subscription_changes::export_store_subscription_changes!($gateway with_types_in $crate::bindings::commerce::store_subscription_changes);
    };
    (envelopes $gateway:ident) => {
        $crate::bindings::documents::envelopes::export_envelopes!($gateway with_types_in $crate::bindings::documents::envelopes);
    };
    (template_envelopes $gateway:ident) => {
        $crate::bindings::documents::template_envelopes::export_template_envelopes!($gateway with_types_in $crate::bindings::documents::template_envelopes);
    };
    (envelope_changes $gateway:ident) => {
        $crate::bindings::documents::envelope_changes::export_envelope_changes!($gateway with_types_in $crate::bindings::documents::envelope_changes);
    };
    (signing_links $gateway:ident) => {
        $crate::bindings::documents::signing_links::export_signing_links!($gateway with_types_in $crate::bindings::documents::signing_links);
    };
    (signed_documents $gateway:ident) => {
        $crate::bindings::documents::signed_documents::export_signed_documents!($gateway with_types_in $crate::bindings::documents::signed_documents);
    };
    (triggers $gateway:ident) => {
        $crate::bindings::automation::triggers::export_triggers!($gateway with_types_in $crate::bindings::automation::triggers);
    };
    (workflows $gateway:ident) => {
        $crate::bindings::automation::workflows::export_workflows!($gateway with_types_in $crate::bindings::automation::workflows);
    };
    (operations $gateway:ident) => {
        $crate::bindings::automation::operations::export_operations!($gateway with_types_in $crate::bindings::automation::operations);
    };
}
