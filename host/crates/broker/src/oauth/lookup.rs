//! Whose token it is, where the answer with the token does not say.

use std::collections::BTreeMap;
use std::time::Duration;

use gatehouse_domain::manifest::AuthScheme;
use gatehouse_domain::manifest::auth::Placement;
use http::{HeaderMap, Method};
use serde_json::Value;
use url::Url;

use super::answer::{self, TokenError};
use super::ask::Asking;
use super::exchange::{Exchange, within};
use crate::broker::Broker;
use crate::egress::attach::{ACCESS_TOKEN, Secrets, attach};
use crate::secret::Secret;

const LONGEST: Duration = Duration::from_secs(15);

impl Broker {
    /// What the provider's look-up says of a token; nothing where there is no look-up.
    ///
    /// # Errors
    /// Why it is not known.
    pub async fn look_up(&self, asking: &Asking<'_>, access: &Secret) -> Result<BTreeMap<String, String>, TokenError> {
        let (Some(rules), Some(url)) = (&asking.rules.lookup, &asking.places.lookup) else {
            return Ok(BTreeMap::new());
        };
        let asking = Asking { deadline: within(asking.deadline, LONGEST), ..*asking };
        let mut url = url.clone();
        let headers = attached(asking.schemes, access, &mut url)?;
        let reply = self.exchange(&asking, Exchange { method: Method::GET, url, headers, body: None }).await?;
        if reply.status != 200 {
            let text = format!("the provider answered {} when it was asked whose token it is", reply.status);
            return Err(TokenError::Refused(text));
        }
        let json: Value = serde_json::from_slice(&reply.body)
            .map_err(|_| TokenError::refused("the provider's answer to whose token it is can not be read as JSON"))?;
        answer::facts(&rules.capture, &json)
    }
}

/// The token where the first `oauth2` scheme puts it.
pub(super) fn attached(schemes: &[AuthScheme], access: &Secret, url: &mut Url) -> Result<HeaderMap, TokenError> {
    let scheme = schemes.iter().find(|scheme| matches!(scheme.placement, Placement::Oauth2 { .. }));
    let scheme = scheme.ok_or_else(|| TokenError::refused("no auth scheme attaches the token"))?;
    let secrets = Secrets::from([(ACCESS_TOKEN.to_owned(), access.duplicate())]);
    let mut headers = HeaderMap::new();
    attach(scheme, &secrets, url, &mut headers).map_err(|error| TokenError::Refused(error.to_string()))?;
    Ok(headers)
}
