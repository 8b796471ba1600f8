//! The broker against a real server on loopback: what leaves, what comes back, and what is
//! known when nothing does.

#[cfg(test)]
mod provider;
#[cfg(test)]
mod setup;

#[cfg(test)]
mod answers;
#[cfg(test)]
mod attachment;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod denials;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod records;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod webhooks;
