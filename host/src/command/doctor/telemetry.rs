//! What others see of the server: whether the collector of traces is there, and who may read
//! the metrics.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use url::Url;

use crate::command::doctor::Finding;
use crate::config::{Config, Telemetry};

/// How long a collector may take to answer a connection.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether something listens where traces are to go.
pub(super) fn traces(config: &Telemetry) -> Finding {
    const CHECK: &str = "traces";
    let Some(endpoint) = &config.otlp_endpoint else {
        return Finding::ok(CHECK, "are not collected (telemetry.otlp_endpoint is not set)");
    };
    match connect(endpoint) {
        Ok(()) => Finding::ok(CHECK, format!("go to {endpoint}, where something listens")),
        Err(why) => Finding::note(
            CHECK,
            format!("go to {endpoint}, which does not answer: {why}"),
            "start the collector's OTLP/HTTP receiver there, or correct telemetry.otlp_endpoint; requests never wait for it",
        ),
    }
}

/// Who may read the metrics.
pub(super) fn metrics(config: &Config) -> Finding {
    const CHECK: &str = "metrics";
    if !config.metrics.public {
        return Finding::ok(CHECK, "need a key with admin:system:read");
    }
    if config.listen.ip().is_loopback() {
        return Finding::ok(CHECK, "need no key, and only this machine reaches them");
    }
    Finding::note(
        CHECK,
        format!("need no key, and others than this machine reach {}", config.listen),
        "keep /metrics and /api/v1/metrics from others in the proxy, or set metrics.public = false",
    )
}

fn connect(endpoint: &str) -> Result<(), String> {
    let url = Url::parse(endpoint).map_err(|error| error.to_string())?;
    let place = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(4318));
    let address = place.to_socket_addrs().map_err(|error| error.to_string())?.next();
    let address = address.ok_or_else(|| "the name has no address".to_owned())?;
    TcpStream::connect_timeout(&address, PATIENCE).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::command::doctor::Verdict;
    use crate::config::Surroundings;

    #[test]
    fn a_collector_that_is_there_is_told_from_one_that_is_not() {
        let check = |endpoint: Option<String>, verdict: Verdict| {
            let finding = traces(&Telemetry { otlp_endpoint: endpoint, sample_ratio: 1.0 });
            assert_eq!(finding.verdict, verdict, "{finding:?}");
        };
        check(None, Verdict::Ok);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        check(Some(format!("http://{}", listener.local_addr().unwrap())), Verdict::Ok);
        // Bound and never listening: a port that is let go of may be somebody else's at once.
        let silent = tokio::net::TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        check(Some(format!("http://{}", silent.local_addr().unwrap())), Verdict::Note);
    }

    #[test]
    fn open_metrics_are_noted_where_others_reach_them() {
        let check = |public: bool, listen: &str, verdict: Verdict| {
            let mut config = Config::defaults(&Surroundings::default());
            config.metrics.public = public;
            config.listen = listen.parse().unwrap();
            assert_eq!(metrics(&config).verdict, verdict, "{public} {listen}");
        };
        check(false, "0.0.0.0:80", Verdict::Ok);
        check(true, "127.0.0.1:80", Verdict::Ok);
        check(true, "0.0.0.0:80", Verdict::Note);
    }
}
