//! The store through its public boundary: every storage against one suite, the embedded one
//! against kills, damage and a full disk, and the typed layer above them.

#[cfg(test)]
mod cassettes;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod erase;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod power;
#[cfg(test)]
mod prune;
#[cfg(test)]
mod support;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod typed;
