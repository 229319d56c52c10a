//! The list of families, for `firmware-mocks list` and for tests that walk them all.

use super::{
    Build, Family, alphahound, atomtex_bdkg05, automess_6150ad, bdkg05_mqtt, berthold_lb134,
    bgeigie, blackcat_gm10, bosean_fs5000, canberra_adm300, espgeiger, eurdep, gamma_scout,
    gamma_scout_log, gc10, gm10_mqtt, gpsd, gq_gmc_history, gq_gmc300, gq_gmc500, irdms,
    ludlum_375, ludlum_375_xml, ludlum_2363, ludlum_3030, mightyohm, mirion_accurad, modbus_rtu,
    multigeiger, nmea_gps, openradiation, radex_one, radex_rd1212, radiacode_mqtt, radiacode_track,
    radpro, radpro_datalog, radpro_mqtt, safecast_ingest, safecast_pointcast, safecast_zen,
    se_monitor, thermo_radeye, uradmonitor,
};
use crate::firmware::{Firmware, Station};

/// All families, in the order of the catalogue; pantau's own station last.
pub const FAMILIES: &[Family] = &[
    serial(
        gq_gmc300::NAME,
        "gq-gmc300",
        "GQ GMC-300 and GMC-320: two-byte counts, polled or as a heartbeat",
        |seed| gq_gmc300::Options::default().firmware(seed),
    ),
    serial(
        gq_gmc500::NAME,
        "gq-gmc500",
        "GQ GMC-500 to 800: four-byte counts of two tubes, polled or as a heartbeat",
        |seed| gq_gmc500::Options::default().firmware(seed),
    ),
    serial(
        mightyohm::NAME,
        "mightyohm",
        "MightyOhm Geiger kit: a text line each second",
        |seed| mightyohm::Options::default().firmware(seed),
    ),
    serial(
        gc10::NAME,
        "gc10",
        "GC10: counts per minute, one number each second",
        |seed| gc10::Options::default().firmware(seed),
    ),
    serial(
        bgeigie::NAME,
        "safecast-bgeigie",
        "Safecast bGeigie: a checked sentence with position each 5 s",
        |seed| bgeigie::Options::default().firmware(seed),
    ),
    serial(
        radpro::NAME,
        "radpro",
        "Rad Pro: GET and OK, line by line",
        |seed| radpro::Options::default().firmware(seed),
    ),
    file(
        gq_gmc_history::NAME,
        "gq-gmc-history",
        "GQ GMC history flash: date stamps, and a count each second",
        |seed| gq_gmc_history::Options::default().firmware(seed),
    ),
    file(
        gq_gmc_history::NAME_NOTE4,
        "gq-gmc-history-note4",
        "The same of a GMC-500+ with firmware 1.18 or 1.21, whose codes differ",
        |seed| gq_gmc_history::Options::default().firmware_note4(seed),
    ),
    file(
        gamma_scout_log::NAME,
        "gamma-scout-log",
        "Gamma-Scout log: lines of 32 bytes and their sum",
        |seed| gamma_scout_log::Options::default().firmware(seed),
    ),
    file(
        gamma_scout_log::NAME_ONLINE,
        "gamma-scout-online-log",
        "The same of an Online model, whose codes differ",
        |seed| gamma_scout_log::Options::default().firmware_online(seed),
    ),
    file(
        eurdep::NAME,
        "eurdep",
        "EURDEP text: a message with one station each ten minutes",
        |seed| eurdep::Options::default().firmware(seed),
    ),
    file(
        radpro_datalog::NAME,
        "radpro-datalog",
        "Rad Pro data log: one line with a record each minute",
        |seed| radpro_datalog::Options::default().firmware(seed),
    ),
    serial(
        thermo_radeye::NAME,
        "thermo-radeye",
        "Thermo RadEye: commands after a prompt, a checked push each second",
        |seed| thermo_radeye::Options::default().firmware(seed),
    ),
    serial(
        automess_6150ad::NAME,
        "automess-6150ad",
        "Automess 6150AD: six checked bytes each second, by probe",
        |seed| automess_6150ad::Options::default().firmware(seed),
    ),
    serial(
        ludlum_375::NAME,
        "ludlum-375",
        "Ludlum 375: the area monitor's dump, fourteen bytes each 2 s",
        |seed| ludlum_375::Options::default().firmware(seed),
    ),
    tcp(
        ludlum_375_xml::NAME,
        "ludlum-375-xml",
        "Ludlum 375 with Ethernet: connects, and writes XML each 2 s",
        |seed| ludlum_375_xml::Options::default().firmware(seed),
    ),
    serial(
        ludlum_2363::NAME,
        "ludlum-2363",
        "Ludlum 2363: gamma and neutrons, asked for line by line",
        |seed| ludlum_2363::Options::default().firmware(seed),
    ),
    serial(
        ludlum_3030::NAME,
        "ludlum-3030",
        "Ludlum 3030: alpha and beta counts of samples, asked for line by line",
        |seed| ludlum_3030::Options::default().firmware(seed),
    ),
    serial(
        berthold_lb134::NAME,
        "berthold-lb134",
        "Berthold LB 134, partial: results between stars, on request",
        |seed| berthold_lb134::Options::default().firmware(seed),
    ),
    serial(
        atomtex_bdkg05::NAME,
        "atomtex-bdkg05",
        "Atomtex BDKG-05: Modbus RTU with a swapped check and a start-up",
        |seed| atomtex_bdkg05::Options::default().firmware(seed),
    ),
    serial(
        canberra_adm300::NAME,
        "canberra-adm300",
        "Canberra ADM-300: a checked sentence each 2 s, once started",
        |seed| canberra_adm300::Options::default().firmware(seed),
    ),
    serial(
        mirion_accurad::NAME,
        "mirion-accurad",
        "Mirion AccuRad PRD: a marked binary answer on request",
        |seed| mirion_accurad::Options::default().firmware(seed),
    ),
    serial(
        radex_one::NAME,
        "radex-one",
        "RADEX ONE: header and extension with a check each, on request",
        |seed| radex_one::Options::default().firmware(seed),
    ),
    file(
        radex_rd1212::NAME,
        "radex-rd1212",
        "RADEX RD1212: its history, a record of fourteen bytes each minute",
        |seed| radex_rd1212::Options::default().firmware(seed),
    ),
    serial(
        bosean_fs5000::NAME,
        "bosean-fs5000",
        "Bosean FS-5000: text in a binary envelope each second, once started",
        |seed| bosean_fs5000::Options::default().firmware(seed),
    ),
    serial(
        gamma_scout::NAME,
        "gamma-scout",
        "Gamma-Scout Online: single-character commands, counts in ASCII hex",
        |seed| gamma_scout::Options::default().firmware(seed),
    ),
    serial(
        blackcat_gm10::NAME,
        "blackcat-gm10",
        "Black Cat GM-10: each byte is one event",
        |seed| blackcat_gm10::Options::default().firmware(seed),
    ),
    serial(
        alphahound::NAME,
        "alphahound",
        "AlphaHound: every character is a command; dose rate and spectrum",
        |seed| alphahound::Options::default().firmware(seed),
    ),
    file(
        radiacode_track::NAME,
        "radiacode-track",
        "RadiaCode track: tab text with position, a point each second",
        |seed| radiacode_track::Options::default().firmware(seed),
    ),
    file(
        se_monitor::NAME,
        "se-monitor",
        "SE International Monitor 200: packets of fifteen bytes each second",
        |seed| se_monitor::Options::default().firmware(seed),
    ),
    mqtt(
        espgeiger::NAME,
        "espgeiger-mqtt",
        "ESPGeiger: JSON each minute, availability by last will",
        |seed| espgeiger::Options::default().station(seed),
    ),
    mqtt(
        bdkg05_mqtt::NAME,
        "bdkg05-mqtt",
        "BDKG-05 bridge: JSON each 10 s, availability by last will",
        |seed| bdkg05_mqtt::Options::default().station(seed),
    ),
    mqtt(
        radiacode_mqtt::NAME,
        "radiacode-mqtt",
        "RadiaCode bridge: JSON each second, raw values in rem/h",
        |seed| radiacode_mqtt::Options::default().station(seed),
    ),
    mqtt(
        radpro_mqtt::NAME,
        "radpro-mqtt",
        "Rad Pro WiFi bridge: one retained topic for each value",
        |seed| radpro_mqtt::Options::default().station(seed),
    ),
    mqtt(
        gm10_mqtt::NAME,
        "gm10-mqtt",
        "gm10d: JSON each 10 s with the state of its port",
        |seed| gm10_mqtt::Options::default().station(seed),
    ),
    mqtt(
        safecast_pointcast::NAME,
        "safecast-pointcast",
        "Safecast Pointcast: JSON of texts each 5 min, one for each channel",
        |seed| safecast_pointcast::Options::default().station(seed),
    ),
    mqtt(
        safecast_ingest::NAME,
        "safecast-ingest",
        "Safecast ingest: JSON each minute with position",
        |seed| safecast_ingest::Options::default().station(seed),
    ),
    mqtt(
        safecast_zen::NAME,
        "safecast-zen",
        "Safecast Zen: JSON each 5 s with position",
        |seed| safecast_zen::Options::default().station(seed),
    ),
    mqtt(
        multigeiger::NAME,
        "multigeiger",
        "MultiGeiger: a list of names and texts, or ten bytes over LoRaWAN",
        |seed| multigeiger::Options::default().station(seed),
    ),
    mqtt(
        openradiation::NAME,
        "openradiation",
        "OpenRadiation: a measurement with begin, end and position",
        |seed| openradiation::Options::default().station(seed),
    ),
    mqtt(
        uradmonitor::NAME,
        "uradmonitor",
        "uRADMonitor: pairs of a code and a value each minute, or its page",
        |seed| uradmonitor::Options::default().station(seed),
    ),
    serial(
        nmea_gps::NAME,
        "nmea-gps",
        "NMEA 0183 GPS receiver: RMC and GGA each second",
        |seed| nmea_gps::Options::default().firmware(seed),
    ),
    Family {
        name: gpsd::NAME,
        profile: "gpsd",
        about: "gpsd: fixes as JSON each second, to whoever asks to watch",
        build: Build::Server(|seed| gpsd::Options::default().firmware(seed)),
    },
    serial(
        modbus_rtu::NAME,
        "modbus-rtu",
        "Generic Modbus RTU: registers for the template profile",
        |seed| modbus_rtu::Options::default().firmware(seed),
    ),
    mqtt(
        irdms::NAME,
        "pantau-station",
        "IRDMS station in pantau's own format: JSON each 10 s, QoS 1",
        |seed| irdms::Options::default().station(seed),
    ),
];

