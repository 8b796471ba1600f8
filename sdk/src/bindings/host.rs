//! The world of what the host lends, and the types that every other world shares.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-host;
        world host {
            import gatehouse:plugin/types@0.1.0;
            import gatehouse:plugin/http@0.1.0;
            import gatehouse:plugin/context@0.1.0;
            import gatehouse:plugin/log@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0"],
    generate_all,
    generate_unused_types: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:plugin/types@0.1.0/money": [#[serde(deny_unknown_fields)]],
        "gatehouse:plugin/types@0.1.0/error-kind": [#[serde(rename_all = "snake_case")]],
        "gatehouse:plugin/http@0.1.0/method": [#[serde(rename_all = "UPPERCASE")]],
        "gatehouse:plugin/http@0.1.0/body": [#[serde(rename_all = "snake_case", tag = "kind", content = "value")]],
        "gatehouse:plugin/http@0.1.0/http-error": [
            #[serde(rename_all = "snake_case", tag = "kind", content = "value")]
        ],
        "gatehouse:plugin/log@0.1.0/level": [#[serde(rename_all = "snake_case")]],
    },
});
