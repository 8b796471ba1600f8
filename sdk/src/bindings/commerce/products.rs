//! The world of a gateway that exports `gatehouse:commerce/products`: what is sold.

wit_bindgen::generate!({
    inline: "
        package gatehouse:sdk-products;
        world products {
            export gatehouse:commerce/products@0.1.0;
        }
    ",
    path: ["../wit/plugin@0.1.0", "../wit/commerce@0.1.0"],
    with: {
        "gatehouse:plugin/types@0.1.0": crate::bindings::host::gatehouse::plugin::types,
    },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    additional_type_attributes: {
        "gatehouse:commerce/products@0.1.0/product-status": [#[serde(rename_all = "snake_case")]],
        "gatehouse:commerce/products@0.1.0/products-request": [#[serde(deny_unknown_fields)]],
    },
    pub_export_macro: true,
    export_macro_name: "export_products",
    default_bindings_module: "gatehouse_sdk::bindings::commerce::products",
});
