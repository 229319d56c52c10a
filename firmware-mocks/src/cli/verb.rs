//! The verbs of the command line: one for each family, and two more.

use clap::Subcommand;
use firmware_mocks::families::{
    alphahound, atomtex_bdkg05, automess_6150ad, bdkg05_mqtt, berthold_lb134, bgeigie,
    blackcat_gm10, bosean_fs5000, canberra_adm300, espgeiger, eurdep, gamma_scout, gamma_scout_log,
    gc10, gm10_mqtt, gpsd, gq_gmc_history, gq_gmc300, gq_gmc500, irdms, ludlum_375, ludlum_375_xml,
    ludlum_2363, ludlum_3030, mightyohm, mirion_accurad, modbus_rtu, multigeiger, nmea_gps,
    openradiation, radex_one, radex_rd1212, radiacode_mqtt, radiacode_track, radpro,
    radpro_datalog, radpro_mqtt, safecast_ingest, safecast_pointcast, safecast_zen, se_monitor,
    thermo_radeye, uradmonitor,
};
use firmware_mocks::scenario::{MIGHTYOHM, MOBILE, STATIONS};

use super::{Mqtt, Play, Record, Serial, Server, Tcp, list, play};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// The families there are
    List,
    /// GQ GMC-300 and GMC-320, serial
    #[command(name = gq_gmc300::NAME)]
    GqGmc300(Serial<gq_gmc300::Options>),
    /// GQ GMC-500, 510, 600 and 800, serial
    #[command(name = gq_gmc500::NAME)]
    GqGmc500(Serial<gq_gmc500::Options>),
    /// MightyOhm Geiger kit, serial
    Mightyohm(Serial<mightyohm::Options>),
    /// GC10 and GC10next, serial
    #[command(name = gc10::NAME)]
    Gc10(Serial<gc10::Options>),
    /// Safecast bGeigie, serial
    Bgeigie(Serial<bgeigie::Options>),
    /// Rad Pro firmware, serial
    #[command(name = radpro::NAME)]
    Radpro(Serial<radpro::Options>),
    /// Thermo RadEye, serial
    #[command(name = thermo_radeye::NAME)]
    ThermoRadeye(Serial<thermo_radeye::Options>),
    /// Automess 6150AD, serial
    #[command(name = automess_6150ad::NAME)]
    Automess6150ad(Serial<automess_6150ad::Options>),
    /// Ludlum 375 area monitor, serial
    #[command(name = ludlum_375::NAME)]
    Ludlum375(Serial<ludlum_375::Options>),
    /// Ludlum 2363, serial
    #[command(name = ludlum_2363::NAME)]
    Ludlum2363(Serial<ludlum_2363::Options>),
    /// Ludlum 3030 sample counter, serial
    #[command(name = ludlum_3030::NAME)]
    Ludlum3030(Serial<ludlum_3030::Options>),
    /// Berthold LB 134, serial
    #[command(name = berthold_lb134::NAME)]
    BertholdLb134(Serial<berthold_lb134::Options>),
    /// Atomtex BDKG-05, serial
    #[command(name = atomtex_bdkg05::NAME)]
    AtomtexBdkg05(Serial<atomtex_bdkg05::Options>),
    /// Canberra ADM-300, serial
    #[command(name = canberra_adm300::NAME)]
    CanberraAdm300(Serial<canberra_adm300::Options>),
    /// Mirion AccuRad, serial
    #[command(name = mirion_accurad::NAME)]
    MirionAccurad(Serial<mirion_accurad::Options>),
    /// RADEX ONE, serial
    #[command(name = radex_one::NAME)]
    RadexOne(Serial<radex_one::Options>),
    /// Bosean FS-5000, serial
    #[command(name = bosean_fs5000::NAME)]
    BoseanFs5000(Serial<bosean_fs5000::Options>),
    /// Gamma-Scout Online, serial
    #[command(name = gamma_scout::NAME)]
    GammaScout(Serial<gamma_scout::Options>),
    /// Black Cat GM-10, serial
    #[command(name = blackcat_gm10::NAME)]
    BlackcatGm10(Serial<blackcat_gm10::Options>),
    /// AlphaHound, serial
    #[command(name = alphahound::NAME)]
    Alphahound(Serial<alphahound::Options>),
    /// ESPGeiger, MQTT
    Espgeiger(Mqtt<espgeiger::Options>),
    /// BDKG-05 bridge, MQTT
    #[command(name = bdkg05_mqtt::NAME)]
    Bdkg05Mqtt(Mqtt<bdkg05_mqtt::Options>),
    /// RadiaCode bridge, MQTT
    #[command(name = radiacode_mqtt::NAME)]
    RadiacodeMqtt(Mqtt<radiacode_mqtt::Options>),
    /// Rad Pro WiFi bridge, MQTT
    #[command(name = radpro_mqtt::NAME)]
    RadproMqtt(Mqtt<radpro_mqtt::Options>),
    /// gm10d, MQTT
    #[command(name = gm10_mqtt::NAME)]
    Gm10Mqtt(Mqtt<gm10_mqtt::Options>),
    /// Safecast ingest, MQTT
    #[command(name = safecast_ingest::NAME)]
    SafecastIngest(Mqtt<safecast_ingest::Options>),
    /// History flash of GQ GMC counters, recording
    #[command(name = gq_gmc_history::NAME)]
    GqGmcHistory(Record<gq_gmc_history::Options>),
    /// History flash of the GMC-500+ 1.18 and 1.21, recording
    #[command(name = gq_gmc_history::NAME_NOTE4)]
    GqGmcHistoryNote4(Record<gq_gmc_history::Options>),
    /// Gamma-Scout log, recording
    #[command(name = gamma_scout_log::NAME)]
    GammaScoutLog(Record<gamma_scout_log::Options>),
    /// Gamma-Scout Online log, recording
    #[command(name = gamma_scout_log::NAME_ONLINE)]
    GammaScoutOnlineLog(Record<gamma_scout_log::Options>),
    /// EURDEP text, recording
    Eurdep(Record<eurdep::Options>),
    /// Data log of the Rad Pro firmware, recording
    #[command(name = radpro_datalog::NAME)]
    RadproDatalog(Record<radpro_datalog::Options>),
    /// Ludlum 375 area monitor with Ethernet, TCP
    #[command(name = ludlum_375_xml::NAME)]
    Ludlum375Xml(Tcp<ludlum_375_xml::Options>),
    /// RADEX RD1212, recording
    #[command(name = radex_rd1212::NAME)]
    RadexRd1212(Record<radex_rd1212::Options>),
    /// RadiaCode track file, recording
    #[command(name = radiacode_track::NAME)]
    RadiacodeTrack(Record<radiacode_track::Options>),
    /// SE International Monitor 200, recording
    #[command(name = se_monitor::NAME)]
    SeMonitor(Record<se_monitor::Options>),
    /// Safecast Pointcast, MQTT
    #[command(name = safecast_pointcast::NAME)]
    SafecastPointcast(Mqtt<safecast_pointcast::Options>),
    /// Safecast bGeigie Zen, MQTT
    #[command(name = safecast_zen::NAME)]
    SafecastZen(Mqtt<safecast_zen::Options>),
    /// MultiGeiger, MQTT
    #[command(name = multigeiger::NAME)]
    Multigeiger(Mqtt<multigeiger::Options>),
    /// OpenRadiation, MQTT
    #[command(name = openradiation::NAME)]
    Openradiation(Mqtt<openradiation::Options>),
    /// uRADMonitor, MQTT
    #[command(name = uradmonitor::NAME)]
    Uradmonitor(Mqtt<uradmonitor::Options>),
    /// NMEA 0183 GPS receiver, serial
    #[command(name = nmea_gps::NAME)]
    NmeaGps(Serial<nmea_gps::Options>),
    /// gpsd, TCP
    #[command(name = gpsd::NAME)]
    Gpsd(Server<gpsd::Options>),
    /// A generic Modbus RTU instrument, serial
    #[command(name = modbus_rtu::NAME)]
    ModbusRtu(Serial<modbus_rtu::Options>),
    /// IRDMS station in pantau's own format, MQTT
    Irdms(Mqtt<irdms::Options>),
    /// Sends a recording line by line
    Play(Play),
}

