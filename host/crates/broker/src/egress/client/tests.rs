//! That a request over TLS arrives at a server that is vouched for, by that name, and nowhere else.

use std::net::{Ipv4Addr, SocketAddr};

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::resolve::Resolving;
use super::*;

struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _: String) -> Resolving {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

/// Clients that trust the test's root and nothing else.
fn clients() -> Clients {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(include_bytes!("root.der").to_vec())).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let clients = Clients::new(Arc::new(Loopback), Vec::new(), Duration::from_secs(5));
    Clients { tls: Tls::trusting(verifier), ..clients }
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from(include_bytes!("server.der").to_vec());
    let key = PrivateKeyDer::Pkcs8(include_bytes!("server.key.der").to_vec().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
}

/// Says "hello" to whoever gets through the handshake.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor().accept(stream).await else { continue };
            assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    address
}

async fn check(host: &str, scheme: &str, expect: Result<&str, &str>) {
    let port = server().await.port();
    let owner = Owner {
        tenant: TenantId::from_bytes([1; 16]),
        integration: Some(IntegrationId::from_bytes([1; 16])),
        origin: Some(format!("https://{host}:{port}")),
    };
    let client = clients().of(&owner).unwrap();
    let answer = client.get(format!("{scheme}://{host}:{port}/v1")).send().await;
    match (answer, expect) {
        (Ok(answer), Ok(text)) => assert_eq!(answer.text().await.unwrap(), text),
        (Err(error), Err(part)) => assert!(format!("{error:?}").contains(part), "{error:?}"),
        (other, _) => panic!("{host} {scheme}: {other:?}"),
    }
}

#[tokio::test]
async fn only_the_server_that_is_vouched_for_is_spoken_to() {
    check("sandbox.example", "https", Ok("hello")).await;
    check("other.example", "https", Err("NotValidForName")).await;
    check("sandbox.example", "http", Err("BadScheme")).await;
}
