//! The serial ports of this machine: their stable names, the adapters behind
//! them, and who holds them, from `/sys`, `/dev` and `/proc`.
//!
//! Nothing is opened: opening a port moves its control lines, and restarts some
//! instruments.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How many folders above a port its USB device may lie.
const USB_DEPTH: usize = 6;

/// One serial port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Its device, as in `/dev/ttyUSB0`; the kernel may give it another name
    /// next time.
    pub device: PathBuf,
    /// Links that follow the adapter, whatever socket it is in.
    pub by_id: Vec<PathBuf>,
    /// Links that follow the socket, whatever adapter is in it.
    pub by_path: Vec<PathBuf>,
    /// The USB adapter, if it is one.
    pub usb: Option<Usb>,
    /// Name of the kernel's driver.
    pub driver: Option<String>,
    /// Who may open it.
    pub access: Option<Access>,
    /// Who has it open, as far as that may be seen.
    pub holders: Vec<Holder>,
}

/// A USB adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usb {
    /// Vendor, four hex digits.
    pub vendor: String,
    /// Product, four hex digits.
    pub product: String,
    /// Serial number; cheap adapters have none, or all the same.
    pub serial: Option<String>,
    /// Name of the product.
    pub name: Option<String>,
}

/// Who may open a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Mode in octal, as in `660`.
    pub mode: String,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether that includes us.
    pub allowed: bool,
}

/// A process that has a port open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub command: String,
}

/// The adapter with the configured serial number is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongAdapter {
    /// Another one is in its place.
    #[error("`{}` is the adapter `{found}`, the configuration expects `{expected}`", port.display())]
    Other {
        /// The configured path.
        port: PathBuf,
        /// As configured.
        expected: String,
        /// As found.
        found: String,
    },
    /// None is in its place.
    #[error("no adapter `{expected}` is plugged in, nor is there `{}`", port.display())]
    Absent {
        /// The configured path.
        port: PathBuf,
        /// As configured.
        expected: String,
    },
    /// More than one has this number.
    #[error("{count} adapters call themselves `{expected}`; name the port by its socket (by-path)")]
    Ambiguous {
        /// As configured.
        expected: String,
        /// How many.
        count: usize,
    },
}

/// The device of the adapter with this serial number: that of `port`, or the one
/// it has now.
///
/// # Errors
///
/// [`WrongAdapter`] when it is not plugged in, or cannot be told from others.
pub fn find_adapter(port: &Path, serial: &str) -> Result<PathBuf, WrongAdapter> {
    find_adapter_under(Path::new("/"), port, serial)
}

fn find_adapter_under(root: &Path, port: &Path, serial: &str) -> Result<PathBuf, WrongAdapter> {
    let ports = scan_devices(root);
    let number = |port: &Port| port.usb.as_ref().and_then(|usb| usb.serial.clone());
    let device = fs::canonicalize(within(root, port)).ok();
    let here = ports
        .iter()
        .find(|known| device.as_deref() == Some(&within(root, &known.device)));
    if let Some(here) = here
        && number(here).as_deref() == Some(serial)
    {
        return Ok(port.to_owned());
    }
    let same: Vec<&Port> = ports
        .iter()
        .filter(|port| number(port).as_deref() == Some(serial))
        .collect();
    match (same.as_slice(), here) {
        ([only], _) => Ok(only.device.clone()),
        ([], Some(here)) => Err(WrongAdapter::Other {
            port: port.to_owned(),
            expected: serial.to_owned(),
            found: number(here).unwrap_or_else(|| "without a number".to_owned()),
        }),
        ([], None) => Err(WrongAdapter::Absent {
            port: port.to_owned(),
            expected: serial.to_owned(),
        }),
        (several, _) => Err(WrongAdapter::Ambiguous {
            expected: serial.to_owned(),
            count: several.len(),
        }),
    }
}

/// All serial ports under `root`, which is `/` but for tests, by device.
pub fn scan(root: &Path) -> Vec<Port> {
    let mut ports = scan_devices(root);
    let holders = all_holders(root);
    for port in &mut ports {
        port.by_id = links(root, "dev/serial/by-id", &port.device);
        port.by_path = links(root, "dev/serial/by-path", &port.device);
        port.access = access(root, &port.device);
        port.holders = holders
            .iter()
            .filter(|(device, _)| *device == port.device)
            .map(|(_, holder)| holder.clone())
            .collect();
    }
    ports
}

