//! How a provider is told that a token is not needed any more: RFC 7009, or its own way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The request that gives a token back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Where it goes. With `place = "path"` it holds `{token}`.
    pub url: String,
    /// Its method, `POST` or `DELETE` or `GET` (default `POST`).
    #[serde(default = "post")]
    pub method: String,
    /// Which token is given back (default the refresh token, or the access token where there is none).
    #[serde(default)]
    pub token: RevokeToken,
    /// Where the token stands.
    #[serde(default)]
    pub place: RevokePlace,
    /// The parameter's name (default `token`).
    #[serde(default = "token")]
    pub parameter: String,
    /// How we say who we are (default as at the token endpoint).
    #[serde(default)]
    pub auth: RevokeAuth,
}

/// Which token is given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeToken {
    /// The refresh token, or the access token where there is none.
    #[default]
    Refresh,
    /// The access token.
    Access,
}

/// Where the token stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokePlace {
    /// In a form body (RFC 7009 §2.1).
    #[default]
    Form,
    /// In a JSON body.
    Json,
    /// In the query.
    Query,
    /// In the path, at `{token}`.
    Path,
    /// Nowhere but in the header of `auth = "scheme"`.
    Header,
}

/// How we say who we are when we give a token back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeAuth {
    /// As at the token endpoint.
    #[default]
    Client,
    /// `client_id` and `client_secret` in the body.
    Body,
    /// `Authorization: Client {secret}`, with `client_id` in the body.
    ClientHeader,
    /// With the access token, as the first `oauth2` scheme says.
    Scheme,
    /// Not at all.
    None,
}

fn post() -> String {
    "POST".to_owned()
}

fn token() -> String {
    "token".to_owned()
}
