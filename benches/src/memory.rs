//! What the server takes while it does nothing, what it keeps after work, and how soon it is
//! there after a start.

use crate::execute::load::{self, Bound, Order};
use crate::execute::start_upstream;
use crate::execute::story::{Call, Story};
use crate::machine::{self, Side};
use crate::report::{Row, Section, Target};
use crate::samples::Samples;

/// Calls between the two looks at the memory.
const CALLS: usize = 5_000;
const CONNECTIONS: usize = 32;
/// Starts of each kind.
const STARTS: usize = 7;

/// Measures one server from its first start to its last.
pub(crate) fn measure() -> Vec<Section> {
    let upstream = start_upstream();
    let story = Story::begin(&crate::artefacts::folder(), &upstream.origin);
    let fresh = story.process.settled_memory();
    let story = story.restart();
    let idle = story.process.settled_memory();
    work(&story, Bound::Calls(CALLS), CONNECTIONS);
    let worked = story.process.settled_memory();
    let (story, starts) = start_again(story, Story::restart);
    let (_story, crashes) = start_again(story, Story::crash_and_restart);
    let mib = |what: &str, value: f64| Row::new(what, "MiB", value);
    let ms = |what: &str, value: f64| Row::new(what, "ms", value / 1e3);
    let rows = vec![
        mib("resident, idle: one plugin, one integration", idle).target(Target::AtMost(60.0)),
        mib("resident, after the plugin was uploaded and compiled", fresh),
        mib(&format!("resident, after {CALLS} calls over {CONNECTIONS} connections"), worked),
        ms("start on existing data, median", starts.ready.median()).target(Target::AtMost(100.0)),
        ms("start after a crash, median", crashes.ready.median()),
        ms("first call after a start, median", starts.first.median()),
    ];
    vec![Section { title: "the server".to_owned(), against: "", rows, notes: Vec::new() }]
}

/// Times of starts, and of the first call after each, which loads the plugin.
#[derive(Default)]
struct Starts {
    ready: Samples,
    first: Samples,
}

fn start_again(mut story: Story, again: impl Fn(Story) -> Story) -> (Story, Starts) {
    let mut starts = Starts::default();
    for _ in 0..STARTS {
        story = again(story);
        starts.ready.push(story.process.start);
        starts.first.append(work(&story, Bound::Calls(1), 1));
    }
    (story, starts)
}

fn work(story: &Story, bound: Bound, connections: usize) -> Samples {
    let [write, _] = Call::all();
    let order = Order::to(&story.process.origin, &story.integration, &story.token, &write);
    machine::on(Side::Generator, || {
        let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        thread.block_on(load::run(&order, connections, bound))
    })
}