/// The ports without what is only of interest to people.
fn scan_devices(root: &Path) -> Vec<Port> {
    let class = root.join("sys/class/tty");
    let mut ports = Vec::new();
    for name in names(&class) {
        let folder = class.join(&name);
        let device = folder.join("device");
        // Terminals without a device are virtual; a port of type 0 has a name
        // and no hardware.
        if !device.exists() || line(&folder.join("type")).as_deref() == Some("0") {
            continue;
        }
        ports.push(Port {
            device: Path::new("/dev").join(&name),
            by_id: Vec::new(),
            by_path: Vec::new(),
            usb: usb(&device),
            driver: fs::read_link(device.join("driver"))
                .ok()
                .and_then(|target| Some(target.file_name()?.to_string_lossy().into_owned())),
            access: None,
            holders: Vec::new(),
        });
    }
    ports
}

/// An absolute path of the system, under the root.
fn within(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The names in a folder, in order; none when it is not there.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The first line of a file, if there is one with something in it.
fn line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The USB device above a port, which has the ids of the adapter.
fn usb(device: &Path) -> Option<Usb> {
    let start = fs::canonicalize(device).ok()?;
    let folder = start
        .ancestors()
        .take(USB_DEPTH)
        .find(|folder| folder.join("idVendor").is_file())?;
    Some(Usb {
        vendor: line(&folder.join("idVendor"))?,
        product: line(&folder.join("idProduct"))?,
        serial: line(&folder.join("serial")),
        name: line(&folder.join("product")),
    })
}

/// The links in a folder that lead to a device.
fn links(root: &Path, folder: &str, device: &Path) -> Vec<PathBuf> {
    let is_it = |target: &Path| target.file_name() == device.file_name();
    names(&root.join(folder))
        .into_iter()
        .filter(|name| fs::read_link(root.join(folder).join(name)).is_ok_and(|t| is_it(&t)))
        .map(|name| Path::new("/").join(folder).join(name))
        .collect()
}

fn access(root: &Path, device: &Path) -> Option<Access> {
    let metadata = fs::metadata(within(root, device)).ok()?;
    let mode = metadata.mode() & 0o777;
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let us = Us::of(root);
    let bits = if us.uid == Some(0) {
        0o6
    } else if us.uid == Some(uid) {
        mode >> 6
    } else if us.groups.contains(&gid) {
        mode >> 3
    } else {
        mode
    };
    Some(Access {
        mode: format!("{mode:03o}"),
        uid,
        gid,
        allowed: bits & 0o6 == 0o6,
    })
}

/// As whom we run.
#[derive(Debug, Default)]
struct Us {
    uid: Option<u32>,
    groups: BTreeSet<u32>,
}

impl Us {
    fn of(root: &Path) -> Self {
        let mut us = Self::default();
        let text = fs::read_to_string(root.join("proc/self/status")).unwrap_or_default();
        for line in text.lines() {
            let Some((key, rest)) = line.split_once(':') else {
                continue;
            };
            // Real, effective, saved and file system id, in this order.
            let mut numbers = rest.split_whitespace().filter_map(|word| word.parse().ok());
            match key {
                "Uid" => us.uid = numbers.nth(1),
                "Gid" => us.groups.extend(numbers.nth(1)),
                "Groups" => us.groups.extend(numbers),
                _ => {}
            }
        }
        us
    }
}

/// Who has which device of `/dev` open, as far as we may look.
fn all_holders(root: &Path) -> Vec<(PathBuf, Holder)> {
    let proc = root.join("proc");
    let mut held = Vec::new();
    for name in names(&proc) {
        let Ok(pid) = name.parse::<u32>() else {
            continue;
        };
        let folder = proc.join(&name);
        let open: BTreeSet<PathBuf> = names(&folder.join("fd"))
            .into_iter()
            .filter_map(|fd| fs::read_link(folder.join("fd").join(fd)).ok())
            .filter(|target| target.starts_with("/dev"))
            .collect();
        for device in open {
            let command = line(&folder.join("comm")).unwrap_or_default();
            held.push((device, Holder { pid, command }));
        }
    }
    held
}

#[cfg(test)]
mod tests;
