//! A car full of instruments.

use std::time::Duration;

use crate::support::fleet;

/// 64 instruments at 1 Hz for a minute: each frame that a mock sent is in the
/// daemon's books.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_instruments_lose_no_frame_in_a_minute() {
    let cost = fleet::run(64, 1.0, Duration::from_secs(60)).await;
    println!("{cost}");
    assert!(cost.frames >= 64 * 60, "{cost}");
}
