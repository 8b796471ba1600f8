//! What is kept of what a version shows of itself in the marketplace: where each part lies, and what
//! kind of thing it is. The parts themselves are files by their digests.

use serde::{Deserialize, Serialize};

/// The parts that a version shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<Part>,
    /// What it is and how to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readme: Option<Part>,
    /// What changed with each version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog: Option<Part>,
    /// What it looks like in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub screenshots: Vec<Part>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// SHA-256 of its bytes, in hexadecimal, which is the file's name.
    pub digest: String,
    /// What it is.
    pub media: Media,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A drawing.
    Svg,
    /// Text in Markdown.
    Markdown,
    /// An image.
    Png,
    /// A photograph.
    Jpeg,
}

impl Shown {
    /// Every part.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let Self { icon, readme, changelog, screenshots } = self;
        icon.iter().chain(readme).chain(changelog).chain(screenshots)
    }
}

impl Media {
    /// What an image is by its first bytes (PNG §5.2, JPEG ITU-T T.81 §B.1.1.3).
    pub fn of_image(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            _ => None,
        }
    }

    /// The media type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// How a file of it ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Markdown => "md",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_first_bytes() {
        let check = |bytes: &[u8], expect: Option<Media>| assert_eq!(Media::of_image(bytes), expect, "{bytes:?}");
        check(b"\x89PNG\r\n\x1a\n", Some(Media::Png));
        check(b"\xff\xd8\xff\xe0", Some(Media::Jpeg));
        for other in [b"".as_slice(), b"\x89PNG", b"GIF89a", b"<svg>", b"\xff\xd8", b"RIFF\0\0\0\0WEBP"] {
            check(other, None);
        }
    }
}
