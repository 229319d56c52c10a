//! `pantau ports`, `pantau probe` and `pantau profile decode --explain`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use firmware_mocks::families::mightyohm;
use firmware_mocks::mock::Mock;
use firmware_mocks::scenario::Scenario;

use crate::support::{Home, json_lines, pantau};

/// A USB adapter as `/sys` and `/dev` show it.
fn plug(root: &Path, name: &str, socket: &str, serial: &str) {
    let usb = root.join(format!("sys/devices/usb1/1-{socket}"));
    let device = usb.join(format!("1-{socket}:1.0/{name}"));
    fs::create_dir_all(&device).unwrap();
    for (file, text) in [
        ("idVendor", "10c4"),
        ("idProduct", "ea60"),
        ("product", "CP2102"),
        ("serial", serial),
    ] {
        fs::write(usb.join(file), format!("{text}\n")).unwrap();
    }
    let class = root.join(format!("sys/class/tty/{name}"));
    fs::create_dir_all(&class).unwrap();
    symlink(&device, class.join("device")).unwrap();
    for (folder, link) in [
        ("by-id", format!("usb-CP2102_{serial}-{name}")),
        ("by-path", format!("usb-0:{socket}:1.0-port0")),
    ] {
        let folder = root.join("dev/serial").join(folder);
        fs::create_dir_all(&folder).unwrap();
        symlink(format!("../../{name}"), folder.join(link)).unwrap();
    }
}

#[test]
fn equal_adapters_are_told_apart_by_their_sockets() {
    let home = Home::new();
    let root = home.path("machine");
    plug(&root, "ttyUSB0", "3", "0001");
    plug(&root, "ttyUSB1", "4", "0001");
    plug(&root, "ttyUSB2", "5", "A10K");
    let root = root.to_str().unwrap();
    let output = pantau(&home, &["ports", "--root", root, "--format", "table"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert_eq!(
        names,
        [
            "/dev/serial/by-path/usb-0:3:1.0-port0",
            "/dev/serial/by-path/usb-0:4:1.0-port0",
            "/dev/serial/by-id/usb-CP2102_A10K-ttyUSB2",
        ],
        "{text}"
    );
    let output = pantau(&home, &["ports", "--root", root]);
    let ports = json_lines(&output);
    assert_eq!(ports.len(), 3);
    assert_eq!(ports[2]["device"], "/dev/ttyUSB2");
    assert_eq!(ports[2]["usb"]["serial"], "A10K");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_shows_frames_and_what_each_byte_is() {
    let home = Home::new();
    let link = home.path("port");
    let mock = Mock::serial(mightyohm::Options::default().firmware(1))
        .link(link.clone())
        .spawn(&Scenario::quiet(0.1))
        .unwrap();
    let port = link.to_str().unwrap().to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let verb = [
            "probe",
            &port,
            "--profile",
            "mightyohm",
            "--frames",
            "6",
            "--for",
            "20s",
        ];
        pantau(&home, &verb)
    })
    .await
    .unwrap();
    mock.stop().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let frames = json_lines(&output);
    assert_eq!(frames.len(), 6);
    let reading = frames
        .iter()
        .find(|frame| frame["outcomes"][0]["outcome"] == "reading")
        .unwrap();
    let spans = reading["bytes"].as_array().unwrap();
    assert!(spans.iter().any(|span| span["what"] == "cpm"), "{reading}");
    assert!(reading["hex"].as_str().unwrap().starts_with("43 50 53"));
}

#[test]
fn a_probe_that_reads_nothing_fails() {
    let home = Home::new();
    let port = home.path("nothing");
    let verb = [
        "probe",
        port.to_str().unwrap(),
        "--profile",
        "mightyohm",
        "--for",
        "1s",
    ];
    let output = pantau(&home, &verb);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("nothing"), "{complaint}");
}

#[test]
fn a_recorded_frame_is_explained_byte_by_byte() {
    let home = Home::new();
    let file = home.write("frame.txt", "CPS, 1, CPM, 21, uSv/hr, 0.11, SLOW\r\n");
    let verb = [
        "profile",
        "decode",
        "mightyohm",
        file.to_str().unwrap(),
        "--explain",
    ];
    let output = pantau(&home, &verb);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("frame 1\n"), "{text}");
    let line = text.lines().find(|line| line.contains("cpm ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..3], ["12", "cpm", "21"], "{line}");
}
