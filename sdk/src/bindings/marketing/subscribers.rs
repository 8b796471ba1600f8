//! The world of a gateway that exports `gatehouse:marketing/subscribers`: who is in an audience.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-subscribers;
        world subscribers {
            export gatehouse:marketing/subscribers@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/marketing@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:marketing/subscribers@0.1.0/subscriber-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:marketing/subscribers@0.1.0/subscriber-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:marketing/subscribers@0.1.0/subscriber-lookup": [#[serde(deny_unknown_fields)]],
        "gatehouse:marketing/subscribers@0.1.0/subscribers-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_subscribers",
    default_bindings_module: "gatehouse_sdk::bindings::marketing::subscribers",
});