impl Verb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List => list(),
            Self::Play(args) => play(args).await,
            Self::GqGmc300(args) => args.run(gq_gmc300::Options::firmware, MIGHTYOHM).await,
            Self::GqGmc500(args) => args.run(gq_gmc500::Options::firmware, MIGHTYOHM).await,
            Self::Mightyohm(args) => args.run(mightyohm::Options::firmware, MIGHTYOHM).await,
            Self::Gc10(args) => args.run(gc10::Options::firmware, MIGHTYOHM).await,
            Self::Bgeigie(args) => args.run(bgeigie::Options::firmware, MOBILE).await,
            Self::Radpro(args) => args.run(radpro::Options::firmware, MIGHTYOHM).await,
            Self::ThermoRadeye(args) => args.run(thermo_radeye::Options::firmware, MIGHTYOHM).await,
            Self::Automess6150ad(args) => {
                args.run(automess_6150ad::Options::firmware, MIGHTYOHM)
                    .await
            }
            Self::Ludlum375(args) => args.run(ludlum_375::Options::firmware, MIGHTYOHM).await,
            Self::Ludlum2363(args) => args.run(ludlum_2363::Options::firmware, MIGHTYOHM).await,
            Self::Ludlum3030(args) => args.run(ludlum_3030::Options::firmware, MIGHTYOHM).await,
            Self::BertholdLb134(args) => {
                args.run(berthold_lb134::Options::firmware, MIGHTYOHM).await
            }
            Self::AtomtexBdkg05(args) => {
                args.run(atomtex_bdkg05::Options::firmware, MIGHTYOHM).await
            }
            Self::CanberraAdm300(args) => {
                args.run(canberra_adm300::Options::firmware, MIGHTYOHM)
                    .await
            }
            Self::MirionAccurad(args) => {
                args.run(mirion_accurad::Options::firmware, MIGHTYOHM).await
            }
            Self::RadexOne(args) => args.run(radex_one::Options::firmware, MIGHTYOHM).await,
            Self::BoseanFs5000(args) => args.run(bosean_fs5000::Options::firmware, MIGHTYOHM).await,
            Self::GammaScout(args) => args.run(gamma_scout::Options::firmware, MIGHTYOHM).await,
            Self::BlackcatGm10(args) => args.run(blackcat_gm10::Options::firmware, MIGHTYOHM).await,
            Self::Alphahound(args) => args.run(alphahound::Options::firmware, MIGHTYOHM).await,
            Self::Espgeiger(args) => args.run(espgeiger::Options::station, MIGHTYOHM).await,
            Self::Bdkg05Mqtt(args) => args.run(bdkg05_mqtt::Options::station, MIGHTYOHM).await,
            Self::RadiacodeMqtt(args) => {
                args.run(radiacode_mqtt::Options::station, MIGHTYOHM).await
            }
            Self::RadproMqtt(args) => args.run(radpro_mqtt::Options::station, MIGHTYOHM).await,
            Self::Gm10Mqtt(args) => args.run(gm10_mqtt::Options::station, MIGHTYOHM).await,
            Self::SafecastIngest(args) => {
                args.run(safecast_ingest::Options::station, MIGHTYOHM).await
            }
            Self::GqGmcHistory(args) => args.run(gq_gmc_history::Options::firmware, MIGHTYOHM),
            Self::GqGmcHistoryNote4(args) => {
                args.run(gq_gmc_history::Options::firmware_note4, MIGHTYOHM)
            }
            Self::GammaScoutLog(args) => args.run(gamma_scout_log::Options::firmware, MIGHTYOHM),
            Self::GammaScoutOnlineLog(args) => {
                args.run(gamma_scout_log::Options::firmware_online, MIGHTYOHM)
            }
            Self::Eurdep(args) => args.run(eurdep::Options::firmware, STATIONS[0]),
            Self::RadproDatalog(args) => args.run(radpro_datalog::Options::firmware, MIGHTYOHM),
            Self::Ludlum375Xml(args) => {
                args.run(ludlum_375_xml::Options::firmware, MIGHTYOHM).await
            }
            Self::RadexRd1212(args) => args.run(radex_rd1212::Options::firmware, MIGHTYOHM),
            Self::RadiacodeTrack(args) => args.run(radiacode_track::Options::firmware, MOBILE),
            Self::SeMonitor(args) => args.run(se_monitor::Options::firmware, MIGHTYOHM),
            Self::SafecastPointcast(args) => {
                args.run(safecast_pointcast::Options::station, MIGHTYOHM)
                    .await
            }
            Self::SafecastZen(args) => args.run(safecast_zen::Options::station, MOBILE).await,
            Self::Multigeiger(args) => args.run(multigeiger::Options::station, MIGHTYOHM).await,
            Self::Openradiation(args) => args.run(openradiation::Options::station, MIGHTYOHM).await,
            Self::Uradmonitor(args) => args.run(uradmonitor::Options::station, MIGHTYOHM).await,
            Self::NmeaGps(args) => args.run(nmea_gps::Options::firmware, MOBILE).await,
            Self::Gpsd(args) => args.run(gpsd::Options::firmware, MOBILE).await,
            Self::ModbusRtu(args) => args.run(modbus_rtu::Options::firmware, MIGHTYOHM).await,
            Self::Irdms(args) => args.run(irdms::Options::station, STATIONS[0]).await,
        }
    }
}
