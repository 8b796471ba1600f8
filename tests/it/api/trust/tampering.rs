//! One byte changed anywhere, and everything else that makes a signature no good: each is refused
//! with its own reason, and leaves nothing behind.

use super::{Author, User, done, flip, gateway, signature, signed_only, upload};
use crate::harness::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_to_be_untrusted_has_its_own_reason() {
    let server = Server::start_with(&[signed_only()]);
    let (author, thief) = (Author::new(&server, "acme", "acme.key"), Author::new(&server, "acme", "thief.key"));
    let good = gateway("1.0.0", "Acme Inc.");
    let signed = author.sign(&good);
    let refuse = async |component: &[u8], text: Option<&str>, reason: &str| {
        upload(&server, component.to_vec(), text).await.expect_problem(403, reason);
    };
    refuse(&good, None, "the upload has no signature").await;
    refuse(&good, Some(&signed), "signed by `acme`, whom this deployment does not know").await;
    author.enter().await;
    refuse(&good, Some(&thief.sign(&good)), "the publisher `acme` has no key").await;
    // The thief says that it is the author's key.
    let claimed = thief.sign(&good).replace(&thief.key_id, &author.key_id);
    refuse(&good, Some(&claimed), "over this statement: one of the two was changed").await;
    refuse(&good, Some(&signed.replace("\"1.0.0\"", "\"1.0.1\"")), "one of the two was changed").await;
    refuse(&good, Some(&signed.replace("gatehouse-plugin 1", "gatehouse-plugin 2")), "its first line has to be").await;
    refuse(&good, Some(&signed.replace("{\"publisher\"", "{ \"publisher\"")), "in the one way that counts").await;
    refuse(&good, Some(signed.trim_end()), "three lines").await;
    refuse(&good, Some(&author.sign(&gateway("1.0.1", "acme"))), "its manifest is not what the signature is for").await;
    let other = gateway("1.0.0", "Somebody Else");
    refuse(&other, Some(&author.sign(&other)), "names `Somebody Else` as its publisher").await;
    let header = [("gatehouse-signature", "?")];
    server.operator().post_bytes("/plugins", good.clone(), &header).await.expect_problem(422, "is not the base64");
    let known = server.operator().get("/plugins/available").await.expect(200);
    assert_eq!(known["items"].as_array().unwrap().len(), 0, "{known:#}");

    upload(&server, good, Some(&signed)).await.expect(201);
    let said = signature(&server).await;
    assert_eq!((said["state"].as_str(), said["publisher"].as_str()), (Some("signed"), Some("acme")), "{said:#}");
    assert_eq!(said["key"], author.key_id);
    let user = User::new(&server, "1.0.0").await;
    assert_eq!(user.install().await["signature"], said);
    user.works().await;
    let server = server.kill_and_restart();
    user.moved_to(&server).works().await;
}

/// Every byte of the component and of the signature counts. All of the signature's are tried, and
/// of the component every seventh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_can_be_changed() {
    let server = Server::start_with(&[signed_only()]);
    let author = Author::new(&server, "acme", "acme.key");
    author.enter().await;
    let good = gateway("1.0.0", "acme");
    let signed = author.sign(&good);
    let mut refused = 0;
    for at in (0..good.len()).step_by(7) {
        let mut changed = good.clone();
        changed[at] ^= 1;
        upload(&server, changed, Some(&signed)).await.expect_problem(403, "was changed after it was signed");
        refused += 1;
    }
    for at in 0..signed.len() {
        let mut changed = signed.clone().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        upload(&server, good.clone(), Some(&changed)).await.expect_problem(403, "forbidden");
        refused += 1;
    }
    assert!(refused > 500, "only {refused} changes were tried");
    upload(&server, good, Some(&signed)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_on_the_disk_does_not_run() {
    let server = Server::start_with(&[signed_only()]);
    let author = Author::new(&server, "acme", "acme.key");
    author.enter().await;
    let component = gateway("1.0.0", "acme");
    let signed = author.sign(&component);
    let digest = upload(&server, component, Some(&signed)).await.expect(201)["plugin"]["digest"].clone();
    let user = User::new(&server, "1.0.0").await;
    user.works().await;
    let stopped = server.kill();
    let file = stopped.data().join("artefacts").join(digest.as_str().unwrap());
    // The compiled code in the cache is whole, and is not used all the same.
    flip(&file, 40);
    let server = stopped.start_again();
    assert!(server.output().contains("this plugin version will not run"), "{}", server.output());
    let answer = user.moved_to(&server).call(7).await;
    assert!(answer.status >= 500, "{answer:?}");
    let stopped = server.kill();
    flip(&file, 40);
    let server = stopped.start_again();
    user.moved_to(&server).works().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_tells_without_a_server() {
    let server = Server::start(&[]);
    let author = Author::new(&server, "acme", "acme.key");
    author.sign(&gateway("1.0.0", "acme"));
    let file = server.place("to-sign.wasm");
    let verify = ["plugin", "verify", "to-sign.wasm", "--public-key", "acme.key.pub"];
    assert!(done(server.command(&verify)).contains("small 1.0.0 is as acme signed it"));
    let refuse = |arguments: &[&str], reason: &str| {
        let output = server.command(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(reason), "{arguments:?}: {said}");
    };
    let size = std::fs::metadata(&file).unwrap().len() as usize;
    flip(&file, 40);
    refuse(&verify, "its bytes are not what the signature is for");
    flip(&file, 40);
    flip(&file, size - 8);
    refuse(&verify, "the component was changed after it was signed");
    flip(&file, size - 8);
    Author::new(&server, "acme", "other.key");
    refuse(&["plugin", "verify", "to-sign.wasm", "--public-key", "other.key.pub"], "and the public key is that of");
    refuse(&["plugin", "keygen", "--out", "acme.key"], "is left as it is");
    refuse(&["plugin", "sign", "to-sign.wasm", "--key", "acme.key.pub", "--publisher", "acme"], "acme.key.pub");
    refuse(&["plugin", "sign", "to-sign.wasm", "--key", "acme.key", "--publisher", "Acme"], "`Acme` is not an id");
    // Others may read it: it is secret no more.
    let key = server.place("acme.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    refuse(&["plugin", "sign", "to-sign.wasm", "--key", "acme.key", "--publisher", "acme"], "chmod 600");
}
