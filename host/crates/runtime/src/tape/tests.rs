//! That what is recorded is what is played, in order and without end.

use rand_core::TryRng as _;
use wasmtime_wasi::{HostMonotonicClock as _, HostWallClock as _};

use super::nature::{Monotonic, Random, Wall};
use super::*;
use crate::egress::{Body, Method};

fn recorded() -> (Effects, Vec<u64>, [u8; 16]) {
    let recorder = Recorder::new(10_000);
    let tape = Tape::Record(recorder.clone());
    let (wall, monotonic) = (Wall(tape.clone()), Monotonic { tape: tape.clone(), begun: std::time::Instant::now() });
    let mut bytes = [0; 16];
    Random(tape.clone()).try_fill_bytes(&mut bytes).unwrap();
    let seen = vec![
        u64::try_from(wall.now().as_nanos()).unwrap(),
        monotonic.now(),
        u64::try_from(wall.now().as_nanos()).unwrap(),
        tape.remaining_ms(17),
    ];
    (recorder.take().unwrap(), seen, bytes)
}

#[test]
fn what_was_seen_is_seen_again() {
    let (effects, seen, random) = recorded();
    assert!(seen[0] > 1_600_000_000_000_000_000 && random != [0; 16]);
    for _ in 0..2 {
        let tape = Tape::Play(Player::new(&effects));
        let (wall, monotonic) =
            (Wall(tape.clone()), Monotonic { tape: tape.clone(), begun: std::time::Instant::now() });
        let mut bytes = [0; 16];
        Random(tape.clone()).try_fill_bytes(&mut bytes).unwrap();
        let now = || u64::try_from(wall.now().as_nanos()).unwrap();
        assert_eq!((vec![now(), monotonic.now(), now(), tape.remaining_ms(3)], bytes), (seen.clone(), random));
        assert_eq!(now(), seen[2] + 1_000, "a clock that is read more often goes on");
        assert_eq!(tape.remaining_ms(3), 3);
    }
}

#[test]
fn random_numbers_beyond_the_recorded_are_the_same_each_time() {
    let (effects, _, recorded) = recorded();
    let play = || {
        let mut random = Random(Tape::Play(Player::new(&effects)));
        let mut bytes = [0; 64];
        random.try_fill_bytes(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(play(), play());
    assert_eq!(play()[..16], recorded);
    assert_ne!(play()[16..32], play()[32..48]);
}

#[test]
fn requests_and_answers_survive_the_cassette() {
    let request = |body| Request { body, ..Request::new(Method::Post, "/a") };
    let answers = [
        Ok(Response { status: 200, headers: vec![("a".to_owned(), "b".to_owned())], body: vec![0xff, 0] }),
        Ok(Response { status: 404, headers: Vec::new(), body: b"text".to_vec() }),
        Err(SendError::Denied("a".to_owned())),
        Err(SendError::Invalid("b".to_owned())),
        Err(SendError::Connect("c".to_owned())),
        Err(SendError::Timeout),
        Err(SendError::Interrupted("d".to_owned())),
        Err(SendError::TooLarge(7)),
        Err(SendError::Limit("e".to_owned())),
    ];
    let recorder = Recorder::new(100_000);
    let tape = Tape::Record(recorder.clone());
    for answer in &answers {
        let request = request(Body::Json("{}".to_owned()));
        tape.exchanged(tape.keep(&request), answer);
    }
    let json = serde_json::to_string(&recorder.take().unwrap()).unwrap();
    let read: Effects = serde_json::from_str(&json).unwrap();
    let given: Vec<_> = read.exchanges.iter().map(|exchange| convert::given(&exchange.response)).collect();
    assert_eq!(given, answers);
    assert_eq!(read.exchanges[0].request, convert::asked(&request(Body::Json("{}".to_owned()))));
}

#[test]
fn a_tape_that_is_too_small_keeps_nothing() {
    let recorder = Recorder::new(1_000);
    let tape = Tape::Record(recorder.clone());
    let request = Request::new(Method::Get, "/a");
    tape.exchanged(tape.keep(&request), &Ok(Response { status: 200, headers: Vec::new(), body: vec![b'a'; 2_000] }));
    tape.remaining_ms(1);
    assert_eq!(recorder.take(), None);
    assert!(Tape::Off.keep(&request).is_none());
}
