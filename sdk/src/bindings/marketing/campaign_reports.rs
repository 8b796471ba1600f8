//! The world of a gateway that exports `gatehouse:marketing/campaign-reports`: what became of a campaign.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-campaign-reports;
        world campaign-reports {
            export gatehouse:marketing/campaign-reports@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/marketing@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "export_campaign_reports",
    default_bindings_module: "gatehouse_sdk::bindings::marketing::campaign_reports",
});
