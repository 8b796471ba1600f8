//! The world of a gateway that exports `gatehouse:marketing/campaigns`: mailings to an audience.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-campaigns;
        world campaigns {
            export gatehouse:marketing/campaigns@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/marketing@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:marketing/campaigns@0.1.0/campaign-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:marketing/campaigns@0.1.0/campaign-request": [#[serde(deny_unknown_fields)]],
        "gatehouse:marketing/campaigns@0.1.0/campaigns-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_campaigns",
    default_bindings_module: "gatehouse_sdk::bindings::marketing::campaigns",
});
