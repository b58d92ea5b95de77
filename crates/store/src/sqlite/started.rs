//! How many runs people have started today: counts by day and by who.

use std::net::IpAddr;

use inhaul_types::{AccountId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::errors::Doing;
use crate::{StartedBy, StoreError};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Counts one run for the account, and for the address it was started from.
pub(crate) fn count(txn: &Connection, by: StartedBy, now: Timestamp) -> Result<(), StoreError> {
    let mut insert = txn
        .prepare_cached(
            "INSERT INTO started (day, who, runs) VALUES (?1, ?2, 1)
             ON CONFLICT (day, who) DO UPDATE SET runs = runs + 1",
        )
        .doing("count a run that was started")?;
    let names = [Some(of_account(by.account)), by.address.map(of_address)];
    for who in names.into_iter().flatten() {
        insert
            .execute(params![day(now), who])
            .doing("count a run that was started")?;
    }
    Ok(())
}

/// What was counted on this day for the account and for the address.
pub(crate) fn today(
    conn: &Connection,
    account: AccountId,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<(u32, u32), StoreError> {
    let mut select = conn
        .prepare_cached("SELECT runs FROM started WHERE day = ?1 AND who = ?2")
        .doing("read how many runs were started")?;
    let mut runs = |who: String| -> Result<u32, StoreError> {
        let runs = select.query_row(params![day(now), who], |row| row.get(0));
        let runs = runs.optional().doing("read how many runs were started")?;
        Ok(runs.unwrap_or(0))
    };
    let by_account = runs(of_account(account))?;
    let by_address = address.map(of_address).map_or(Ok(0), runs)?;
    Ok((by_account, by_address))
}

/// Days since 1970-01-01 UTC.
fn day(now: Timestamp) -> i64 {
    now.millis().div_euclid(DAY)
}

fn of_account(account: AccountId) -> String {
    format!("account {}", account.row())
}

/// See [`StartedBy::address`].
fn of_address(address: IpAddr) -> String {
    let network = match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    };
    format!("address {network}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_as_what_one_household_has() {
        for (address, who) in [
            ("192.0.2.1", "address 192.0.2.1"),
            ("::ffff:192.0.2.1", "address 192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "address 2001:db8:1:2::"),
            ("2001:db8:1:2::1", "address 2001:db8:1:2::"),
            ("2001:db8:1:3::1", "address 2001:db8:1:3::"),
        ] {
            assert_eq!(of_address(address.parse().unwrap()), who, "{address}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_utc() {
        for (millis, number) in [(0, 0), (DAY - 1, 0), (DAY, 1), (-1, -1)] {
            assert_eq!(day(Timestamp::from_millis(millis)), number, "{millis}");
        }
    }
}
