//! Each serial family on a real pseudo-terminal: what a host sends, and what comes back.

use std::io::Write;

use super::*;
use crate::families::{Build, FAMILIES, Family};

/// What a host says, and what the answer or the pushes start with, at the latest after
/// the bytes that came before them.
const TALKS: &[(&str, &[u8], &[u8])] = &[
    ("gq-gmc300", b"<GETVER>>", b"GMC-300Re 4.54"),
    ("gq-gmc500", b"<GETVER>>", b"GMC-500+Re 2.40"),
    ("mightyohm", b"", b"CPS, "),
    ("gc10", b"", b"\r\n"),
    ("bgeigie", b"", b"$BNRDD,0002,"),
    ("radpro", b"GET tubeSensitivity\r\n", b"OK 153.800\r\n"),
    ("thermo-radeye", b"@X1\n", b">#\r\n\x02"),
    ("automess-6150ad", b"", b"\x02\x14"),
    ("ludlum-375", b"", b"0000.1000010\r\n"),
    ("ludlum-2363", b"RR\r\n", b"000003 000010 0000"),
    ("ludlum-3030", b"RS\n", b"$\r\n"),
    (
        "berthold-lb134",
        b"*0001900101030102**\r",
        b"*9001000101030102",
    ),
    ("atomtex-bdkg05", b"\x01\x07\xE2\x41", b"\x01\x07\x00"),
    ("canberra-adm300", b"\r\nU}\r\n", b"\r\n01a010-1 "),
    (
        "mirion-accurad",
        b"\x7E\x04\x00\x11\xA7\x1E\x43\xE7",
        b"#!AccuRad!#\x33\x00\x01\x00\x81",
    ),
    (
        "radex-one",
        b"\x7B\xFF\x20\x00\x06\x00\x18\x00\x00\x00\x46\x00\x00\x08\x0C\x00\xF3\xF7",
        b"\x7A\xFF\x20\x80\x16\x00\x18\x00",
    ),
    (
        "bosean-fs5000",
        b"\xAA\x05\x0E\x01\xBE\x55",
        b"DR:0.10uSv/h;D:",
    ),
    ("gamma-scout", b"O0", b"I0002000"),
    ("blackcat-gm10", b"", b""),
    ("alphahound", b"D", b"10.00\r\n"),
    ("nmea-gps", b"", b"$GPRMC,"),
    (
        "modbus-rtu",
        b"\x01\x04\x00\x00\x00\x02\x71\xCB",
        b"\x01\x04\x04\x3D\xCC\xCC\xCD",
    ),
];

#[test]
fn every_serial_family_has_a_talk() {
    let serial = FAMILIES
        .iter()
        .filter(|family| matches!(family.build, Build::Serial(_)));
    let named: Vec<&str> = serial.map(|family| family.name).collect();
    let talked: Vec<&str> = TALKS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(named, talked);
}

/// Says `asked`, again and again as a host that polls does, until `expected` came.
async fn talk(port: &Path, asked: &[u8], expected: &[u8]) -> Result<(), Vec<u8>> {
    let mut host = open(port);
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    for round in 0..2_000 {
        if round % 100 == 0 {
            host.write_all(asked).unwrap();
        }
        match host.read(&mut buffer) {
            Ok(n) => heard.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
        let found = heard
            .windows(expected.len().max(1))
            .any(|part| part.starts_with(expected));
        if found {
            return Ok(());
        }
    }
    Err(heard)
}

#[tokio::test]
async fn every_serial_family_talks_on_its_port() {
    for (name, asked, expected) in TALKS {
        let Build::Serial(build) = Family::named(name).unwrap().build else {
            panic!("{name} is not on a line");
        };
        let handle = Mock::serial(build(1)).spawn(&fast(50.0)).unwrap();
        let heard = talk(&handle.port().unwrap(), asked, expected).await;
        assert!(heard.is_ok(), "{name}: {:x?}", heard.unwrap_err());
        handle.stop().await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_longer_than_the_terminal_comes_whole() {
    let Build::Serial(build) = Family::named("alphahound").unwrap().build else {
        panic!("it is not on a line");
    };
    let handle = Mock::serial(build(1)).spawn(&fast(10.0)).unwrap();
    let mut host = open(&handle.port().unwrap());
    host.write_all(b"G").unwrap();
    let text = read_until(&mut host, n_lines(1_027)).await;
    assert_eq!(text.lines().count(), 1_027);
    assert!(text.ends_with(&format!(",{:.2}\r\n", 1_023.0 * 7.4)), "cut");
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn answers_go_through_the_faults_too() {
    let Build::Serial(build) = Family::named("ludlum-2363").unwrap().build else {
        panic!("it is not on a line");
    };
    let handle = Mock::serial(build(1))
        .faults(faults(&["glued=2", "overload"]))
        .spawn(&fast(100.0))
        .unwrap();
    let mut host = open(&handle.port().unwrap());
    let overload = |text: &str| text.contains(" 999999 ");
    // The first answers may be from before the first second was over.
    let mut text = String::new();
    while !overload(&text) {
        host.write_all(b"RR\r\nRR\r\nRR\r\nRR\r\n").unwrap();
        text = read_until(&mut host, n_lines(2)).await;
    }
    let longest = text.lines().map(str::len).max();
    assert_eq!(longest, Some(40), "two glued: {text}");
    handle.stop().await.unwrap();
}
