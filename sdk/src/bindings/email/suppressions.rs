//! The world of a gateway that exports `gatehouse:email/suppressions`: addresses that the provider sends nothing to.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-suppressions;
        world suppressions {
            export gatehouse:email/suppressions@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/email@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:email/suppressions@0.1.0/suppression-reason": [#[serde(rename_all = "snake_case")]],
        "gatehouse:email/suppressions@0.1.0/suppression-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:email/suppressions@0.1.0/suppressions-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_suppressions",
    default_bindings_module: "gatehouse_sdk::bindings::email::suppressions",
});
