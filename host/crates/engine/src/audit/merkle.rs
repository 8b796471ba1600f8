//! The Merkle tree hash of RFC 6962 §2.1: leaves and inner nodes are hashed under different first
//! bytes, so that none can be taken for the other.

use ring::digest::{Context, SHA256, digest};

/// SHA-256, which is 32 bytes.
pub(super) type Hash = [u8; 32];

/// The root over the leaves' data, in their order.
pub(super) fn root<D: AsRef<[u8]>>(leaves: impl IntoIterator<Item = D>) -> Hash {
    // A list that is empty has the hash of nothing.
    let mut leaves = leaves.into_iter().map(|data| join(0, &[data.as_ref()])).peekable();
    if leaves.peek().is_none() {
        return sized(digest(&SHA256, b"").as_ref());
    }
    // Whole trees, each at most half as large as the one before, with their sizes: the split of
    // the RFC at the largest power of two comes out by itself.
    let mut trees: Vec<(usize, Hash)> = Vec::new();
    for leaf in leaves {
        let (mut size, mut hash) = (1, leaf);
        while let Some((left, before)) = trees.pop_if(|(before, _)| *before == size) {
            (size, hash) = (size + left, join(1, &[&before, &hash]));
        }
        trees.push((size, hash));
    }
    let last = trees.pop().map(|(_, hash)| hash).unwrap_or_default();
    trees.iter().rev().fold(last, |right, (_, left)| join(1, &[left, &right]))
}

/// SHA-256 over a first byte and parts.
pub(super) fn join(first: u8, parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[first]);
    parts.iter().for_each(|part| context.update(part));
    sized(context.finish().as_ref())
}

fn sized(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    hash
}

#[cfg(test)]
mod tests {
    use super::super::hex;
    use super::*;

    /// The definition of the RFC, word by word.
    fn defined(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => sized(digest(&SHA256, b"").as_ref()),
            [one] => join(0, &[one]),
            more => {
                let mut split = 1;
                while split * 2 < more.len() {
                    split *= 2;
                }
                join(1, &[&defined(&more[..split]), &defined(&more[split..])])
            }
        }
    }

    #[test]
    fn the_root_is_the_one_of_the_definition() {
        for count in 0..70 {
            let leaves: Vec<Vec<u8>> = (0..count).map(|n| vec![n; usize::from(n)]).collect();
            assert_eq!(root(&leaves), defined(&leaves), "{count}");
        }
    }

    #[test]
    fn the_known_roots_of_certificate_transparency_come_out() {
        // The leaves and roots that implementations of RFC 6962 test themselves with.
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let check = |count: usize, expect: &str| assert_eq!(hex(&root(&leaves[..count])), expect, "{count}");
        check(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        check(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
        check(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
        check(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }
}
