//! The product is cut off at its commits, before and after each, while it does all that it can do; a
//! process that is started again on what is left ends with the same effects, told of truly.
//!
//! The store keeps a commit whole or not at all, so a process that dies anywhere between two commits
//! leaves what one leaves that dies at the first of them. `cargo xtask crash` tries every commit.

mod life;
mod storage;
mod story;

use std::collections::BTreeSet;

use storage::Cut;
use story::Story;

/// What the command passes on: how many cuts are tried, and what they follow from.
const CUTS: &str = "CRASH_CUTS";
const SEED: &str = "CRASH_SEED";

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn run(cut: Cut) -> (Vec<String>, Option<String>) {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut story = Story::begin(&threads, cut);
    story.tell();
    story.check();
    (story.passed(), story.cut_at)
}

#[test]
fn whatever_commit_a_process_ends_at_the_next_one_ends_well() {
    let (seed, cuts) = (setting(SEED, 7), setting(CUTS, 10));
    let (commits, _) = run(Cut::Never);
    let mut names: BTreeSet<String> = commits.iter().cloned().collect();
    let all = 2 * commits.len();
    let mut met = BTreeSet::new();
    for number in 0..cuts.min(all) {
        // Spread over all of them, and elsewhere with every seed.
        let moment = if cuts >= all { number } else { (seed * 31 + number * all / cuts) % all };
        let cut = if moment % 2 == 0 { Cut::Before(moment / 2) } else { Cut::After(moment / 2) };
        println!("{cut:?}, which was {:?}", commits[moment / 2]);
        let (passed, cut_at) = run(cut);
        met.extend(cut_at);
        names.extend(passed);
    }
    names.iter().for_each(|name| println!("  {name}"));
    assert!(names.len() >= 60, "only {} kinds of commits are passed", names.len());
    println!("{} commits in a life, {} kinds of commits in all", commits.len(), names.len());
    println!("{} cuts at {} kinds of commits", cuts.min(all), met.len());
}
