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
/// The interfaces are `connection`, `webhook`, `sync`, `charges`, `refunds`, `customers`, `links`
/// and `transactions`. The component exports these and no others, so a capability that is listed
/// works. An interface of the plugin's own package comes after a semicolon, as the path of a
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
    (charges $gateway:ident) => {
        $crate::bindings::charges::export_charges!($gateway with_types_in $crate::bindings::charges);
    };
    (refunds $gateway:ident) => {
        $crate::bindings::refunds::export_refunds!($gateway with_types_in $crate::bindings::refunds);
    };
    (customers $gateway:ident) => {
        $crate::bindings::customers::export_customers!($gateway with_types_in $crate::bindings::customers);
    };
    (links $gateway:ident) => {
        $crate::bindings::links::export_links!($gateway with_types_in $crate::bindings::links);
    };
    (transactions $gateway:ident) => {
        $crate::bindings::transactions::export_transactions!($gateway with_types_in $crate::bindings::transactions);
    };
}
