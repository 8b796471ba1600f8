//! The packed form of a section: zlib (RFC 1950), and a bound on what it may grow to when it is unpacked.
//! It knows nothing of what is in one.

use std::borrow::Cow;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use gatehouse_domain::error::{Error, ErrorKind, Result};

/// The most that a packed section may hold: a small upload must not become a large one.
const MOST_UNPACKED: usize = 8 << 20;

/// The first byte of zlib with its usual window. JSON never begins with it, so that a section says itself what it is.
const ZLIB: u8 = 0x78;

/// The form in which a section is written: packed where that makes it smaller, else as it is. What is more than a
/// packed section may hold stays as it is too.
///
/// # Errors
/// Where the packer fails, which it does not in memory.
pub(crate) fn pack(data: Vec<u8>) -> Result<Vec<u8>> {
    if data.len() > MOST_UNPACKED {
        return Ok(data);
    }
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(&data).and_then(|()| packer.finish());
    let packed = packed.map_err(|error| Error::internal("a section can not be packed").caused_by(error))?;
    Ok(if packed.len() < data.len() { packed } else { data })
}

/// What is in a section called `name`, which is packed or not.
///
/// # Errors
/// [`ErrorKind::TooLarge`] where it grows to more than it may; [`ErrorKind::Invalid`] where it is cut or changed.
pub(crate) fn unpack<'a>(name: &str, data: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    if data.first() != Some(&ZLIB) {
        return Ok(Cow::Borrowed(data));
    }
    let mut unpacked = Vec::new();
    let mut source = ZlibDecoder::new(data);
    let read = source.by_ref().take(MOST_UNPACKED as u64 + 1).read_to_end(&mut unpacked);
    read.map_err(|error| {
        Error::invalid(format!("the section `{name}` does not unpack; package the plugin again")).caused_by(error)
    })?;
    if unpacked.len() > MOST_UNPACKED {
        let message = format!("the section `{name}` unpacks to more than {MOST_UNPACKED} bytes; put less into it");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    if source.total_in() != data.len() as u64 {
        return Err(Error::invalid(format!("the section `{name}` has bytes after its end; package the plugin again")));
    }
    Ok(Cow::Owned(unpacked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
        packer.write_all(data).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_is_packed_comes_back() {
        let long = format!("[{}]", ["\"the same words\""; 100].join(","));
        for (data, packed) in [("{}", false), ("", false), (long.as_str(), true)] {
            let written = pack(data.as_bytes().to_vec()).unwrap();
            assert_eq!(written.len() < data.len(), packed, "{data}");
            assert_eq!(unpack("s", &written).unwrap(), data.as_bytes());
            assert_eq!(pack(data.as_bytes().to_vec()).unwrap(), written);
        }
        let large = vec![b' '; MOST_UNPACKED + 1];
        assert_eq!(pack(large.clone()).unwrap(), large);
        assert_eq!(unpack("s", &large).unwrap(), large);
    }

    #[test]
    fn a_section_does_not_grow_beyond_its_bound_and_is_whole() {
        let check = |data: &[u8], kind: ErrorKind, expect: &str| {
            let error = unpack("gatehouse:docs", data).unwrap_err();
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.starts_with("the section `gatehouse:docs` "), "{error}");
            assert!(error.message.contains(expect), "{error}");
        };
        let most = zlib(&vec![b' '; MOST_UNPACKED]);
        assert_eq!(unpack("s", &most).unwrap().len(), MOST_UNPACKED);
        assert!(most.len() < 10_000, "a bomb is small");
        check(&zlib(&vec![b' '; MOST_UNPACKED + 1]), ErrorKind::TooLarge, "more than 8388608 bytes");
        check(&zlib(&vec![b' '; 4 * MOST_UNPACKED]), ErrorKind::TooLarge, "more than 8388608 bytes");
        let good = zlib(br#"{"a": "some text that is long enough"}"#);
        check(&good[..good.len() - 1], ErrorKind::Invalid, "does not unpack");
        check(&good[..1], ErrorKind::Invalid, "does not unpack");
        check(&[good.as_slice(), b"x"].concat(), ErrorKind::Invalid, "bytes after its end");
        let mut changed = good.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        check(&changed, ErrorKind::Invalid, "does not unpack");
        check(b"x is no JSON", ErrorKind::Invalid, "does not unpack");
    }
}
