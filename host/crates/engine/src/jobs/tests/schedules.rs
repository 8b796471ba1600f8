//! Schedules: expressions, missed ticks, clocks that jump.

use gatehouse_domain::ErrorKind;
use gatehouse_domain::job::Class;
use gatehouse_domain::schedule::{CatchUp, Every, Schedule};
use gatehouse_domain::time::{SignedDuration, Timestamp};
use gatehouse_store::Page;
use serde_json::json;

use super::support::*;
use crate::jobs::NewSchedule;
use crate::jobs::cron::Rhythm;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn cron(expression: &str) -> Every {
    Every::Cron { expression: expression.to_owned() }
}

fn schedule(every: Every, catch_up: CatchUp) -> NewSchedule {
    NewSchedule {
        name: "nightly".into(),
        tenant: None,
        every,
        catch_up,
        kind: "test".into(),
        payload: json!(1),
        class: Class::Normal,
        unique: None,
        group: None,
    }
}

async fn set(bench: &Bench, new: NewSchedule) -> Schedule {
    let mut change = bench.jobs.0.store.change();
    let schedule = bench.jobs.schedule(&mut change, new).await.unwrap();
    change.commit().await.unwrap();
    schedule
}

/// How many jobs there are once everything due has ticked; they are done away with.
async fn ticked(bench: &mut Bench) -> usize {
    let mut count = 0;
    loop {
        let claimed = bench.claim(32).await;
        if claimed.is_empty() {
            return count;
        }
        for claimed in claimed {
            bench.done(&claimed).await;
            count += 1;
        }
    }
}

#[test]
fn an_expression_names_its_ticks() {
    let check = |every: Every, from: &str, expect: &[&str]| {
        let rhythm = Rhythm::of(&every).unwrap();
        let mut moment: Timestamp = from.parse().unwrap();
        for tick in expect {
            moment = rhythm.next(moment).unwrap();
            assert_eq!(moment, tick.parse().unwrap(), "{every:?}");
            let later = moment + SignedDuration::from_millis(900);
            assert_eq!(rhythm.last(moment, later).unwrap(), moment, "{every:?}");
        }
    };
    check(cron("0 3 * * 1-5"), "2027-01-01T02:59:59.5Z", &["2027-01-01T03:00:00Z", "2027-01-04T03:00:00Z"]);
    check(cron("*/15 * * * *"), "2027-01-01T00:00:00Z", &["2027-01-01T00:15:00Z", "2027-01-01T00:30:00Z"]);
    check(cron("30 0 29 2 *"), "2027-01-01T00:00:00Z", &["2028-02-29T00:30:00Z", "2032-02-29T00:30:00Z"]);
    check(Every::Interval { seconds: 90 }, "2027-01-01T00:00:10Z", &["2027-01-01T00:01:40Z", "2027-01-01T00:03:10Z"]);
}

#[tokio::test]
async fn what_is_no_schedule_is_refused_with_its_words() {
    let bench = Bench::new().await;
    for (new, part) in [
        (schedule(cron("* * * *"), CatchUp::One), "`* * * *`"),
        (schedule(cron("* * * * * *"), CatchUp::One), "five fields"),
        (schedule(cron("61 * * * *"), CatchUp::One), "`61 * * * *`"),
        (schedule(cron("0 0 30 2 *"), CatchUp::One), "never ticks"),
        (schedule(cron(""), CatchUp::One), "five fields"),
        (schedule(Every::Interval { seconds: 0 }, CatchUp::One), "0 s"),
        (schedule(Every::Interval { seconds: u32::MAX }, CatchUp::One), "31536000"),
        (NewSchedule { name: String::new(), ..schedule(cron("* * * * *"), CatchUp::One) }, "name"),
        (NewSchedule { kind: "A".into(), ..schedule(cron("* * * * *"), CatchUp::One) }, "`A`"),
    ] {
        let mut change = bench.jobs.0.store.change();
        let error = bench.jobs.schedule(&mut change, new).await.unwrap_err();
        assert!(error.kind == ErrorKind::Invalid && error.message.contains(part), "{error}");
    }
}

#[tokio::test]
async fn each_tick_makes_one_job() {
    let mut bench = Bench::new().await;
    set(&bench, schedule(cron("*/5 * * * *"), CatchUp::One)).await;
    let mut made = 0;
    for _ in 0..600 {
        bench.go(61);
        made += ticked(&mut bench).await;
        assert_eq!(ticked(&mut bench).await, 0);
    }
    assert_eq!(made, 600 * 61 / 300);
}

