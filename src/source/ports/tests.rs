use super::*;
use std::os::unix::fs::symlink;

/// A machine with nothing but what is written here.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// A USB adapter in `socket`, which the kernel calls `name`.
    fn plug(&self, name: &str, socket: &str, serial: Option<&str>) {
        let usb = format!("sys/devices/usb1/1-{socket}");
        self.write(&format!("{usb}/idVendor"), "0403\n");
        self.write(&format!("{usb}/idProduct"), "6001\n");
        self.write(&format!("{usb}/product"), "FT232R USB UART\n");
        if let Some(serial) = serial {
            self.write(&format!("{usb}/serial"), &format!("{serial}\n"));
            let id = format!("dev/serial/by-id/usb-FTDI_{serial}-if00-port0");
            self.link(&id, &format!("../../{name}"));
        }
        let device = format!("{usb}/1-{socket}:1.0/{name}");
        self.write(&format!("{device}/port_number"), "0\n");
        self.link(&format!("{device}/driver"), "../../../../bus/ftdi_sio");
        let class = format!("sys/class/tty/{name}");
        fs::create_dir_all(self.root().join(&class)).unwrap();
        self.link(
            &format!("{class}/device"),
            &format!("../../../devices/usb1/1-{socket}/1-{socket}:1.0/{name}"),
        );
        self.link(
            &format!("dev/serial/by-path/usb-0:{socket}:1.0-port0"),
            &format!("../../{name}"),
        );
        self.write(&format!("dev/{name}"), "");
    }
}

#[test]
fn a_port_is_told_by_its_adapter_its_socket_and_who_has_it() {
    let machine = Machine::new();
    machine.plug("ttyUSB0", "3", Some("A10K"));
    machine.write("sys/class/tty/tty0/active", "");
    machine.write("sys/class/tty/ttyS7/type", "0\n");
    machine.write("sys/class/tty/ttyS7/device/resources", "");
    machine.write("proc/self/status", "Uid:\t0\t0\t0\t0\n");
    machine.write("proc/42/comm", "minicom\n");
    machine.link("proc/42/fd/3", "/dev/ttyUSB0");
    let ports = scan(machine.root());
    assert_eq!(ports.len(), 1, "{ports:?}");
    let port = &ports[0];
    assert_eq!(port.device, Path::new("/dev/ttyUSB0"));
    let by_id = "/dev/serial/by-id/usb-FTDI_A10K-if00-port0";
    assert_eq!(port.by_id, [Path::new(by_id)]);
    let by_path = "/dev/serial/by-path/usb-0:3:1.0-port0";
    assert_eq!(port.by_path, [Path::new(by_path)]);
    let usb = port.usb.as_ref().unwrap();
    assert_eq!(
        (usb.vendor.as_str(), usb.product.as_str()),
        ("0403", "6001")
    );
    assert_eq!(usb.serial.as_deref(), Some("A10K"));
    assert_eq!(port.driver.as_deref(), Some("ftdi_sio"));
    assert!(port.access.as_ref().unwrap().allowed);
    let holder = Holder {
        pid: 42,
        command: "minicom".to_owned(),
    };
    assert_eq!(port.holders, [holder]);
}

#[test]
fn access_goes_by_owner_group_and_the_rest() {
    let machine = Machine::new();
    machine.plug("ttyUSB0", "3", None);
    let path = machine.root().join("dev/ttyUSB0");
    let own = fs::metadata(&path).unwrap();
    let (uid, gid) = (own.uid(), own.gid());
    let allowed = |mode: u32, status: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        machine.write("proc/self/status", status);
        scan(machine.root())[0].access.as_ref().unwrap().allowed
    };
    let stranger = format!(
        "Uid:\t{0}\t{0}\t0\t0\nGid:\t{1}\t{1}\t0\t0\n",
        uid + 1,
        gid + 1
    );
    let member = format!("{stranger}Groups:\t7 {gid}\n");
    assert!(!allowed(0o660, &stranger));
    assert!(allowed(0o666, &stranger));
    assert!(allowed(0o660, &member));
    assert!(!allowed(0o640, &member));
}

#[test]
fn an_adapter_is_found_again_under_another_name() {
    let machine = Machine::new();
    machine.plug("ttyUSB1", "3", Some("A10K"));
    machine.plug("ttyUSB2", "4", Some("B20K"));
    let find =
        |port: &str, serial: &str| find_adapter_under(machine.root(), Path::new(port), serial);
    assert_eq!(
        find("/dev/ttyUSB0", "A10K").unwrap(),
        Path::new("/dev/ttyUSB1")
    );
    assert_eq!(
        find("/dev/ttyUSB2", "A10K").unwrap(),
        Path::new("/dev/ttyUSB1")
    );
    let by_id = "/dev/serial/by-id/usb-FTDI_A10K-if00-port0";
    assert_eq!(find(by_id, "A10K").unwrap(), Path::new(by_id));
    let other = find("/dev/ttyUSB2", "C30K").unwrap_err().to_string();
    assert_eq!(
        other,
        "`/dev/ttyUSB2` is the adapter `B20K`, the configuration expects `C30K`"
    );
    let absent = find("/dev/ttyUSB9", "C30K").unwrap_err();
    assert!(matches!(absent, WrongAdapter::Absent { .. }), "{absent}");
}

#[test]
fn equal_adapters_are_told_by_their_socket() {
    let machine = Machine::new();
    machine.plug("ttyUSB0", "3", Some("0001"));
    machine.plug("ttyUSB1", "4", Some("0001x"));
    machine.write("sys/devices/usb1/1-4/serial", "0001\n");
    let found = find_adapter_under(machine.root(), Path::new("/dev/ttyUSB9"), "0001");
    assert!(matches!(
        found,
        Err(WrongAdapter::Ambiguous { count: 2, .. })
    ));
    // The one in its place is it, whatever else is plugged in.
    let socket = "/dev/serial/by-path/usb-0:4:1.0-port0";
    let found = find_adapter_under(machine.root(), Path::new(socket), "0001");
    assert_eq!(found.unwrap(), Path::new(socket));
}