const fn serial(
    name: &'static str,
    profile: &'static str,
    about: &'static str,
    build: fn(u64) -> Box<dyn Firmware>,
) -> Family {
    Family {
        name,
        profile,
        about,
        build: Build::Serial(build),
    }
}

const fn tcp(
    name: &'static str,
    profile: &'static str,
    about: &'static str,
    build: fn(u64) -> Box<dyn Firmware>,
) -> Family {
    Family {
        name,
        profile,
        about,
        build: Build::Tcp(build),
    }
}

const fn file(
    name: &'static str,
    profile: &'static str,
    about: &'static str,
    build: fn(u64) -> Box<dyn Firmware>,
) -> Family {
    Family {
        name,
        profile,
        about,
        build: Build::File(build),
    }
}

const fn mqtt(
    name: &'static str,
    profile: &'static str,
    about: &'static str,
    build: fn(u64) -> Box<dyn Station>,
) -> Family {
    Family {
        name,
        profile,
        about,
        build: Build::Mqtt(build),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;
    use crate::firmware::Moment;

    /// Scenario time in a field of 0.5 µSv/h; what is sent, pushed or not, is
    /// thrown away.
    fn run(build: Build, faults: Moment) {
        match build {
            Build::Serial(build)
            | Build::Server(build)
            | Build::Tcp(build)
            | Build::File(build) => {
                let mut unit = build(7);
                assert!(!unit.interval().is_zero());
                unit.power_up();
                for _ in 0..30 {
                    for frame in unit.tick(&faults) {
                        assert!(!frame.bytes.is_empty(), "{} sends nothing", unit.family());
                        assert!(frame.terminator <= frame.bytes.len());
                        let checked = frame.checksum.is_none_or(|at| at.end <= frame.bytes.len());
                        assert!(checked, "{}: the checksum is outside", unit.family());
                    }
                    // Rubbish from the far end must do nothing.
                    unit.hear(&[0, 0xFF, b'<', b'*', b'\n', b'}', 0x7E, 0xAA, 1], &faults);
                }
            }
            Build::Mqtt(build) => {
                let mut unit = build(7);
                assert!(!unit.interval().is_zero());
                unit.power_up();
                for message in unit.tick(&faults) {
                    assert!(
                        !message.topic.contains(['#', '+', ' ']),
                        "{}",
                        message.topic
                    );
                }
            }
        }
    }

    #[test]
    fn every_family_runs_in_every_state() {
        for family in FAMILIES {
            let quiet = test_moment(0.5);
            for moment in [
                quiet,
                test_moment(0.0),
                test_moment(1e9),
                Moment {
                    frozen: true,
                    ..quiet
                },
                Moment {
                    overload: true,
                    ..quiet
                },
                Moment {
                    steady: true,
                    ..quiet
                },
                Moment {
                    clock: jiff::Timestamp::MIN,
                    ..quiet
                },
            ] {
                run(family.build, moment);
            }
        }
    }

    #[test]
    fn names_are_unique_and_the_units_own() {
        for (idx, family) in FAMILIES.iter().enumerate() {
            let first = FAMILIES.iter().position(|other| other.name == family.name);
            assert_eq!(first, Some(idx), "{}", family.name);
            let own = match family.build {
                Build::Serial(build)
                | Build::Server(build)
                | Build::Tcp(build)
                | Build::File(build) => build(1).family(),
                Build::Mqtt(build) => build(1).family(),
            };
            assert_eq!(own, family.name);
            assert!(Family::named(family.name).is_some());
        }
    }
}