#[tokio::test]
async fn missed_ticks_are_made_up_for_as_the_schedule_says() {
    for (catch_up, late, expected) in [
        (CatchUp::Skip, 3 * HOUR + 600, 0),
        (CatchUp::Skip, 3 * HOUR + 30, 1),
        (CatchUp::Skip, HOUR, 1),
        (CatchUp::One, 3 * HOUR + 600, 1),
        (CatchUp::All, 3 * HOUR + 600, 3),
        (CatchUp::All, 200 * HOUR, 200),
        (CatchUp::One, HOUR - 1, 0),
    ] {
        for every in [cron("0 * * * *"), Every::Interval { seconds: 3600 }] {
            let mut bench = Bench::new().await;
            set(&bench, schedule(every.clone(), catch_up)).await;
            bench.go(late);
            assert_eq!(ticked(&mut bench).await, expected, "{catch_up:?} {every:?} {late}");
            bench.go(HOUR - late % HOUR);
            assert_eq!(ticked(&mut bench).await, 1, "{catch_up:?} {every:?}: the tick after");
        }
    }
}

#[tokio::test]
async fn a_key_keeps_ticks_from_piling_up() {
    let bench = Bench::new().await;
    let keyed = NewSchedule { unique: Some("k".into()), ..schedule(cron("* * * * *"), CatchUp::All) };
    set(&bench, keyed).await;
    for _ in 0..5 {
        bench.go(60);
        bench.turn().await;
    }
    assert_eq!(bench.jobs.counts().await.unwrap().kinds["test"].ready, 1);
}

#[tokio::test]
async fn a_schedule_can_be_changed_and_taken_away() {
    let mut bench = Bench::new().await;
    let first = set(&bench, schedule(Every::Interval { seconds: 100 }, CatchUp::One)).await;
    bench.go(60);
    let same = NewSchedule { payload: json!(2), ..schedule(Every::Interval { seconds: 100 }, CatchUp::One) };
    assert_eq!(set(&bench, same).await.next_at, first.next_at);
    bench.go(40);
    assert_eq!(number(&bench.claim_one().await), 2);
    set(&bench, schedule(Every::Interval { seconds: 10 }, CatchUp::One)).await;
    bench.go(10);
    assert_eq!(ticked(&mut bench).await, 1);
    assert_eq!(bench.jobs.schedules(&Page::first(9)).await.unwrap().items.len(), 1);
    let mut change = bench.jobs.0.store.change();
    bench.jobs.unschedule(&mut change, "nightly").await.unwrap();
    change.commit().await.unwrap();
    bench.go(DAY);
    assert_eq!(ticked(&mut bench).await, 0);
    let mut change = bench.jobs.0.store.change();
    let error = bench.jobs.unschedule(&mut change, "nightly").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_neither_stalls_nor_doubles() {
    for (every, period) in
        [(cron("*/10 * * * *"), 600), (Every::Interval { seconds: 600 }, 600), (cron("0 * * * *"), HOUR)]
    {
        let mut bench = Bench::new().await;
        set(&bench, schedule(every.clone(), CatchUp::One)).await;
        for jump in [DAY, -DAY, -DAY, DAY, -DAY] {
            bench.go(jump);
            if jump < 0 {
                bench.jobs.clock_set_back(bench.jobs.now()).await.unwrap();
            }
            let at_once = ticked(&mut bench).await;
            assert!(at_once <= 1, "{every:?} {jump}: {at_once} at once");
            // Ten periods of real time make ten ticks, one more or less at the ends.
            let mut made = 0;
            for _ in 0..10 {
                bench.go(period);
                made += ticked(&mut bench).await;
            }
            assert!((9..=11).contains(&made), "{every:?} {jump}: {made} ticks in ten periods");
        }
    }
}

#[tokio::test]
async fn a_small_step_back_makes_no_tick_twice() {
    let mut bench = Bench::new().await;
    set(&bench, schedule(cron("0 * * * *"), CatchUp::One)).await;
    bench.go(HOUR);
    assert_eq!(ticked(&mut bench).await, 1);
    for _ in 0..5 {
        bench.go(-60);
        bench.jobs.clock_set_back(bench.jobs.now()).await.unwrap();
        bench.go(60);
        assert_eq!(ticked(&mut bench).await, 0);
    }
    bench.go(HOUR);
    assert_eq!(ticked(&mut bench).await, 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_while_the_server_was_down_is_noticed_at_its_start() {
    let mut bench = Bench::new().await;
    set(&bench, schedule(cron("*/10 * * * *"), CatchUp::One)).await;
    bench.go(DAY);
    assert_eq!(ticked(&mut bench).await, 1);
    bench.jobs.note_time(bench.jobs.now()).await.unwrap();
    bench.go(-DAY);
    let mut bench = bench.restart().await;
    bench.go(600);
    assert_eq!(ticked(&mut bench).await, 1);
}
