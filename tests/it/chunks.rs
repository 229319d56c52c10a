//! Every built-in profile that reads a stream gives the same readings for the same
//! bytes however they were cut into reads.

use std::fs;
use std::path::Path;

use pantau::clock::Mono;
use pantau::decode::{Decoded, Decoder};
use pantau::frame::Framer;
use pantau::profile::{FramingKind, Profile, Registry};

/// The bytes of a golden recording; of a hex dump all its lines together.
#[track_caller]
pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.extension().is_none_or(|ending| ending != "hex") {
        return bytes;
    }
    let text = String::from_utf8(bytes).unwrap();
    let words = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(str::split_whitespace);
    let digits: Vec<u8> = words.flat_map(str::bytes).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// All golden recordings of a profile that are bytes of a stream.
fn recordings(profile: &Profile) -> Vec<Vec<u8>> {
    let frames = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("device-profiles")
        .join(profile.id.as_ref())
        .join("frames");
    let mut paths: Vec<_> = ["ok", "bad"]
        .into_iter()
        .filter_map(|folder| fs::read_dir(frames.join(folder)).ok())
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|ending| ending == "bytes" || ending == "hex")
        })
        .collect();
    paths.sort();
    paths.iter().map(|path| bytes_of(path)).collect()
}

fn decoded(profile: &std::sync::Arc<Profile>, input: &[u8], chunk: usize) -> Vec<Decoded> {
    let mut framer = Framer::new(profile);
    let mut decoder = Decoder::new(std::sync::Arc::clone(profile));
    let mut found = Vec::new();
    let at = Mono::from_nanos(0);
    for piece in input.chunks(chunk) {
        framer.push(piece, at);
        found.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    if let FramingKind::Events { window } = profile.framing.kind {
        framer.tick(at.saturating_add(window));
        found.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    found.extend(std::iter::from_fn(|| framer.finish()));
    found
        .iter()
        .flat_map(|framed| decoder.decode_framed(framed, None))
        .map(|(_, decoded)| decoded)
        .collect()
}

#[test]
fn chunks_make_no_difference_to_any_profile() {
    let registry = Registry::built_in();
    let mut seen = 0;
    for (_, profile) in registry.iter() {
        if matches!(profile.framing.kind, FramingKind::Message) {
            continue;
        }
        let recordings = recordings(profile);
        assert!(
            recordings.len() >= 2,
            "{}: no recordings to cut up",
            profile.id
        );
        seen += 1;
        for input in recordings {
            let whole = decoded(profile, &input, usize::MAX);
            for chunk in 1..=64 {
                assert_eq!(
                    decoded(profile, &input, chunk),
                    whole,
                    "{} in pieces of {chunk}: {}",
                    profile.id,
                    input.escape_ascii()
                );
            }
        }
    }
    assert!(seen >= 20, "{seen} profiles");
}
