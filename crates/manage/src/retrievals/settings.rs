//! What the settings of a retrieval may say, whoever says it.

use inhaul_domain::Retention;
use inhaul_store::{Every, Remote, RemoteSecret, RetrievalLimits, Security};

use crate::Refused;
use crate::names::{LONGEST_USER, check_host, check_remote_password, check_text};

/// Ten years: more is a slip of the pen.
const MOST_DAYS: u32 = 3_660;
/// A month between two checks, in seconds.
const SELDOM: u32 = 31 * 24 * 60 * 60;

pub(super) fn check_remote(remote: &Remote) -> Result<(), Refused> {
    check_host(&remote.host)?;
    if remote.port == 0 {
        let what = "Write a port from 1 to 65535. POP3 with TLS is usually 995.";
        return Err(Refused::invalid("port", what));
    }
    check_text("user", &remote.user, LONGEST_USER)?;
    if remote.security == Security::None && remote.pin.is_some() {
        let what = "Without encryption the server shows no certificate to trust.";
        return Err(Refused::invalid("pin", what));
    }
    Ok(())
}

/// A password has to be one that can be sent; tokens and passwords are signed in with in different
/// ways.
pub(super) fn check_secret(secret: &RemoteSecret, remote: &Remote) -> Result<(), Refused> {
    if let RemoteSecret::Stored(password) = secret {
        check_remote_password(password)?;
    }
    let is_token = matches!(secret, RemoteSecret::Token(_));
    match remote.sign_in {
        Some(way) if way.takes_a_token() != is_token => {
            let takes = match is_token {
                true => "a password, not a token",
                false => "a token, not a password",
            };
            Err(Refused::invalid("sign_in", format!("{way} takes {takes}.")))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_every(every: Every) -> Result<(), Refused> {
    match every {
        Every::Seconds(0) => Err(Refused::invalid("every", "Write at least one minute.")),
        Every::Seconds(seconds) if seconds > SELDOM => {
            Err(Refused::invalid("every", "Write 31 days at most."))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_retention(retention: Retention) -> Result<(), Refused> {
    match retention {
        Retention::DeleteAfter { days } if days > MOST_DAYS => {
            let what = format!("Write {MOST_DAYS} days at most.");
            Err(Refused::invalid("retention", what))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_limits(limits: &RetrievalLimits) -> Result<(), Refused> {
    let zero_octets = [limits.max_octets, limits.largest]
        .into_iter()
        .flatten()
        .any(|octets| octets.count() == 0);
    if limits.max_messages == Some(0) || zero_octets {
        let what = "0 would bring nothing. Leave it empty for no limit.";
        return Err(Refused::invalid("limits", what));
    }
    Ok(())
}
